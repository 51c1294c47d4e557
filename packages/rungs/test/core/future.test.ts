import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CancelledError, InvalidStateError, TimeoutError } from '../../dist/core/errors.js'
import {
  createFuture,
  Future,
  type FutureState,
  failFuture,
  fulfilFuture,
  hasFailed,
  listen,
  outcomeOf,
  startFuture,
  unlisten,
} from '../../dist/core/future.js'
import { VirtualClock } from '../../dist/testing/virtual-clock.js'

const falsy = [undefined, null, 0, -0, Number.NaN, '', false, 0n]
const pending = () => Future.withResolvers<number>()

/** A failed future that somebody has looked at. */
function failed(reason: unknown): Future<number> {
  const { future, reject } = pending()
  reject(reason)
  future.catch(() => {})
  return future
}

async function warningsDuring(act: () => unknown): Promise<Error[]> {
  const warnings: Error[] = []
  const listen = (warning: Error): void => void warnings.push(warning)
  process.on('warning', listen)
  await act()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  return warnings
}

describe('a future', () => {
  it('is pending, then running, then finished', () => {
    const { future, start, resolve } = pending()
    const facts = () => [future.state, future.done, future.running, future.cancelled]
    expect(facts()).toEqual(['pending', false, false, false])
    expect(start()).toBe(true)
    expect(facts()).toEqual(['running', false, true, false])
    resolve(1)
    expect(facts()).toEqual(['finished', true, false, false])
  })

  it('is finished when it has failed', () => {
    expect([failed(1).state, failed(1).done, failed(1).cancelled]).toEqual(['finished', true, false])
  })

  it.each(['pending', 'running'] as const)('is cancelled at once when it is %s', async (state) => {
    const { future, start } = pending()
    if (state === 'running') start()
    expect(future.cancel('enough')).toBe(true)
    expect([future.state, future.done, future.running, future.cancelled]).toEqual(['cancelled', true, false, true])
    await expect(future).rejects.toMatchObject({ reason: 'enough', code: 'ERR_RUNGS_CANCELLED' })
  })

  it('can be settled without being started, for what is done at once', async () => {
    const { future, resolve } = pending()
    resolve(1)
    expect(await future).toBe(1)
  })

  it('tells its executor of a cancel, once, with the reason, after it is done', () => {
    const told: unknown[] = []
    const { future } = Future.withResolvers<number>({ onCancel: (reason) => tell(reason) })
    const tell = (reason: unknown): void => void told.push([reason, future.state])
    future.cancel('enough')
    future.cancel('again')
    expect(told).toEqual([['enough', 'cancelled']])
  })

  it('does not tell its executor of a cancel that comes too late', () => {
    const told: unknown[] = []
    const { future, resolve } = Future.withResolvers<number>({ onCancel: (reason) => told.push(reason) })
    resolve(1)
    expect(future.cancel()).toBe(false)
    expect(told).toEqual([])
  })

  it('has ascending ids, and the key that it was given', () => {
    const [a, b] = [Future.withResolvers({ key: 'a' }).future, pending().future]
    expect(b.id).toBeGreaterThan(a.id)
    expect([a.key, b.key, 'key' in b]).toEqual(['a', undefined, false])
  })

  it('has no public constructor', () => {
    expect(() => Reflect.construct(Future, [])).toThrow(/withResolvers/)
  })

  it('keeps to its drawing, whatever is called in whatever order', () => {
    const action = fc.constantFrom('start', 'resolve', 'reject', 'cancel', 'callback')
    fc.assert(
      fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
        const { future, start, resolve, reject } = pending()
        const called: number[] = []
        let model: FutureState = 'pending'
        let callbacks = 0
        for (const [index, name] of actions.entries()) {
          const done: boolean = model === 'finished' || model === 'cancelled'
          if (name === 'callback') {
            future.addDoneCallback(() => called.push(index))
            callbacks++
          } else if (name === 'cancel') {
            expect(future.cancel()).toBe(model !== 'finished')
            if (!done) model = 'cancelled'
          } else if (name === 'start') {
            if (model === 'cancelled') expect(start()).toBe(false)
            else if (model === 'pending') {
              expect(start()).toBe(true)
              model = 'running'
            } else expect(start).toThrow(InvalidStateError)
          } else {
            const settle = () => (name === 'resolve' ? resolve(index) : reject(index))
            if (done) expect(settle).toThrow(InvalidStateError)
            else {
              settle()
              model = 'finished'
            }
          }
          expect(future.state).toBe(model)
          expect(future.done).toBe(model === 'finished' || model === 'cancelled')
        }
        expect(called.length).toBe(future.done ? callbacks : 0)
        expect(called).toEqual([...called].sort((a, b) => a - b))
        future.catch(() => {})
      }),
    )
  })
})

