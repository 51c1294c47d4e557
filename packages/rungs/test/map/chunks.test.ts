// Many items in a message: cutting, errors of single items, workers that die, shutdown.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultCallOptions } from '../../dist/core/call-options.js'
import { CancelledError, NotShippableError, WorkerDiedError } from '../../dist/core/errors.js'
import type { MapOptions, MapResults } from '../../dist/core/executor.js'
import type { Outcome } from '../../dist/core/outcome.js'
import { mapArgs } from '../../dist/executors/map/args.js'
import { runMap } from '../../dist/executors/map/run-map.js'
import { type FakeChunk, FakeSubmitter, settle, WatchedSource } from './fake-submitter.js'

function sender(): FakeSubmitter {
  const pool = new FakeSubmitter()
  pool.sends = true
  return pool
}

function mapOn(pool: FakeSubmitter, items: unknown, options: MapOptions): MapResults<unknown> {
  return runMap(pool, () => {}, items as Iterable<unknown>, mapArgs, options, defaultCallOptions)
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const good = ([item]: readonly unknown[]): Outcome => ({ status: 'fulfilled', value: `r${item}` })
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Ends every chunk there is or will be. */
async function endAll(pool: FakeSubmitter, of = good): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    const chunk = pool.openChunks[0]
    quiet = chunk === undefined ? quiet + 1 : 0
    chunk?.end(of)
    await turn()
  }
}

describe('chunks of a fixed size', () => {
  it('are cut and sent at the call, in order', async () => {
    const pool = sender()
    const results = mapOn(pool, upTo(7), { chunkSize: 3 })
    expect(pool.chunks.map(({ indexes }) => indexes)).toEqual([[0, 1, 2], [3, 4, 5], [6]])
    await endAll(pool)
    expect(await results.toArray()).toEqual(upTo(7).map((n) => `r${n}`))
    expect(pool.reservations).toBe(0)
  })

  it('are not used where an item needs a call of its own, or nothing is sent', () => {
    for (const options of [{ timeout: 1 }, { deadline: 1 }, { retries: 1 }, { transfer: [] }, { onProgress: () => {} }]) {
      const pool = sender()
      mapOn(pool, upTo(4), { chunkSize: 2, ...options })
      expect([pool.calls.length, pool.chunks.length]).toEqual([4, 0])
    }
    const tasks = new FakeSubmitter()
    mapOn(tasks, upTo(4), { chunkSize: 'auto' })
    expect(tasks.calls.length).toBe(4)
    const one = sender()
    mapOn(one, upTo(4), { chunkSize: 1 })
    expect(one.calls.length).toBe(4)
  })

  it('give each result when it comes, and each failure to its own item', async () => {
    const pool = sender()
    const results = mapOn(pool, upTo(4), { chunkSize: 4, onError: 'settle' })
    const first = results.next()
    const [chunk] = pool.chunks as [FakeChunk]
    chunk.tell(good(chunk.next), 5)
    expect(await first).toEqual({ done: false, value: { status: 'fulfilled', value: 'r0', index: 0, input: 0, attempts: 1, ms: 5 } })
    chunk.tell({ status: 'rejected', reason: 'bad' }, 6)
    chunk.end(good)
    const rest = await results.toArray()
    expect(rest[0]).toEqual({ status: 'rejected', reason: 'bad', index: 1, input: 1, attempts: 1, ms: 6 })
    expect(rest.slice(1)).toMatchObject([{ value: 'r2' }, { value: 'r3' }])
  })

  it('are cut from what bufferSize allows: full when workers are busy, smaller when one has nothing to do', async () => {
    const pool = sender()
    const source = new WatchedSource('endless')
    const results = mapOn(pool, source.sync, { chunkSize: 4, bufferSize: 6 })
    expect(source.read).toBe(6)
    expect(pool.chunks.map(({ indexes }) => indexes)).toEqual([[0, 1, 2, 3]])
    await turn()
    expect(pool.chunks.map(({ indexes }) => indexes.length)).toEqual([4, 2])
    pool.chunks[0]?.end(good)
    for (let i = 0; i < 4; i++) await results.next()
    await turn()
    // The four that were read meanwhile go together, not one by one.
    expect(pool.chunks.map(({ indexes }) => indexes.length)).toEqual([4, 2, 4])
    expect(source.read).toBe(10)
    await results.return()
    expect(pool.reservations).toBe(0)
  })

  it('are shared out among idle workers when there are not enough items for full ones', async () => {
    const pool = sender()
    const results = mapOn(pool, new WatchedSource('endless').sync, { chunkSize: 100, bufferSize: 6 })
    await turn()
    expect(pool.chunks.map(({ indexes }) => indexes)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ])
    await results.return()
  })

  it('wait for room in the queue', async () => {
    const pool = sender()
    pool.maxQueue = 1
    const source = new WatchedSource(upTo(6))
    const results = mapOn(pool, source.sync, { chunkSize: 2 })
    expect([pool.chunks.length, source.read]).toEqual([1, 2])
    const all = results.toArray()
    for (let i = 0; i < 3; i++) {
      pool.openChunks[0]?.end(good)
      pool.tellRoom()
      await turn()
      await turn()
    }
    expect(await all).toEqual(upTo(6).map((n) => `r${n}`))
  })

  it('end with the error of the pool after what was sent, when it takes no more', async () => {
    const pool = sender()
    const results = mapOn(pool, new WatchedSource('endless').sync, { chunkSize: 2, bufferSize: 3 })
    pool.shutdown()
    await turn()
    await endAll(pool)
    expect(await results.next()).toEqual({ done: false, value: 'r0' })
    expect(await results.next()).toEqual({ done: false, value: 'r1' })
    await expect(results.next()).rejects.toThrow('the pool was shut down')
    expect(pool.reservations).toBe(0)
  })
})

