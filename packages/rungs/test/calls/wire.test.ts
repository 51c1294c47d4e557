// Outgoing and Incoming against each other, without a worker in between.
import { Session } from 'node:inspector'
import v8 from 'node:v8'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Incoming, joinStacks, Outgoing, type Packed } from '../../dist/calls/index.js'
import { CancelledError, NotShippableError, WorkerDiedError } from '../../dist/core/errors.js'
import { TinyPool } from './fixtures/tiny-pool.js'

function sides(boundary: 'thread' | 'process' = 'thread') {
  const here = new Outgoing({ boundary })
  const there = new Incoming({ outgoing: new Outgoing({ boundary }) })
  const sent = new Set<number>()
  const copy = <T>(value: T, transfer: readonly unknown[] = []): T =>
    boundary === 'thread' ? structuredClone(value, { transfer: transfer as never }) : (v8.deserialize(v8.serialize(value)) as T)
  const carry = (packed: Packed) => {
    for (const id of packed.uses) {
      if (sent.has(id)) continue
      sent.add(id)
      there.define(id, copy(here.definition(id)))
    }
    return copy({ plain: packed.plain, data: packed.data }, packed.transfer)
  }
  return {
    here,
    there,
    sent,
    pass: async (value: unknown) => there.unpack(carry(here.pack(value))),
    passError: async (reason: unknown) => there.unpack(carry(here.packError(reason))),
    carry,
  }
}

describe('plain values', () => {
  it.each([1, 'x', null, undefined, true, 5n, { a: [1, { b: 2 }] }, [], new Map([[1, new Set([2])]]), new Uint8Array([1]), new Date(1)])(
    '%s is sent as it is',
    (value) => {
      const packed = new Outgoing({ boundary: 'thread' }).pack(value)
      expect(packed).toEqual({ plain: true, data: value, uses: [], transfer: [] })
      expect(packed.data).toBe(value)
    },
  )

  it.each([
    ['a frozen object', Object.freeze({})],
    [
      'an accessor',
      {
        get x() {
          return 1
        },
      },
    ],
    ['a setter alone', { set x(_: number) {} }],
    ['a symbol key', { [Symbol('s')]: 1 }],
    ['a hidden property', Object.defineProperty({}, 'x', { value: 1 })],
    ['no prototype', Object.create(null) as object],
    ['an instance', new (class A {})()],
    ['a Buffer', Buffer.from('x')],
    ['a part of a buffer', new Uint8Array(new ArrayBuffer(4), 1)],
    ['a regular expression', /x/],
    ['an error', new Error('x')],
    ['a function', () => 1],
    ['a boxed number', Object(1) as object],
    ['a decorated array', Object.assign([1], { x: Symbol.iterator })],
  ])('%s is not', (_, value) => {
    expect(new Outgoing({ boundary: 'thread' }).pack(value).plain).toBe(false)
  })

  it('shares the records of nothing', () => {
    const outgoing = new Outgoing({ boundary: 'thread' })
    expect(outgoing.pack(1).uses).toBe(outgoing.pack(2).transfer)
  })
})

describe.each(['thread', 'process'] as const)('values to a %s', (boundary) => {
  it('keeps what structured clone loses', async () => {
    const { pass } = sides(boundary)
    const got = (await pass({ big: 2n ** 80n, zero: -0, re: Object.assign(/a/g, { lastIndex: 2 }), frozen: Object.freeze([1]) })) as {
      big: bigint
      zero: number
      re: RegExp
      frozen: number[]
    }
    expect(got.big).toBe(2n ** 80n)
    expect(Object.is(got.zero, -0)).toBe(true)
    expect(got.re.lastIndex).toBe(2)
    expect(Object.isFrozen(got.frozen)).toBe(true)
  })

  it('sends a definition once, however often it is used', async () => {
    const { pass, sent } = sides(boundary)
    class A {}
    await pass([new A()])
    const first = sent.size
    await pass([new A(), new A()])
    expect(sent.size).toBe(first)
  })

  it('sends SharedArrayBuffers to threads only', async () => {
    const { pass, here } = sides(boundary)
    const shared = new SharedArrayBuffer(4)
    if (boundary === 'process') expect(() => here.pack({ shared })).toThrow(/memory of this process/)
    else {
      const got = (await pass({ shared })) as { shared: SharedArrayBuffer }
      new Uint8Array(got.shared)[0] = 9
      expect(new Uint8Array(shared)[0]).toBe(9)
    }
  })

  it('brings back the errors of the library as what they are', async () => {
    const { passError } = sides(boundary)
    const died = new WorkerDiedError('gone', { exitCode: 3, worker: 'w-1' })
    const got = (await passError(died)) as WorkerDiedError
    expect(got).toBeInstanceOf(WorkerDiedError)
    expect(got).toMatchObject({ exitCode: 3, worker: 'w-1', code: 'ERR_RUNGS_WORKER_DIED', name: 'WorkerDiedError' })
    const cancelled = (await passError(new CancelledError('no', { reason: { why: [1] } }))) as CancelledError
    expect(cancelled.reason).toEqual({ why: [1] })
    expect(((await passError(new NotShippableError('m', 'argument 0'))) as NotShippableError).path).toBe('argument 0')
  })
})