describe('withResolvers', () => {
  it.each([
    ['resolve', (it: ReturnType<typeof pending>) => it.resolve(2)],
    ['reject', (it: ReturnType<typeof pending>) => it.reject(2)],
    ['start', (it: ReturnType<typeof pending>) => it.start()],
  ])('throws InvalidStateError from %s on a future that has finished, and says what it is', async (_, act) => {
    const it = pending()
    it.resolve(1)
    expect(() => act(it)).toThrow(InvalidStateError)
    expect(() => act(it)).toThrow(`Future ${it.future.id} { 1 }`)
    expect(await it.future).toBe(1)
  })

  it('throws InvalidStateError from a second start', () => {
    const { start } = pending()
    start()
    expect(start).toThrow(/running/)
  })

  it('gives false from start after a cancel, so that the call is left out, and settling throws', () => {
    const { future, start, resolve, reject } = pending()
    future.cancel()
    expect(start()).toBe(false)
    expect(() => resolve(1)).toThrow(InvalidStateError)
    expect(() => reject(1)).toThrow(InvalidStateError)
    expect(future.state).toBe('cancelled')
  })
})

describe('awaiting', () => {
  it.each([['before'], ['after']])('gives the value when it is awaited %s the end', async (when) => {
    const { future, resolve } = pending()
    if (when === 'before') setImmediate(resolve, 7)
    else resolve(7)
    expect(await future).toBe(7)
    expect(await future).toBe(7)
  })

  it.each(falsy.map((value) => [inspect(value), value] as const))('fails with %s, though it is falsy', async (_, reason) => {
    for (const early of [true, false]) {
      const { future, reject } = pending()
      if (!early) reject(reason)
      const seen = future.then(
        () => 'fulfilled',
        (thrown: unknown) => ({ thrown }),
      )
      if (early) reject(reason)
      expect(await seen).toEqual({ thrown: reason })
      expect(await future.exception()).toBe(reason)
    }
  })

  it('throws the very same error each time', async () => {
    const error = new Error('once')
    const future = failed(error)
    for (const read of [() => future, () => future.result(), () => future.result({ timeout: 5 })]) {
      expect(await Promise.resolve(read()).catch((thrown: unknown) => thrown)).toBe(error)
    }
    expect(await future.exception()).toBe(error)
  })

  it('is a Promise for instanceof, for Object.prototype.toString a Future', () => {
    const { future } = pending()
    expect(future instanceof Promise).toBe(true)
    expect(Object.prototype.toString.call(future)).toBe('[object Future]')
  })

  it('works in Promise.all, race, any and allSettled', async () => {
    const [a, b, never] = [pending(), pending(), pending()]
    const all = Promise.all([a.future, b.future, 3])
    const race = Promise.race([never.future, b.future])
    const any = Promise.any([failed(1), b.future])
    const settled = Promise.allSettled([a.future, failed('no')])
    b.resolve(2)
    a.resolve(1)
    expect(await all).toEqual([1, 2, 3])
    expect(await race).toBe(2)
    expect(await any).toBe(2)
    expect(await settled).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: 'no' },
    ])
  })

  it('has then, catch and finally that give native promises', async () => {
    const { future, resolve } = pending()
    const chained = [future.then(), future.then((n) => n + 1), future.catch(() => 0), future.finally(() => {})]
    for (const promise of chained) expect(promise).not.toBeInstanceOf(Future)
    resolve(1)
    expect(await Promise.all(chained)).toEqual([1, 2, 1, 1])
    expect(await failed(1).catch((n: unknown) => [n])).toEqual([1])
    let ran = false
    await expect(
      failed(new RangeError('no')).finally(() => {
        ran = true
      }),
    ).rejects.toThrow(RangeError)
    expect(ran).toBe(true)
  })

  it('takes undefined and null for handlers that are not there', async () => {
    const { future, resolve } = pending()
    resolve(1)
    expect(await future.then(undefined, null)).toBe(1)
    expect(await future.finally(null)).toBe(1)
  })

  it('is awaited by an async function that returns it', async () => {
    const { future, resolve } = pending()
    resolve(1)
    expect(await (async () => future)()).toBe(1)
  })

  it('gives a future inside of a value as it is', async () => {
    const inner = pending().future
    const { future, resolve } = Future.withResolvers<{ inner: Future<number> }>()
    resolve({ inner })
    expect((await future).inner).toBe(inner)
  })
})