describe("chunks of 'auto' size", () => {
  it('are cut late: two for each worker are on their way', async () => {
    const pool = sender()
    const results = mapOn(pool, upTo(1_000), { chunkSize: 'auto' })
    expect(pool.openChunks.map(({ indexes }) => indexes)).toEqual([[0], [1], [2], [3]])
    pool.openChunks[0]?.end(good, 0.01)
    expect(pool.openChunks.length).toBe(4)
    expect(pool.openChunks.at(-1)?.indexes.length).toBe(8)
    pool.maxWorkers = 3
    pool.openChunks[0]?.end(good, 0.01)
    expect(pool.openChunks.length).toBe(6)
    await endAll(pool)
    expect(await results.toArray()).toEqual(upTo(1_000).map((n) => `r${n}`))
    expect(pool.reservations).toBe(0)
  })

  it('count as submitted: a shutdown lets all of them run, one that cancels cancels all of them', async () => {
    const pool = sender()
    const results = mapOn(pool, upTo(100), { chunkSize: 'auto' })
    pool.shutdown()
    expect(pool.reservations).toBe(1)
    await endAll(pool)
    expect(pool.reservations).toBe(0)
    expect(await results.toArray()).toEqual(upTo(100).map((n) => `r${n}`))

    const other = sender()
    const cancelled = mapOn(other, upTo(100), { chunkSize: 'auto', onError: 'settle' })
    other.chunks[0]?.begin()
    other.shutdown({ cancelFutures: true })
    await endAll(other)
    const records = (await cancelled.toArray()) as { status: string; reason: unknown; attempts: number }[]
    expect(records.length).toBe(100)
    expect(records[0]?.status).toBe('fulfilled')
    expect(records.slice(1).every(({ reason, attempts }) => reason instanceof CancelledError && attempts === 0)).toBe(true)
    expect(other.reservations).toBe(0)
  })

  it('of an endless source stay within the buffer', async () => {
    const pool = sender()
    const source = new WatchedSource('endless')
    const results = mapOn(pool, source.async, { chunkSize: 'auto', bufferSize: 20 })
    for (let i = 0; i < 100; i++) {
      const asked = results.next()
      await settle()
      await turn()
      expect(source.read).toBeLessThanOrEqual(i + 21)
      for (const chunk of pool.openChunks) chunk.end(good)
      expect(await asked).toEqual({ done: false, value: `r${i}` })
    }
    await results.return()
    expect(source.returned).toBe(1)
  })
})