describe('packError', () => {
  it('describes fields that cannot cross, and keeps the rest', async () => {
    const { passError } = sides()
    const got = (await passError(
      Object.assign(new RangeError('m'), { socket: Promise.resolve(), status: 5, deep: { map: new WeakMap() } }),
    )) as Error & Record<string, unknown>
    expect(got).toBeInstanceOf(RangeError)
    expect(got.status).toBe(5)
    expect(got.socket).toMatch(/cannot cross: .*promise/)
    expect(got.deep).toMatch(/cannot cross: .*weak/)
  })

  it('keeps name, fields and stack of a class that cannot cross', async () => {
    const { passError } = sides()
    const make = () => {
      const self = Promise.resolve()
      return class Odd extends TypeError {
        #secret = self
        override name = 'Odd'
        extra = 1
        reveal() {
          return this.#secret
        }
      }
    }
    const got = (await passError(new (make())('m'))) as Error & { extra: number }
    expect(got).toBeInstanceOf(TypeError)
    expect(got).toMatchObject({ name: 'Odd', message: 'm', extra: 1 })
    expect(got.stack).toMatch(/wire\.test/)
  })

  it.each([
    [
      'a revoked proxy',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {})
        revoke()
        return proxy
      },
    ],
    ['a promise', () => Promise.resolve()],
    [
      'an object whose getters throw',
      () =>
        Object.create(
          {
            get message() {
              throw new Error('no')
            },
          },
          {
            x: {
              get() {
                throw new Error('no')
              },
              enumerable: true,
            },
          },
        ) as object,
    ],
    [
      'an error whose message throws',
      () =>
        Object.defineProperty(new Error('m'), 'message', {
          get() {
            throw new Error('no')
          },
        }),
    ],
    ['an error whose name is a symbol', () => Object.assign(new Error('m'), { name: Symbol('n') })],
    [
      'a function that cannot cross',
      () => {
        const p = Promise.resolve()
        return () => p
      },
    ],
    ['a proxy around an error', () => new Proxy(new Error('m'), {})],
  ])('arrives whatever was thrown: %s', async (_, make) => {
    const { passError } = sides()
    const got = await passError(make())
    expect(typeof got === 'object' || typeof got === 'function').toBe(true)
  })
})

describe('joinStacks', () => {
  it('puts the frames of the caller under those of the worker, once', () => {
    const error = new Error('m')
    error.stack = 'Error: m\n    at there (worker.js:1:1)'
    joinStacks(error, 'Error\n    at here (main.js:2:2)\n    at main (main.js:9:9)')
    joinStacks(error, 'Error\n    at here (main.js:2:2)')
    expect(error.stack).toBe(
      'Error: m\n    at there (worker.js:1:1)\n    at ― submitted here ―\n    at here (main.js:2:2)\n    at main (main.js:9:9)',
    )
    expect(Object.keys(error)).toEqual([])
  })

  it('leaves everything else alone', () => {
    expect(() => {
      joinStacks(null, 'Error\n    at x')
      joinStacks('text', 'Error\n    at x')
      joinStacks(Object.freeze(new Error('m')), 'Error\n    at x')
      joinStacks(new Error('m'), undefined)
    }).not.toThrow()
  })
})