describe('result and exception', () => {
  it('give the value, and undefined', async () => {
    const { future, resolve } = pending()
    resolve(1)
    expect(await future.result()).toBe(1)
    expect(await future.result({})).toBe(1)
    expect(await future.result({ timeout: 0 })).toBe(1)
    expect(await future.result({ signal: AbortSignal.abort() })).toBe(1)
    expect(await future.exception()).toBeUndefined()
  })

  it('end with TimeoutError when time is up; the future goes on and leaves no timer', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const { future, resolve } = pending()
    const late = [future.result({ timeout: 60_000 }), future.exception({ timeout: 60_000 })].map((wait) =>
      wait.catch((error: unknown) => error),
    )
    expect(time.pending).toBe(2)
    await time.advance(59_999)
    expect(time.pending).toBe(2)
    await time.advance(1)
    for (const error of await Promise.all(late)) {
      expect(error).toBeInstanceOf(TimeoutError)
      expect((error as Error).message).toContain('60000')
    }
    expect([future.state, time.pending]).toEqual(['pending', 0])
    resolve(1)
    expect(await future).toBe(1)
  })

  it('clear their timer when the future ends in time', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const { future, resolve } = pending()
    const result = future.result({ timeout: 1_000 })
    resolve(1)
    expect(time.pending).toBe(0)
    expect(await result).toBe(1)
  })

  it('set no timer for Infinity', () => {
    const time = new VirtualClock()
    using _ = time.install()
    void pending().future.result({ timeout: Number.POSITIVE_INFINITY })
    expect(time.pending).toBe(0)
  })

  it.each(['before', 'during'])('end with CancelledError when the signal is aborted %s the wait, and leave no listener', async (when) => {
    const stop = new AbortController()
    if (when === 'before') stop.abort('enough')
    const { future, resolve } = pending()
    const result = future.result({ signal: stop.signal, timeout: 60_000 })
    if (when === 'during') stop.abort('enough')
    await expect(result).rejects.toMatchObject({ code: 'ERR_RUNGS_CANCELLED', reason: 'enough' })
    expect(future.state).toBe('pending')
    resolve(1)
    expect(await future).toBe(1)
  })

  it('of a cancelled future throw its CancelledError', async () => {
    const { future } = pending()
    future.cancel(new RangeError('why'))
    for (const wait of [future.result(), future.exception(), future.result({ timeout: 5 })]) {
      const error = await wait.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(CancelledError)
      expect((error as CancelledError).message).toContain('why')
      expect((error as CancelledError).cause).toBeInstanceOf(RangeError)
    }
  })

  it('exception() gives a CancelledError or TimeoutError that the call itself threw', async () => {
    for (const error of [new CancelledError(), new TimeoutError()]) expect(await failed(error).exception()).toBe(error)
  })

  it('raise nothing when a future fails after the wait for it has ended', async () => {
    const raised: unknown[] = []
    const listen = (reason: unknown): void => void raised.push(reason)
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', listen)
    try {
      const time = new VirtualClock()
      using _ = time.install()
      const stop = new AbortController()
      const [a, b] = [pending(), pending()]
      const waits = [a.future.result({ timeout: 10 }), b.future.result({ signal: stop.signal })].map((wait) => wait.catch(() => {}))
      await time.advance(10)
      stop.abort()
      await Promise.all(waits)
      a.reject(new Error('too late'))
      b.reject(new Error('too late'))
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(raised).toEqual([])
    } finally {
      process.off('unhandledRejection', listen)
      for (const other of others) process.on('unhandledRejection', other)
    }
  })

  it.each([
    [{ timeout: -1 }, /timeout .*-1/],
    [{ timeout: Number.NaN }, /timeout .*NaN/],
    [{ timeout: '5' }, /timeout .*'5'/],
    [{ signal: 5 }, /signal must be an AbortSignal/],
    [{ timout: 5 }, /Did you mean timeout/],
    [5, /object/],
  ])('refuse %j', (options, message) => {
    expect(() => pending().future.result(options as object)).toThrow(message)
    expect(() => pending().future.exception(options as object)).toThrow(message)
  })
})

