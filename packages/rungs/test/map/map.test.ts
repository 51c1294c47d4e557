// What a map does, one behaviour at a time, over a pool that is driven by hand.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { defaultCallOptions } from '../../dist/core/call-options.js'
import { CancelledError, TimeoutError } from '../../dist/core/errors.js'
import type { MapOptions, MapResults } from '../../dist/core/executor.js'
import { mapArgs, starmapArgs } from '../../dist/executors/map/args.js'
import { runMap } from '../../dist/executors/map/run-map.js'
import { VirtualClock } from '../../dist/testing/virtual-clock.js'
import { FakeSubmitter, settle, WatchedSource } from './fake-submitter.js'

const done = { done: true, value: undefined }
const value = (given: unknown) => ({ done: false, value: given })

function mapOn(pool: FakeSubmitter, items: unknown, options?: MapOptions, argsOf = mapArgs): MapResults<unknown> & AsyncDisposable {
  return runMap(pool, () => {}, items as Iterable<unknown>, argsOf, options, defaultCallOptions)
}

/** What the promise has given, or that it is still pending. */
async function now(promise: Promise<unknown>): Promise<unknown> {
  let said: unknown = 'pending'
  promise.then(
    (given) => {
      said = given
    },
    (error) => {
      said = { error }
    },
  )
  await settle()
  return said
}

async function warningsDuring(act: () => unknown): Promise<string[]> {
  const warnings: string[] = []
  const listen = (warning: Error): void => void warnings.push(warning.message)
  process.on('warning', listen)
  await act()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  return warnings
}

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

async function collect(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
  await new Promise((resolve) => setImmediate(resolve))
}

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

describe('a failure', () => {
  it('is thrown after the results before it, once; what has not started is cancelled, what runs goes on', async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0, 1, 2, 3])
    pool.call(1).fail(new Error('one'))
    pool.call(2).start()
    const asked = [results.next(), results.next(), results.next()]
    expect(pool.calls.map(({ state }) => state)).toEqual(['pending', 'finished', 'running', 'pending'])
    pool.call(0).end('zero')
    expect(await asked[0]).toEqual(value('zero'))
    await expect(asked[1]).rejects.toThrow('one')
    expect(await asked[2]).toEqual(done)
    expect(pool.calls.map(({ state }) => state)).toEqual(['finished', 'finished', 'running', 'cancelled'])
    expect(await results.toArray()).toEqual([])
  })

  it('is thrown as it comes with ordered: false', async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0, 1, 2], { ordered: false })
    pool.call(2).end('two')
    pool.call(1).fail(new Error('one'))
    expect(await results.next()).toEqual(value('two'))
    await expect(results.next()).rejects.toThrow('one')
  })

  it('of a call that was cancelled by its pool is a CancelledError', async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0])
    pool.shutdown({ cancelFutures: true })
    await expect(results.next()).rejects.toThrow(CancelledError)
  })

  it('of the source comes after the results before it, also of those that have not started', async () => {
    const pool = new FakeSubmitter()
    for (const async of [false, true]) {
      pool.calls.length = 0
      const source = new WatchedSource([0, 1, 2])
      source.itemAt = (n) => {
        if (n === 1) throw new Error('source')
        return n
      }
      const results = mapOn(pool, async ? source.async : source.sync, { bufferSize: 3 })
      const asked = results.next()
      await settle()
      expect(pool.call(0).state).toBe('pending')
      pool.call(0).end('a')
      expect(await asked).toEqual(value('a'))
      await expect(results.next()).rejects.toThrow('source')
      // It has ended by itself: there is nothing to close.
      expect(source.returned).toBe(0)
    }
  })

  it('of a source that gives no iterator results names what it gave', async () => {
    const wrong = { next: () => 7 }
    const sync = { [Symbol.iterator]: () => wrong }
    const async = { [Symbol.asyncIterator]: () => wrong }
    expect(() => mapOn(new FakeSubmitter(), sync)).toThrow('gave 7')
    await expect(mapOn(new FakeSubmitter(), async).next()).rejects.toThrow('gave 7')
  })

  it('is not reported when it was thrown, given, or the map was left', async () => {
    const warnings = await warningsDuring(async () => {
      const pool = new FakeSubmitter()
      const thrown = mapOn(pool, [0, 1])
      pool.calls[0]?.fail(new Error('seen'))
      pool.calls[1]?.start()
      await thrown.next().catch(() => {})
      pool.calls[1]?.fail(new Error('late'))
      const settled = mapOn(pool, [0], { onError: 'settle' })
      pool.calls[2]?.fail(new Error('given'))
      await settled.next()
      const left = mapOn(pool, [0, 1])
      pool.calls[3]?.fail(new Error('left'))
      pool.calls[4]?.start()
      await left.return()
      pool.calls[4]?.fail(new Error('late'))
      pool.calls.length = 0
      await collect()
    })
    expect(warnings).toEqual([])
  })

  it('is reported once for a map that nobody iterated, with the place of the call', async () => {
    const warnings = await warningsDuring(async () => {
      const pool = new FakeSubmitter()
      ;(function placeOfTheCall() {
        mapOn(pool, [0, 1, 2], { key: 'the key' })
      })()
      for (const call of pool.calls.splice(0)) call.fail(new Error(`nobody saw ${call.index}`))
      await collect()
    })
    expect(warnings.length).toBe(1)
    expect(warnings[0]).toContain('nobody saw 0')
    expect(warnings[0]).toContain('the key')
    expect(warnings[0]).toContain('placeOfTheCall')
  })
})

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

describe('mapTimeout', () => {
  it('gives what is there, then TimeoutError; all else is cancelled, also what runs', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const pool = new FakeSubmitter()
    const source = new WatchedSource('endless')
    const results = mapOn(pool, source.sync, { bufferSize: 4, mapTimeout: 1_000 })
    pool.call(0).end('a')
    pool.call(1).start()
    pool.call(2).end('c')
    await time.advance(999)
    expect(pool.call(1).state).toBe('running')
    await time.advance(1)
    expect(pool.calls.map(({ state }) => state)).toEqual(['finished', 'cancelled', 'finished', 'cancelled'])
    expect(pool.call(1).aborted).toBe(true)
    expect(source.returned).toBe(1)
    expect(await results.next()).toEqual(value('a'))
    await expect(results.next()).rejects.toThrow(TimeoutError)
    expect(await results.next()).toEqual(done)
    expect(time.pending).toBe(0)
  })

  it('ends a wait, and leaves no timer when all has ended before', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const pool = new FakeSubmitter()
    const late = mapOn(pool, [0], { mapTimeout: 1_000 })
    const asked = expect(late.next()).rejects.toThrow('mapTimeout of 1000 ms')
    await time.advance(1_000)
    await asked
    const early = mapOn(pool, [0], { mapTimeout: 1_000 })
    pool.calls[1]?.end('a')
    expect(time.pending).toBe(0)
    expect(await early.toArray()).toEqual(['a'])
    const left = mapOn(pool, [0], { mapTimeout: 1_000 })
    await left.return()
    expect(time.pending).toBe(0)
  })

  it("is not taken for an item's own TimeoutError", async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0, 1], { mapTimeout: 60_000, onError: 'settle' })
    const mine = new TimeoutError('mine')
    pool.call(0).fail(mine)
    pool.call(1).end('b')
    expect(await results.toArray()).toMatchObject([{ reason: mine }, { value: 'b' }])
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