describe('calls', () => {
  it('loads at once when nothing has to be imported', () => {
    const { here, there, carry } = sides()
    const call = here.ship((x: number) => x + 1, [1])
    const captured = carry(call.captured as Packed)
    there.define(call.target, here.definition(call.target))
    const fn = there.load(call.target, captured)
    expect(typeof fn).toBe('function')
    expect((fn as (x: number) => number)(1)).toBe(2)
  })

  it('what the function captures and what it is given stay one object', async () => {
    const { here, there, carry } = sides()
    const state = { n: 0 }
    const call = here.ship((given: object) => given === state, [state])
    const captured = carry(call.captured as Packed)
    const args = carry(call.args)
    const fn = (await there.load(call.target, captured)) as (...args: unknown[]) => unknown
    expect(fn(...((await there.unpack(args)) as unknown[]))).toBe(true)
  })

  it('of functions that capture nothing only one thing is sent, wherever the same text stands', () => {
    const { here } = sides()
    const targets = [1, 2, 3].map((n) => here.ship((x: number) => x * 7, [n]))
    const other = here.ship((x: number) => x * 7, [4])
    expect(targets[2]?.captured?.plain).toBe(true)
    expect(other.target).toBe(targets[2]?.target)
    expect(other.captured?.data).toEqual([expect.any(Number)])
    const seven = 7
    expect(here.ship((x: number) => x * seven, [4]).captured?.plain).toBe(false)
  })

  it('of closures that one line makes again and again, values alone are sent', async () => {
    const { here, there, sent, carry } = sides()
    const helper = (x: number): number => x + 1
    const make = (factor: number | bigint | undefined, unit: string) => (x: number) => [helper(x), factor, unit]
    const results: unknown[] = []
    const kinds: string[] = []
    const run = async (fn: (x: number) => unknown): Promise<void> => {
      const { target, captured, args } = here.ship(fn, [1])
      kinds.push((here.definition(target) as { definition: { kind: string } }).definition.kind)
      if (!sent.has(target)) there.define(target, structuredClone(here.definition(target)))
      sent.add(target)
      const there1 = (await there.load(target, captured && carry(captured))) as (...args: unknown[]) => unknown
      results.push(there1(...((await there.unpack(carry(args))) as unknown[])))
    }
    for (const factor of [1, 2, 3n, undefined]) await run(make(factor, 'm'))
    await run(Object.assign(make(5, 'own property'), { extra: true }))
    await run(make(6, 'x'.repeat(20_000)))
    expect(results.slice(0, 5)).toEqual([
      [2, 1, 'm'],
      [2, 2, 'm'],
      [2, 3n, 'm'],
      [2, undefined, 'm'],
      [2, 5, 'own property'],
    ])
    expect((results[5] as unknown[])[1]).toBe(6)
    expect(kinds[3]).toBe('maker')
    expect([kinds[0], kinds[4], kinds[5]]).not.toContain('maker')
  })

  it('a closure of such a line comes back as itself', async () => {
    const pool = new TinyPool()
    try {
      const make = (n: number) => (argument?: unknown) => [n, argument]
      for (let n = 0; n < 4; n++) {
        const fn = make(n)
        expect(await pool.submit(fn, 'a')).toEqual([n, 'a'])
        const [, back] = await pool.submit(fn, fn)
        expect(back).toBe(fn)
      }
    } finally {
      await pool.end()
    }
  })

  it('a target is sent with all that it needs', () => {
    const { here, there } = sides()
    const k = 3
    const helper = (x: number): number => x * k
    class A {
      value = helper(1)
    }
    const fn = (x: number): number => helper(x) + new A().value
    let call = here.ship(fn, [1])
    for (let time = 0; time < 3; time++) call = here.ship(fn, [1])
    there.define(call.target, structuredClone(here.definition(call.target)))
    if (call.captured === undefined) expect((there.load(call.target, undefined) as typeof fn)(2)).toBe(9)
  })

  it('says what did not arrive', () => {
    const { there } = sides()
    expect(() => there.load(99, undefined)).toThrow(/definition 99 did not arrive/)
  })
})

it('looks for no file of what `new Function` made: that takes long, and each has a script of its own', async () => {
  const { here, there } = sides()
  here.ship(() => 1, [])
  const { post } = Session.prototype
  const asked: string[] = []
  Session.prototype.post = function (this: Session, method: string, ...rest: never[]) {
    asked.push(method)
    return Reflect.apply(post, this, [method, ...rest])
  } as typeof post
  onTestFinished(() => {
    Session.prototype.post = post
  })
  const made = [
    new Function('return 1'),
    new Function('a', 'b = 2', 'return b'),
    new Function('a,\nb', 'return 3'),
    Object.getPrototypeOf(async () => {}).constructor('return 4') as () => Promise<number>,
  ]
  for (const [index, fn] of made.entries()) {
    const { captured, target } = here.ship(fn, [])
    for (const id of [...(captured?.uses ?? []), target]) there.define(id, here.definition(id))
    const back = await there.load(target, captured)
    expect(await back()).toBe(index + 1)
  }
  expect(asked.filter((method) => method.startsWith('Profiler'))).toEqual([])
  // One with a name of its own is asked about.
  here.ship(new Function('return 5 //# sourceURL=named.js'), [])
  expect(asked.filter((method) => method.startsWith('Profiler')).length).toBeGreaterThan(0)
})