describe('resultSync', () => {
  it('gives the value, or throws the reason, of what is done', () => {
    const { future, resolve } = pending()
    resolve(1)
    expect(future.resultSync()).toBe(1)
    expect(() => failed(new RangeError('no')).resultSync()).toThrow(RangeError)
    const cancelled = pending().future
    cancelled.cancel()
    expect(() => cancelled.resultSync()).toThrow(CancelledError)
  })

  it.each(falsy.map((value) => [inspect(value), value] as const))('throws %s, though it is falsy', (_, reason) => {
    let thrown: unknown = 'nothing'
    try {
      failed(reason).resultSync()
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBe(reason)
  })

  it('throws InvalidStateError where the call needs this thread', () => {
    expect(() => pending().future.resultSync()).toThrow(InvalidStateError)
    expect(() => pending().future.resultSync({ timeout: 5 })).toThrow(/await/)
  })

  it('lets the driver wait, and throws TimeoutError when it gave up', () => {
    const waited: unknown[] = []
    const future = createFuture<number>({ driver: { waitSync: (_, ms) => void waited.push(ms) } })
    expect(() => future.resultSync({ timeout: 5 })).toThrow(TimeoutError)
    expect(() => future.resultSync()).toThrow(TimeoutError)
    expect(waited).toEqual([5, Number.POSITIVE_INFINITY])
    const done = createFuture<number>({ driver: { waitSync: (it) => void fulfilFuture(it, 3) } })
    expect(done.resultSync()).toBe(3)
  })

  it('refuses wrong options', () => {
    expect(() => pending().future.resultSync({ timeout: -1 })).toThrow(RangeError)
    expect(() => pending().future.resultSync({ signal: 1 } as object)).toThrow(TypeError)
  })
})

describe('a done-callback', () => {
  const endings: [string, (it: ReturnType<typeof pending>) => void][] = [
    ['a value', (it) => it.resolve(1)],
    ['a failure', (it) => it.reject(new Error('no'))],
    ['a cancel', (it) => void it.future.cancel()],
  ]

  it.each(endings)('is called in order, once, at the end by %s', (_, end) => {
    const it = pending()
    const seen: unknown[] = []
    for (let n = 0; n < 5; n++) it.future.addDoneCallback((future) => seen.push([n, future === it.future, future.done]))
    expect(seen).toEqual([])
    end(it)
    expect(seen).toEqual([0, 1, 2, 3, 4].map((n) => [n, true, true]))
    it.future.addDoneCallback(() => seen.push('late'))
    expect(seen.at(-1)).toBe('late')
    it.future.catch(() => {})
  })

  it('may be the same function twice, and is then called twice', () => {
    const { future, resolve } = pending()
    let count = 0
    const callback = (): void => void count++
    future.addDoneCallback(callback)
    future.addDoneCallback(callback)
    resolve(1)
    expect(count).toBe(2)
  })

  it('that throws, or rejects, is reported, and the others are called', async () => {
    const { future, resolve } = pending()
    const seen: string[] = []
    const warnings = await warningsDuring(async () => {
      future.addDoneCallback(() => {
        throw new RangeError('thrown in a callback')
      })
      future.addDoneCallback(async () => {
        throw new RangeError('rejected by a callback')
      })
      future.addDoneCallback(() => seen.push('third'))
      resolve(1)
      await future
    })
    expect(seen).toEqual(['third'])
    expect(warnings.map((warning) => [warning.name, (warning as { code?: string }).code])).toEqual([
      ['RungsWarning', 'RUNGS_CALLBACK'],
      ['RungsWarning', 'RUNGS_CALLBACK'],
    ])
    expect(warnings.map(({ message }) => /(thrown in|rejected by) a callback/.exec(message)?.[1]).sort()).toEqual([
      'rejected by',
      'thrown in',
    ])
  })

  it('that throws something falsy is reported too', async () => {
    const warnings = await warningsDuring(() => {
      const { future, resolve } = pending()
      resolve(1)
      future.addDoneCallback(() => {
        throw undefined
      })
    })
    expect(warnings.length).toBe(1)
  })

  it('may add another, which is called too', () => {
    const { future, resolve } = pending()
    const seen: number[] = []
    future.addDoneCallback(() => {
      seen.push(1)
      future.addDoneCallback(() => seen.push(2))
    })
    resolve(1)
    expect(seen.sort()).toEqual([1, 2])
  })

  it('may cancel the future: nothing happens, as it is done', () => {
    const { future, resolve } = pending()
    const seen: unknown[] = []
    future.addDoneCallback((it) => seen.push(it.cancel(), it.state))
    resolve(1)
    expect(seen).toEqual([false, 'finished'])
  })

  it('runs in the context of whoever made the future, wherever it was added', () => {
    const store = new AsyncLocalStorage<string>()
    const it = store.run('maker', pending)
    const seen: unknown[] = []
    store.run('other', () => it.future.addDoneCallback(() => seen.push(store.getStore())))
    store.run('third', () => it.resolve(1))
    store.run('fourth', () => it.future.addDoneCallback(() => seen.push(store.getStore())))
    expect(seen).toEqual(['maker', 'maker'])
  })

  it.each([[undefined], [null], [5], ['log'], [{}]])('is refused when it is %j', (wrong) => {
    expect(() => pending().future.addDoneCallback(wrong as unknown as () => void)).toThrow(TypeError)
  })
})

describe('what inspect shows', () => {
  it('is the state, and the outcome if there is one', () => {
    const it = Future.withResolvers<unknown>({ key: 'sw1' })
    const id = it.future.id
    expect(inspect(it.future)).toBe(`Future ${id} "sw1" { <pending> }`)
    it.start()
    expect(inspect(it.future)).toBe(`Future ${id} "sw1" { <running> }`)
    it.resolve({ a: 1 })
    expect(inspect(it.future)).toBe(`Future ${id} "sw1" { { a: 1 } }`)
    const cancelled = pending().future
    cancelled.cancel()
    expect(inspect(cancelled)).toBe(`Future ${cancelled.id} { <cancelled> }`)
    const bad = failed(undefined)
    expect(inspect(bad)).toBe(`Future ${bad.id} { <failed> undefined }`)
  })

  it('ends at the depth that was asked for, and does not count as looking', () => {
    const it = Future.withResolvers<unknown>()
    it.resolve({ deep: { deeper: it.future } })
    expect(inspect({ a: { b: { c: it.future } } }, { depth: 1 })).not.toContain('deeper')
    expect(inspect(it.future)).toContain('deep')
  })
})

describe('for the layers above', () => {
  it('listeners are told once, at once if it is done, and can be taken away', () => {
    const { future, resolve } = pending()
    const seen: string[] = []
    const [a, b, c] = ['a', 'b', 'c'].map((name) => () => void seen.push(name)) as [() => void, () => void, () => void]
    for (const listener of [a, b, c]) listen(future, listener)
    unlisten(future, b)
    resolve(1)
    listen(future, b)
    expect(seen).toEqual(['a', 'c', 'b'])
    const other = pending()
    listen(other.future, a)
    unlisten(other.future, a)
    unlisten(other.future, a)
    other.resolve(1)
    expect(seen.length).toBe(3)
  })

  it('settling says false when it is done already', () => {
    const future = createFuture<number>({})
    expect([startFuture(future), startFuture(future)]).toEqual([true, false])
    expect([fulfilFuture(future, 1), fulfilFuture(future, 2), failFuture(future, 3), startFuture(future)]).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(outcomeOf(future)).toEqual({ status: 'fulfilled', value: 1 })
    expect(hasFailed(future)).toBe(false)
    const bad = failed(undefined)
    expect([hasFailed(bad), outcomeOf(bad)]).toEqual([true, { status: 'rejected', reason: undefined }])
  })

  it('the driver is asked whether a pending call runs, and is let go at the end', () => {
    let runs = false
    let asked = 0
    const future = createFuture<number>({
      driver: {
        isRunning: () => {
          asked++
          return runs
        },
      },
    })
    expect(future.state).toBe('pending')
    runs = true
    expect([future.running, future.state]).toEqual([true, 'running'])
    fulfilFuture(future, 1)
    const before = asked
    expect(future.state).toBe('finished')
    expect(asked).toBe(before)
  })
})
