// What a map does, one behaviour at a time, over a pool that is driven by hand: how far it reads its source.
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { defaultCallOptions } from '../../dist/core/call-options.js'
import { FakeSubmitter, settle, WatchedSource } from './fake-submitter.js'
import { done, mapOn, value } from './support.js'

describe('reading ahead', () => {
  it('reads bufferSize items, and one more for each that is asked for, before it waits', async () => {
    const pool = new FakeSubmitter()
    const source = new WatchedSource('endless')
    const results = mapOn(pool, source.sync, { bufferSize: 3 })
    expect(pool.calls.length).toBe(3)
    const first = results.next()
    expect(pool.calls.length).toBe(4)
    const second = results.next()
    expect(pool.calls.length).toBe(4)
    pool.call(0).end('a')
    expect(await first).toEqual(value('a'))
    expect(pool.calls.length).toBe(5)
    pool.call(1).end('b')
    expect(await second).toEqual(value('b'))
    expect(pool.calls.length).toBe(5)
    await results.return()
    expect(source.returned).toBe(1)
  })

  it('reads 2 × maxWorkers of an async iterable, one at a time, and follows resize', async () => {
    const pool = new FakeSubmitter()
    const source = new WatchedSource('endless')
    const results = mapOn(pool, source.async)
    await settle()
    expect(source.read).toBe(4)
    pool.maxWorkers = 3
    pool.call(0).end('a')
    expect(await results.next()).toEqual(value('a'))
    await settle()
    expect(source.read).toBe(7)
    await results.return()
  })

  it('lets a source wait for a result of the same map', async () => {
    const pool = new FakeSubmitter()
    pool.sends = true
    for (const chunkSize of [1, 5, 'auto'] as const) {
      let release = (_: unknown): void => {}
      const earlier = new Promise((resolve) => {
        release = resolve
      })
      const results = mapOn(
        pool,
        (async function* () {
          yield 1
          yield await earlier
        })(),
        { chunkSize, bufferSize: 10 },
      )
      const first = results.next()
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      for (const call of pool.calls.splice(0)) call.end('one')
      for (const chunk of pool.openChunks) chunk.end(() => ({ status: 'fulfilled', value: 'one' }))
      expect(await first).toEqual(value('one'))
      release(2)
      await results.return()
    }
  })

  it('pauses while the queue is full, without reading on, also in the call itself', async () => {
    const pool = new FakeSubmitter()
    pool.maxQueue = 2
    const source = new WatchedSource([0, 1, 2, 3])
    const results = mapOn(pool, source.sync)
    expect([source.read, pool.calls.length]).toEqual([2, 2])
    pool.call(0).end('a')
    pool.tellRoom()
    await settle()
    expect(source.read).toBe(3)
    for (let i = 1; i < 4; i++) {
      pool.call(i).end(i)
      pool.tellRoom()
      await settle()
    }
    expect(await results.toArray()).toEqual(['a', 1, 2, 3])
    expect(source.returned).toBe(0)
  })

  it('keeps an item that was read while the last place was taken', async () => {
    const pool = new FakeSubmitter()
    pool.maxQueue = 1
    const other = { call: undefined as { future: { cancel(): boolean } } | undefined }
    const source = new WatchedSource([0, 1])
    const { itemAt } = source
    source.itemAt = (n) => {
      if (n === 1) other.call = pool.submit(() => {}, ['other', 77], defaultCallOptions)
      return itemAt(n)
    }
    for (const items of [source.sync, source.async]) {
      source.read = 0
      pool.calls.length = 0
      const results = mapOn(pool, items)
      await settle()
      pool.call(0).start()
      pool.tellRoom()
      await settle()
      expect(pool.calls.map(({ index }) => index)).toEqual([0, 77])
      other.call?.future.cancel()
      pool.tellRoom()
      await settle()
      expect(pool.calls.map(({ index }) => index)).toEqual([0, 77, 1])
      pool.call(0).end('a')
      pool.call(1).end('b')
      expect(await results.toArray()).toEqual(['a', 'b'])
    }
  })

  it('gives the results that are there after a shutdown, then its error', async () => {
    const pool = new FakeSubmitter()
    const source = new WatchedSource('endless')
    const results = mapOn(pool, source.sync, { bufferSize: 2 })
    pool.shutdown()
    for (const call of pool.calls) call.end(call.index)
    expect(await results.next()).toEqual(value(0))
    expect(await results.next()).toEqual(value(1))
    await expect(results.next()).rejects.toThrow('the pool was shut down')
    expect([source.read, source.returned]).toEqual([2, 1])
    expect(await results.next()).toEqual(done)
  })

  it('ends with the error of a pool that is shut down while it waits for room', async () => {
    const pool = new FakeSubmitter()
    pool.maxQueue = 1
    const results = mapOn(pool, [0, 1])
    pool.shutdown()
    pool.call(0).end('a')
    expect(await results.next()).toEqual(value('a'))
    await expect(results.next()).rejects.toThrow('the pool was shut down')
  })

  it('submits in the async context of whoever called map, wherever it is asked', async () => {
    const store = new AsyncLocalStorage<string>()
    const seen = new Set<string | undefined>()
    const pool = new FakeSubmitter()
    pool.sends = true
    pool.onSubmit = () => void seen.add(store.getStore())
    for (const chunkSize of [1, 2] as const) {
      const source = new WatchedSource('endless')
      source.itemAt = (n) => {
        seen.add(store.getStore())
        return n
      }
      const results = store.run('here', () => mapOn(pool, source.sync, { bufferSize: 4, chunkSize }))
      await store.run('there', async () => {
        const asked = results.next()
        for (const call of pool.calls) call.end(0)
        for (const chunk of pool.openChunks) chunk.end()
        await asked
        await results.next()
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      })
      await results.return()
    }
    expect([...seen]).toEqual(['here'])
  })

  it('reads nothing more after the map was left from inside the source', async () => {
    const pool = new FakeSubmitter()
    const closing: Promise<unknown>[] = []
    let cleaned = false
    function* source() {
      try {
        yield 0
        yield 1
        closing.push(results.return())
        yield 2
        yield 3
      } finally {
        cleaned = true
      }
    }
    const results = mapOn(pool, source(), { bufferSize: 2 })
    pool.call(0).end('a')
    expect(await results.next()).toEqual(value('a'))
    await Promise.all(closing)
    expect(pool.calls.length).toBe(2)
    expect(cleaned).toBe(true)
    expect(await results.next()).toEqual(done)
  })
})