describe('a chunk that fails as a whole', () => {
  const death = (): Error => new WorkerDiedError('the worker died')

  it('fails the item that had begun; those that had not begin again elsewhere', async () => {
    const pool = sender()
    const results = mapOn(pool, upTo(4), { chunkSize: 4, onError: 'settle' })
    const [chunk] = pool.chunks as [FakeChunk]
    chunk.tell(good(chunk.next))
    chunk.begin()
    chunk.die(death())
    expect(pool.chunks.map(({ indexes }) => indexes)).toEqual([
      [0, 1, 2, 3],
      [2, 3],
    ])
    await endAll(pool)
    expect(await results.toArray()).toMatchObject([
      { value: 'r0', attempts: 1 },
      { reason: expect.any(WorkerDiedError), attempts: 1, index: 1, input: 1 },
      { value: 'r2', index: 2, attempts: 1 },
      { value: 'r3', index: 3 },
    ])
  })

  it('is not sent again for ever when workers die before they begin', async () => {
    const pool = sender()
    const results = mapOn(pool, upTo(2), { chunkSize: 2, onError: 'settle' })
    for (let i = 0; i < 10; i++) pool.openChunks[0]?.die(death())
    expect(pool.chunks.length).toBe(4)
    expect(await results.toArray()).toMatchObject([
      { reason: expect.any(WorkerDiedError), attempts: 0 },
      { reason: expect.any(WorkerDiedError), attempts: 0 },
    ])
    expect(pool.reservations).toBe(0)
  })

  it('is halved until the item that cannot be sent is alone', async () => {
    const pool = sender()
    const results = mapOn(pool, upTo(8), { chunkSize: 8, onError: 'settle' })
    for (let chunk = pool.openChunks[0]; chunk !== undefined; chunk = pool.openChunks[0]) {
      if (chunk.indexes.includes(5)) chunk.die(new NotShippableError('a socket', 'argument 0'))
      else chunk.end(good)
    }
    const records = (await results.toArray()) as { status: string }[]
    expect(records.map(({ status }) => status === 'rejected')).toEqual(upTo(8).map((n) => n === 5))
  })

  it('fails all its items when it is the function that cannot be sent', async () => {
    const pool = sender()
    const results = mapOn(pool, upTo(3), { chunkSize: 3 })
    pool.openChunks[0]?.die(new NotShippableError('a socket', 'captured variable socket'))
    expect(pool.chunks.length).toBe(1)
    await expect(results.toArray()).rejects.toThrow('a socket')
  })

  it('ends cancelled items as such', async () => {
    const pool = sender()
    const results = mapOn(pool, upTo(3), { chunkSize: 3, onError: 'settle' })
    pool.openChunks[0]?.begin()
    pool.openChunks[0]?.future.cancel()
    expect(await results.toArray()).toMatchObject([
      { reason: expect.any(CancelledError), attempts: 1 },
      { reason: expect.any(CancelledError), attempts: 0 },
      { reason: expect.any(CancelledError), attempts: 0 },
    ])
  })
})

