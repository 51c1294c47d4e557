// The public functions: transfer, share, perWorker, callback, register, byValue, byReference, link, explain.
import { MessageChannel } from 'node:worker_threads'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import {
  byReference,
  byValue,
  callback,
  explain,
  isCallback,
  link,
  Outgoing,
  perWorker,
  register,
  share,
  transfer,
} from '../../dist/calls/index.js'
import { NotShippableError } from '../../dist/core/errors.js'
import { Account, double, limit } from './fixtures/tasks.js'
import { TinyPool } from './fixtures/tiny-pool.js'

const pool = new TinyPool()
const others: TinyPool[] = []
const open = (options: ConstructorParameters<typeof TinyPool>[0]): TinyPool => {
  const other = new TinyPool(options)
  others.push(other)
  return other
}
afterAll(() => pool.end())
afterEach(async () => {
  for (const other of others.splice(0)) await other.end()
})
const tasksUrl = new URL('./fixtures/tasks.js', import.meta.url)
type Tasks = typeof import('./fixtures/tasks.js')

describe('transfer', () => {
  it('moves the buffers it finds, and returns the value', async () => {
    const pixels = new Float64Array([1, 2, 3])
    const value = { list: [new Map([['pixels', pixels]])] }
    expect(transfer(value)).toBe(value)
    expect(await pool.submit((v) => v.list[0]?.get('pixels')?.[2], value)).toBe(3)
    expect(pixels.length).toBe(0)
  })

  it('moves a captured buffer and a result', async () => {
    const bytes = transfer(new Uint8Array([7]))
    const transferUrl = new URL('../../dist/calls/index.js', import.meta.url).href
    const back = await pool.submit(async () => {
      const { transfer: move } = (await import(transferUrl)) as { transfer: typeof transfer }
      return move(new Uint8Array([(bytes[0] as number) + 1]))
    })
    expect(bytes.length).toBe(0)
    expect([...back]).toEqual([8])
  })

  it('moves only the list when there is one', async () => {
    const value = { a: new ArrayBuffer(4), b: new ArrayBuffer(4) }
    await pool.submit((_) => 0, transfer(value, [value.a]))
    expect([value.a.byteLength, value.b.byteLength]).toEqual([0, 4])
  })

  it('moves a message port, and refuses one that is not marked', async () => {
    const { port1, port2 } = new MessageChannel()
    await expect(pool.submit((port) => port, port2)).rejects.toThrow(/MessagePort cannot be copied, only moved.*transfer\(/)
    const heard = new Promise((resolve) => port1.once('message', resolve))
    await pool.submit((port) => port.postMessage('hello'), transfer(port2))
    expect(await heard).toBe('hello')
    port1.close()
  })

  it('copies between processes', async () => {
    const bytes = new Uint8Array([5])
    expect(await open({ boundary: 'process' }).submit((b) => b[0], transfer(bytes))).toBe(5)
    expect(bytes.length).toBe(1)
  })

  it('takes objects only', () => {
    // @ts-expect-error: a number cannot move.
    expect(() => transfer(1)).toThrow(TypeError)
  })
})

describe('share and perWorker', () => {
  it('share gives the original here, and one object there', async () => {
    const value = { n: 0 }
    const shared = share(value)
    expect(shared.get()).toBe(value)
    expect(await pool.submit((other) => shared.get() === other.get(), shared)).toBe(true)
    await pool.submit(() => {
      shared.get().n++
    })
    expect(await pool.submit((handle) => handle.get().n, shared)).toBe(1)
    expect(value.n).toBe(0)
  })

  it('share sends its value once', () => {
    const outgoing = new Outgoing({ boundary: 'thread' })
    const shared = share('x'.repeat(100_000))
    const sizes = [1, 2].map(() => JSON.stringify(outgoing.ship(() => shared.get().length, []).captured?.data).length)
    expect(Math.max(...sizes)).toBeLessThan(5_000)
  })

  it('share refuses what can only move to one worker', async () => {
    const { port1, port2 } = new MessageChannel()
    const shared = share(transfer({ port: port2 }))
    await expect(pool.submit((handle) => handle.get(), shared)).rejects.toThrow(/share\(…\) cannot cross: .*can only move/)
    port1.close()
  })

  it('a handle that comes back is the original', async () => {
    const shared = share({})
    const handle = perWorker(() => 1)
    const back = await pool.submit((...handles) => handles, shared, handle)
    expect(back[0]).toBe(shared)
    expect(back[1]).toBe(handle)
  })

  it('perWorker makes one value per side, and what it holds never crosses', async () => {
    const handle = perWorker(() => ({ socket: Promise.resolve(), n: 0 }))
    expect(handle.get()).toBe(handle.get())
    expect(await pool.submit(() => ++handle.get().n)).toBe(1)
    expect(await pool.submit(() => ++handle.get().n)).toBe(2)
    expect(handle.get().n).toBe(0)
  })

  it('perWorker tries again after an init that failed', async () => {
    let tries = 0
    const handle = perWorker(() => {
      if (++tries === 1) throw new Error('not yet')
      return tries
    })
    expect(() => handle.get()).toThrow('not yet')
    expect(handle.get()).toBe(2)
    let asyncTries = 0
    const later = perWorker(async () => {
      if (++asyncTries === 1) throw new Error('not yet')
      return asyncTries
    })
    await expect(later.get()).rejects.toThrow('not yet')
    await expect(later.get()).resolves.toBe(2)
  })
})

describe('callback', () => {
  it('marks a function, which calls the original here', async () => {
    const marked = callback((x: number) => x + 1)
    expect(isCallback(marked)).toBe(true)
    expect(isCallback(() => 0)).toBe(false)
    expect(await marked(1)).toBe(2)
  })
})

describe('register', () => {
  /** A class of its own for each test: what is registered for one stays. */
  function moneyClass() {
    return class Money {
      readonly #cents: number
      constructor(cents: number) {
        this.#cents = cents
      }
      get cents(): number {
        return this.#cents
      }
    }
  }

  it('sends instances with private fields by their codec, both ways', async () => {
    const Money = moneyClass()
    await expect(pool.submit((m) => m, new Money(5))).rejects.toThrow(
      /register\(Money, \{ encode: \(money\) => …, decode: \(data\) => new Money\(…\) \}\)/,
    )
    register(Money, { encode: (money) => ({ cents: money.cents }), decode: ({ cents }) => new Money(cents) })
    expect(await pool.submit((m) => m.cents, new Money(5))).toBe(5)
    const back = await pool.submit((m) => new Money(m.cents * 2), new Money(5))
    expect(back).toBeInstanceOf(Money)
    expect(back.cents).toBe(10)
    const list = await pool.submit((m) => ({ list: [m, m] }), new Money(1))
    expect(list.list.map((one) => one.cents)).toEqual([1, 1])
  })

  it('the first instance may be made by a call', async () => {
    const Money = moneyClass()
    register(Money, { encode: (money) => money.cents, decode: (cents) => new Money(cents) })
    expect((await pool.submit(() => new Money(3))).cents).toBe(3)
  })

  it('a class that changes here is the same one in each call', async () => {
    class Counted {
      static made = 0
      static readonly all = new Map<string, unknown>()
      readonly #n: number
      constructor(n: number) {
        this.#n = n
        Counted.made++
      }
      get n(): number {
        return this.#n
      }
    }
    register(Counted, { encode: (counted) => counted.n, decode: (n) => new Counted(n) })
    for (let n = 0; n < 3; n++) {
      expect(await pool.submit((c) => [c.n, c instanceof Counted, Counted.all.size], new Counted(n))).toEqual([n, true, 0])
    }
  })

  it('a codec that cannot cross keeps nobody from using its class', async () => {
    class Secret {
      readonly #n = 4
      get n(): number {
        return this.#n
      }
    }
    const seen = new WeakSet<Secret>()
    register(Secret, { encode: (secret) => seen.has(secret), decode: () => new Secret() })
    expect(await pool.submit(() => new Secret().n)).toBe(4)
    await expect(pool.submit((s) => s, new Secret())).rejects.toThrow(/the codec of Secret\.encode, captured variable seen/)
  })
})

describe('byValue and byReference', () => {
  it('byReference sends a name', async () => {
    const other = byReference((x: number) => x, { module: tasksUrl, export: 'double' })
    expect(await pool.submit(other, 21)).toBe(42)
    expect(explain(other).by).toBe('reference')
  })

  it('byValue sends the text of an import', () => {
    expect(explain(byValue((x: number) => x + 1)).by).toBe('value')
    expect(() => byValue(1 as never)).toThrow(TypeError)
  })

  it('may be said after the function was sent in another way', () => {
    const outgoing = new Outgoing({ boundary: 'thread' })
    const kindOf = (fn: () => number): string =>
      (outgoing.definition(outgoing.ship(fn, []).target) as { definition: { kind: string } }).definition.kind
    const local = (): number => 2
    expect([kindOf(local), kindOf(local)]).toEqual(['code', 'value'])
    expect(kindOf(byReference(local, { module: tasksUrl, export: 'limit' }))).toBe('export')
    expect(kindOf(local)).toBe('export')
    expect(kindOf(byValue(local))).toBe('value')
  })
})

describe('link', () => {
  const tasks = link<Tasks>(tasksUrl)

  it.each(['thread', 'process'] as const)('as a whole is the module there: to a %s', async (boundary) => {
    const other = open({ boundary })
    expect(await other.submit(async () => [await tasks.double(4), await tasks.later(1)])).toEqual([8, 8])
    expect(await other.submit(async (given) => [await given.list[0]?.double(5), given.list[0] === tasks], { list: [tasks] })).toEqual([
      10,
      true,
    ])
    expect(await other.submit((given) => given, tasks)).toBe(tasks)
    const counted = await other.submit(async () => [await tasks.count(), await tasks.count()] as const)
    expect(counted[1] - counted[0]).toBe(1)
  })

  it('runs exports there, and here', async () => {
    expect(await pool.submit(tasks.double, 4)).toBe(8)
    expect(await tasks.double(4)).toBe(8)
    expect(tasks.double).toBe(tasks.double)
  })

  it('names what is near a misspelt export', async () => {
    const wrong = (tasks as unknown as Record<string, () => Promise<unknown>>).duoble as () => Promise<unknown>
    const message = /Module '.*tasks\.js' has no export 'duoble', did you mean double\?/
    await expect(pool.submit(wrong)).rejects.toThrow(message)
    await expect(wrong()).rejects.toThrow(message)
  })

  it('says that an export is no function', async () => {
    const wrong = (tasks as unknown as Record<string, () => unknown>).limit as () => unknown
    await expect(pool.submit(wrong)).rejects.toThrow(/not a function/)
  })

  it('names a module that is missing or throws, again and again, and other calls go on', async () => {
    const missing = link<Tasks>(new URL('./fixtures/taks.js', import.meta.url))
    await expect(pool.submit(missing.double, 1)).rejects.toThrow(/taks\.js/)
    const throwing = link<{ never(): void }>(new URL('./fixtures/throws.js', import.meta.url))
    for (let time = 0; time < 2; time++) {
      const reason: unknown = await pool.submit(throwing.never).catch((error: unknown) => error)
      expect(reason).toBeInstanceOf(TypeError)
      expect((reason as Error).message).toMatch(/throws\.js.*the module says no/)
    }
    expect(await pool.submit(tasks.double, 1)).toBe(2)
  })

  it('is no thenable, and takes absolute URLs only', async () => {
    expect(await Promise.resolve(tasks)).toBe(tasks)
    expect(() => link('./tasks.js')).toThrow(/new URL\('\.\/tasks\.js', import\.meta\.url\)/)
  })
})

describe('what is none of it', () => {
  const call = <A extends unknown[]>(fn: (...args: A) => unknown, ...args: unknown[]) => {
    return () => fn(...(args as A)) // As JavaScript may.
  }
  it.each([
    ['byReference() without a module', call(byReference, () => 1, {}), /byReference\(\).*got undefined.*module: new URL\(/],
    ['byReference() with a number', call(byReference, () => 1, { module: 5 }), /byReference\(\).*got 5\b.*module: new URL\(/],
    ['byReference() with a relative path', call(byReference, () => 1, { module: './a.js' }), /got '\.\/a\.js'/],
    ['byReference() with an export that is no name', call(byReference, () => 1, { module: 'a', export: 5 }), /export, got 5\b/],
    ['byReference() with nothing', call(byReference, () => 1, undefined), /got undefined/],
    ['byReference() of a number', call(byReference, 5, { module: 'a' }), /function, got 5\b/],
    ['link() to a number', call(link, 5), /link\(\).*got 5\b.*new URL\('\.\/tasks\.js', import\.meta\.url\)/],
    ['link() to nothing', call(link, undefined), /link\(\).*got undefined.*new URL\(/],
    ['explain() of a number', call(explain, 5), /explain\(\) takes a function, got 5\b/],
    ['explain() for no boundary', call(explain, () => 1, { boundary: 'wall' }), /boundary must be .* got 'wall'/],
    ['byValue() of a number', call(byValue, 5), /got 5\b/],
    ['callback() of a number', call(callback, 5), /got 5\b/],
  ])('%s is a TypeError that shows it', (_, wrong, message) => {
    expect(wrong).toThrow(TypeError)
    expect(wrong).toThrow(message)
  })
})

describe('explain', () => {
  it('tells references, sources and sizes', () => {
    const text = 'x'.repeat(2_000)
    const told = explain(() => [Math.max(1, 2), text, double, limit])
    expect(told.by).toBe('value')
    expect(told.bytes).toBeGreaterThanOrEqual(2_000)
    expect(told.sources.length).toBeGreaterThan(0)
    expect(String(told)).toMatch(/by value/)
    expect(explain(Math.max)).toMatchObject({ by: 'reference', references: ['Math.max'] })
  })

  it('tells a refusal without throwing', () => {
    const pending = Promise.resolve()
    const told = explain(() => pending)
    expect(told.by).toBe('refused')
    expect(told.refusal).toBeInstanceOf(NotShippableError)
    expect(told.refusal?.path).toBe('captured variable pending')
  })
})

describe('options of Outgoing', () => {
  it('references-only refuses all text', () => {
    const outgoing = new Outgoing({ boundary: 'thread', code: 'references-only' })
    expect(outgoing.ship(Math.max, [1, 2]).captured).toBeUndefined()
    expect(() => outgoing.ship(() => 1, [])).toThrow(/takes references only.*Export it.*link\(\)/)
    expect(() => outgoing.ship(Math.max, [() => 1] as never)).toThrow(NotShippableError)
    expect(() => outgoing.pack(new (class A {})())).toThrow(NotShippableError)
  })

  it('warns once of what is captured by accident', () => {
    const warnings: string[] = []
    const outgoing = new Outgoing({ boundary: 'thread', onWarning: (message) => warnings.push(message) })
    const big = { bytes: new Uint8Array(2_000_000) }
    for (let time = 0; time < 3; time++) outgoing.ship(() => big.bytes.length + time, [])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/captures about 2\.0 MB.*share\(value\)/)
  })

  it('an instance of a class with private fields is refused on its way back too', async () => {
    const tasks = tasksUrl.href
    const call = pool.submit(async () => {
      const module = (await import(tasks)) as Tasks
      return module.Account.open(1)
    })
    await expect(call).rejects.toThrow(/result.* cannot cross: it has private members of class Account/)
    expect(Account.bank).toBe('first')
  })
})
