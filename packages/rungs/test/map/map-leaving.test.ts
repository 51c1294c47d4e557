// What a map does, one behaviour at a time, over a pool that is driven by hand: how it is left before its end.
import { describe, expect, it } from 'vitest'
import { CancelledError } from '../../dist/core/errors.js'
import { FakeSubmitter, settle, WatchedSource } from './fake-submitter.js'
import { done, mapOn, now, value, warningsDuring } from './support.js'

describe('leaving a map', () => {
  it('cancels what has not started, closes the source once, and waits for no call', async () => {
    const pool = new FakeSubmitter()
    const source = new WatchedSource('endless')
    const results = mapOn(pool, source.sync, { bufferSize: 3 })
    pool.call(0).end('a')
    pool.call(1).start()
    for await (const _ of results) break
    expect(pool.calls.map(({ state }) => state)).toEqual(['finished', 'running', 'cancelled', 'cancelled'])
    expect(pool.call(1).aborted).toBe(false)
    await results.return()
    expect(source.returned).toBe(1)
    expect(await results.return('x')).toEqual({ done: true, value: 'x' })
  })

  it('ends those who wait', async () => {
    const results = mapOn(new FakeSubmitter(), [0])
    const asked = results.next()
    await results.return()
    expect(await asked).toEqual(done)
  })

  it('lets toArray() know that not all is there', async () => {
    const results = mapOn(new FakeSubmitter(), [0])
    const all = results.toArray()
    await results.return()
    await expect(all).rejects.toThrow(CancelledError)
  })

  it('waits for an async source to clean up, but not for a read that may never end', async () => {
    const pool = new FakeSubmitter()
    let cleanUp = (): void => {}
    const cleaned = new Promise<void>((resolve) => {
      cleanUp = resolve
    })
    async function* careful() {
      try {
        yield 0
        yield 1
      } finally {
        await cleaned
      }
    }
    const results = mapOn(pool, careful(), { bufferSize: 1 })
    await settle()
    const left = results.return()
    expect(await now(left)).toBe('pending')
    cleanUp()
    await left

    const stuck = mapOn(
      pool,
      (async function* () {
        await new Promise(() => {})
        yield 1
      })(),
    )
    expect(await now(stuck.return())).toEqual(done)
  })

  it('tells what goes wrong while the source is closed', async () => {
    const source = {
      [Symbol.iterator]: () => ({
        next: () => value(1),
        return: () => {
          throw new Error('clean-up')
        },
      }),
    }
    const left = mapOn(new FakeSubmitter(), source, { bufferSize: 1 })
    await expect(left.return()).rejects.toThrow('clean-up')
    expect(await left.next()).toEqual(done)
    const pool = new FakeSubmitter()
    const failing = mapOn(pool, source, { bufferSize: 1 })
    pool.call(0).fail(new Error('the item'))
    const warnings = await warningsDuring(() => expect(failing.next()).rejects.toThrow('the item'))
    expect(warnings.join()).toContain('clean-up')
  })

  it('by throw() rethrows, and by `await using` too', async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0, 1])
    await expect(results.throw?.(new Error('mine'))).rejects.toThrow('mine')
    const used = mapOn(pool, [0, 1])
    await used[Symbol.asyncDispose]()
    expect(pool.calls.map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled'])
  })
})

describe('the signal of a map', () => {
  it('reads nothing when it was aborted before', async () => {
    const pool = new FakeSubmitter()
    const source = new WatchedSource([0])
    for (const items of [source.sync, source.async]) {
      const error = await mapOn(pool, items, { signal: AbortSignal.abort('before') })
        .next()
        .catch((error) => error)
      expect(error).toBeInstanceOf(CancelledError)
      expect(error.reason).toBe('before')
    }
    expect([source.read, pool.calls.length]).toEqual([0, 0])
  })

  it('cancels all that has not ended, with its reason, and ends the iteration', async () => {
    const pool = new FakeSubmitter()
    const stop = new AbortController()
    const source = new WatchedSource('endless')
    const results = mapOn(pool, source.sync, { bufferSize: 3, signal: stop.signal })
    pool.call(0).end('a')
    pool.call(1).start()
    stop.abort('enough')
    expect(pool.calls.map(({ state }) => state)).toEqual(['finished', 'cancelled', 'cancelled'])
    expect([pool.call(1).aborted, pool.call(1).abortReason, source.returned]).toEqual([true, 'enough', 1])
    await expect(results.next()).rejects.toMatchObject({ reason: 'enough' })
    expect(await results.next()).toEqual(done)
  })

  it('has one listener for all items, and none when they have ended', async () => {
    const pool = new FakeSubmitter()
    const listeners = new Set<unknown>()
    const { signal } = new AbortController()
    signal.addEventListener = (_: string, listener: unknown) => void listeners.add(listener)
    signal.removeEventListener = (_: string, listener: unknown) => void listeners.delete(listener)
    const results = mapOn(pool, [0, 1, 2], { signal })
    expect(listeners.size).toBe(1)
    expect(pool.calls.every(({ options }) => options.signal === undefined)).toBe(true)
    for (const call of pool.calls) call.end(call.index)
    expect(listeners.size).toBe(0)
    expect(await results.toArray()).toEqual([0, 1, 2])
  })
})