describe('leaving a map of chunks', () => {
  it('cancels what has not begun, and lets what runs go on', async () => {
    const pool = sender()
    const results = mapOn(pool, upTo(6), { chunkSize: 2 })
    pool.chunks[0]?.begin()
    await results.return()
    expect(pool.chunks.map(({ future, notBegunCancelled, aborted }) => [future.state, notBegunCancelled, aborted])).toEqual([
      ['running', true, false],
      ['cancelled', false, false],
      ['cancelled', false, false],
    ])
    // What still comes is nobody's business.
    pool.chunks[0]?.tell({ status: 'rejected', reason: new Error('late') })
    pool.chunks[0]?.die(new Error('late'))
    expect(pool.reservations).toBe(0)
  })

  it('by its signal ends what runs too', async () => {
    const pool = sender()
    const stop = new AbortController()
    const results = mapOn(pool, upTo(100), { chunkSize: 'auto', signal: stop.signal })
    pool.chunks[0]?.begin()
    stop.abort('enough')
    expect(pool.chunks.every(({ future }) => future.cancelled)).toBe(true)
    expect(pool.chunks[0]?.aborted).toBe(true)
    await expect(results.next()).rejects.toMatchObject({ reason: 'enough' })
  })
})

describe('chunks, in thousands of random histories', () => {
  it('end each item once, with its own outcome, whatever happens to the chunks around it', async () => {
    const settings = fc.record({
      count: fc.integer({ min: 0, max: 60 }),
      chunkSize: fc.oneof(fc.integer({ min: 2, max: 9 }), fc.constant('auto' as const)),
      bufferSize: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
      async: fc.boolean(),
      ordered: fc.boolean(),
      maxWorkers: fc.integer({ min: 1, max: 3 }),
    })
    const steps = fc.array(fc.record({ which: fc.nat(5), how: fc.constantFrom('tell', 'tell', 'fail', 'end', 'begin', 'die', 'cancel') }), {
      maxLength: 60,
    })
    await fc.assert(
      fc.asyncProperty(settings, steps, async ({ count, async, maxWorkers, ...options }, steps) => {
        const pool = sender()
        pool.maxWorkers = maxWorkers
        const source = new WatchedSource(upTo(count))
        const results = mapOn(pool, async ? source.async : source.sync, { ...options, onError: 'settle' })
        const all = results.toArray() as Promise<
          { index: number; input: number; status: string; value: string; reason: unknown; attempts: number }[]
        >
        const expected = new Map<number, string>()
        for (const { which, how } of steps) {
          const { openChunks } = pool
          const chunk = openChunks[which % Math.max(1, openChunks.length)]
          if (chunk === undefined) {
            await turn()
            continue
          }
          const index = chunk.next[1] as number | undefined
          if (index !== undefined && (how === 'tell' || how === 'fail')) {
            expected.set(index, how)
            chunk.tell(how === 'tell' ? good(chunk.next) : { status: 'rejected', reason: `f${index}` })
          } else if (how === 'begin' && index !== undefined) chunk.begin()
          else if (how === 'end') chunk.end(good)
          else if (how === 'die') {
            // Half of it had begun one more item.
            if (index !== undefined && index % 2 === 0) chunk.begin()
            chunk.die(new WorkerDiedError('died'))
          } else if (how === 'cancel') chunk.future.cancel()
          if (options.chunkSize === 'auto') expect(pool.openChunks.length).toBeLessThanOrEqual(2 * maxWorkers)
          await settle()
        }
        let ended = false
        const over = all.then(() => {
          ended = true
        })
        await endAll(pool)
        expect(ended).toBe(true)
        await over
        const records = await all
        expect(records.map(({ index }) => index).sort((a, b) => a - b)).toEqual(upTo(count))
        if (options.ordered) expect(records.map(({ index }) => index)).toEqual(upTo(count))
        for (const record of records) {
          const { index, input, status, value, reason } = record
          expect(input).toBe(index)
          if (expected.get(index) === 'tell') expect(value).toBe(`r${index}`)
          else if (expected.get(index) === 'fail') expect(reason).toBe(`f${index}`)
          else if (status === 'fulfilled') expect(value).toBe(`r${index}`)
          else expect(reason instanceof WorkerDiedError || reason instanceof CancelledError).toBe(true)
        }
        // Nothing ran twice: an item was told by one chunk only.
        expect(pool.reservations).toBe(0)
        expect(pool.openChunks).toEqual([])
      }),
      { numRuns: 1_000 },
    )
  }, 120_000)
})
