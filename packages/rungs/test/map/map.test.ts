// What a map does, one behaviour at a time, over a pool that is driven by hand: the call, and the results.
import { describe, expect, it } from 'vitest'
import { defaultCallOptions } from '../../dist/core/call-options.js'
import { CancelledError } from '../../dist/core/errors.js'
import type { MapOptions } from '../../dist/core/executor.js'
import { mapArgs, starmapArgs } from '../../dist/executors/map/args.js'
import { runMap } from '../../dist/executors/map/run-map.js'
import { FakeSubmitter, settle, WatchedSource } from './fake-submitter.js'
import { collect, done, mapOn, value } from './support.js'

describe('the call to map', () => {
  it('refuses what cannot be iterated, and shows it', () => {
    for (const [items, shown] of [
      [42, '42'],
      [null, 'null'],
      [undefined, 'undefined'],
      [{ length: 2 }, 'length: 2'],
    ] as const) {
      expect(() => mapOn(new FakeSubmitter(), items)).toThrow(TypeError)
      expect(() => mapOn(new FakeSubmitter(), items)).toThrow(shown)
    }
  })

  it('refuses wrong options, and what is not a function', () => {
    const pool = new FakeSubmitter()
    const wrong: [object, string][] = [
      [{ bufferSize: 0 }, 'bufferSize'],
      [{ bufferSize: 1.5 }, 'bufferSize'],
      [{ chunkSize: -1 }, 'chunkSize'],
      [{ chunkSize: 'big' }, 'chunkSize'],
      [{ mapTimeout: Number.NaN }, 'mapTimeout'],
      [{ onError: 'ignore' }, 'onError'],
      [{ progress: 1 }, 'progress'],
      [{ order: false }, 'ordered'],
    ]
    for (const [options, named] of wrong) expect(() => mapOn(pool, [1], options as MapOptions)).toThrow(named)
    expect(() => runMap(pool, 1 as never, [1], mapArgs, {}, defaultCallOptions)).toThrow('must be a function')
    expect(pool.calls).toEqual([])
  })

  it('takes a string, a Set, a Map and a generator as they are iterated', () => {
    const pool = new FakeSubmitter()
    mapOn(pool, 'ab')
    mapOn(pool, new Set([1, 2]))
    mapOn(pool, new Map([['k', 'v']]))
    expect(pool.calls.map(({ args }) => args)).toEqual([
      ['a', 0],
      ['b', 1],
      [1, 0],
      [2, 1],
      [['k', 'v'], 0],
    ])
  })

  it('prefers the async iterator of what has both', async () => {
    const pool = new FakeSubmitter()
    const both = Object.assign(new WatchedSource(['async']).async, { [Symbol.iterator]: () => ['sync'].values() })
    const results = mapOn(pool, both)
    await settle()
    expect(pool.calls[0]?.args[0]).toBe('async')
    await results.return()
  })

  it('submits all of an iterable before it returns; what happens to the array later does not matter', () => {
    const pool = new FakeSubmitter()
    pool.sends = true
    for (const chunkSize of [1, 2, 'auto'] as const) {
      const items = [1, 2, 3]
      pool.chunks.length = 0
      mapOn(pool, items, { chunkSize })
      items[2] = 99
      items.length = 0
      for (let chunk = pool.openChunks[0]; chunk !== undefined; chunk = pool.openChunks[0]) chunk.end()
      const sent = [
        ...pool.calls.splice(0).map(({ args }) => args[0]),
        ...pool.chunks.flatMap(({ argLists }) => argLists.map((args) => args[0])),
      ]
      expect(sent).toEqual([1, 2, 3])
    }
  })

  it('throws what reading throws, and cancels what it had submitted', () => {
    for (const chunkSize of [1, 2, 'auto'] as const) {
      const pool = new FakeSubmitter()
      pool.sends = true
      pool.onSubmit = () => {}
      const source = (function* () {
        yield 1
        pool.calls[0]?.start()
        yield 2
        yield 3
        throw new Error('source')
      })()
      expect(() => mapOn(pool, source, { chunkSize })).toThrow('source')
      expect(pool.calls.map(({ state }) => state)).toEqual(chunkSize === 1 ? ['running', 'cancelled', 'cancelled'] : [])
      expect(pool.openChunks).toEqual([])
      expect(pool.reservations).toBe(0)
    }
  })

  it('throws when the pool takes no more calls, cancels what it had submitted, and closes the source', async () => {
    const pool = new FakeSubmitter()
    pool.onSubmit = (args) => void (args[1] === 2 && pool.shutdown())
    const source = new WatchedSource('endless')
    expect(() => mapOn(pool, source.sync)).toThrow('the pool was shut down')
    expect([source.read, source.returned]).toEqual([3, 1])
    expect(pool.calls.map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
    const next = new WatchedSource([1])
    for (const items of [next.sync, next.async]) expect(() => mapOn(pool, items)).toThrow('the pool was shut down')
    expect(() => mapOn(pool, next.sync, { bufferSize: 1 })).toThrow('the pool was shut down')
    expect(next.read).toBe(0)
  })

  it('throws when the queue is full, if it does not wait', () => {
    const pool = new FakeSubmitter()
    pool.maxQueue = 2
    pool.onFull = 'throw'
    expect(() => mapOn(pool, [1, 2, 3])).toThrow('queue is full')
    expect(pool.calls.map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
  })

  it('gives what went wrong with the queue from the iteration when it reads lazily, after the results before it', async () => {
    const pool = new FakeSubmitter()
    pool.maxQueue = 2
    pool.onFull = 'throw'
    const source = new WatchedSource('endless')
    const results = mapOn(pool, source.sync, { bufferSize: 3 })
    for (const call of [...pool.calls]) call.end(call.index)
    expect(await results.next()).toEqual(value(0))
    expect(await results.next()).toEqual(value(1))
    await expect(results.next()).rejects.toThrow('queue is full')
    expect(source.returned).toBe(1)
    expect(await results.next()).toEqual(done)
  })

  it('spreads the items of starmap, and says which one it cannot spread', async () => {
    const pool = new FakeSubmitter()
    mapOn(pool, [[1, 2], new Set(['a'])], {}, starmapArgs)
    expect(pool.calls.map(({ args }) => args)).toEqual([[1, 2], ['a']])
    for (const chunkSize of [1, 2, 'auto'] as const) {
      pool.sends = true
      for (const bad of [3, 'ab', null, {}]) {
        const read = () => mapOn(pool, [[1], bad, [2]], { chunkSize }, starmapArgs)
        expect(read).toThrow(TypeError)
        expect(read).toThrow('item 1 is')
      }
      const lazy = mapOn(pool, [bad(), [2]], { chunkSize, bufferSize: 2 }, starmapArgs)
      await expect(lazy.next()).rejects.toThrow('item 0 is 3')
    }
    function bad(): unknown {
      return 3
    }
  })

  it('gives an empty iteration for an empty source', async () => {
    const pool = new FakeSubmitter()
    pool.sends = true
    for (const items of [[], new Set(), '', new WatchedSource([]).async]) {
      for (const chunkSize of [1, 3, 'auto'] as const) {
        expect(await mapOn(pool, items, { chunkSize }).toArray()).toEqual([])
        expect(await mapOn(pool, items, { chunkSize, ordered: false }).next()).toEqual(done)
      }
    }
  })
})

describe('the results', () => {
  it('come in the order of the items, or as they come', async () => {
    const pool = new FakeSubmitter()
    const ordered = mapOn(pool, [0, 1])
    const unordered = mapOn(pool, [0, 1], { ordered: false })
    for (const call of [...pool.calls].reverse()) call.end(call.index)
    expect(await ordered.toArray()).toEqual([0, 1])
    expect(await unordered.toArray()).toEqual([1, 0])
  })

  it('may be promises, thenables and proxies: they are given as they are', async () => {
    const pool = new FakeSubmitter()
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('trap')
        },
      },
    )
    const results = mapOn(pool, [0, 1])
    pool.call(0).end(hostile)
    pool.call(1).end(undefined)
    expect((await results.next()).value).toBe(hostile)
    expect(await results.next()).toEqual(value(undefined))
    expect(await results.next()).toEqual(done)
  })

  it('are let go once they are given', async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0, 1, 2])
    const made = ((): WeakRef<object> => {
      const big = { big: true }
      pool.call(0).end(big)
      return new WeakRef(big)
    })()
    pool.calls.shift()
    await results.next()
    await collect()
    expect(made.deref()).toBeUndefined()
    await results.return()
  })

  it('are given to several next() in order, and what is left to toArray(); what is asked after that is told that it is over', async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0, 1, 2, 3])
    const asked = [results.next(), results.next(), results.toArray(), results.next(), results.toArray()]
    for (const call of [...pool.calls].reverse()) call.end(call.index)
    expect(await Promise.all(asked)).toEqual([value(0), value(1), [2, 3], done, []])
  })

  it('of an endless source go through thousands of items in little room', async () => {
    const pool = new FakeSubmitter()
    for (const ordered of [true, false]) {
      const results = mapOn(pool, new WatchedSource('endless').sync, { bufferSize: 3, ordered })
      for (let i = 0; i < 3_000; i++) {
        const call = pool.calls.shift()
        call?.end(call.index)
        expect((await results.next()).value).toBe(i)
      }
      await results.return()
      pool.calls.length = 0
    }
  })

  it("say with onError: 'settle' all that is known of each item", async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, ['a', 'b', 'c'], { onError: 'settle' })
    pool.call(0).end('A')
    pool.call(1).fail(undefined)
    pool.call(2).future.cancel('why')
    const records = await results.toArray()
    expect(records).toEqual([
      { status: 'fulfilled', value: 'A', index: 0, input: 'a', attempts: 1, ms: 1 },
      { status: 'rejected', reason: undefined, index: 1, input: 'b', attempts: 1, ms: 1 },
      { status: 'rejected', reason: expect.any(CancelledError), index: 2, input: 'c', attempts: 0, ms: 0 },
    ])
  })
})

describe('a pool that has to know who waits', () => {
  it('is told of the item that the iteration waits for', async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0, 1])
    expect(pool.calls.map(({ awaited }) => awaited)).toEqual([0, 0])
    const all = results.toArray()
    expect(pool.calls.map(({ awaited }) => awaited)).toEqual([1, 0])
    pool.call(0).end('a')
    expect(pool.calls.map(({ awaited }) => awaited)).toEqual([1, 1])
    pool.call(1).end('b')
    await all
  })
})
