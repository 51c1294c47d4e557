// The ways to the value of a future: await, result(), exception(), resultSync().
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CancelledError, InvalidStateError, TimeoutError } from '../../dist/core/errors.js'
import { createFuture, Future, fulfilFuture } from '../../dist/core/future.js'
import { VirtualClock } from '../../dist/testing/virtual-clock.js'
import { failed, falsy, pending } from './support.js'

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
