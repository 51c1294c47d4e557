// Cancelling a task ends what it waits for, also where that is an executor's: several futures, the next result of a map, an item of a stream.
import { afterEach, describe, expect, it } from 'vitest'
import { CancelledError, TimeoutError } from '../../dist/core/errors.js'
import type { Future } from '../../dist/core/future.js'
import { asCompleted, type Executor, type MapResults, TaskPoolExecutor, ThreadPoolExecutor, wait } from '../../dist/index.js'
import { currentTask, Queue, shield, sleep, timeout } from '../../dist/sync/index.js'
import { taskTree } from '../../dist/sync/print-tasks.js'
import { undelivered } from '../../dist/sync/scope.js'
import { untilCancelled } from '../fixtures/cancellable.js'
import { until } from '../fixtures/until.js'
import { double } from '../fixtures/work.js'
import { errorOf, start, turn } from './support.js'

afterEach(() => {
  expect(undelivered).toBe(0)
})

type Wait = (pool: Executor, futures: Future<unknown>[]) => Promise<unknown>

const someFutures = (pool: Executor): Future<unknown>[] => [pool.submit(untilCancelled), pool.submit(untilCancelled)]

const rungs: [string, () => Executor][] = [
  ['tasks', () => new TaskPoolExecutor({ maxWorkers: 3 })],
  ['threads', () => new ThreadPoolExecutor({ maxWorkers: 1, callsPerWorker: 3 })],
]

describe.each(rungs)('a cancelled task, with calls on %s,', (_, open) => {
  const waits: [string, string, Wait][] = [
    ['wait()', 'wait() for 2 of 2 futures', (_, futures) => wait(futures)],
    ['wait() for the first', 'wait() for 2 of 2 futures', (_, futures) => wait(futures, { returnWhen: 'FIRST_COMPLETED', timeout: 1e6 })],
    ['asCompleted()', 'asCompleted() for 2 of 2 futures', (_, futures) => asCompleted(futures).next()],
    ['next() of a map', 'a result of map()', (pool) => pool.map(untilCancelled, [1, 2]).next()],
    ['toArray() of a map', 'a result of map()', (pool) => pool.map(untilCancelled, [1, 2], { ordered: false }).toArray()],
    ['next() of a stream', 'an item of stream()', (pool) => pool.stream(endlessly).next()],
  ]

  it.each(waits)('leaves %s with its own error, and cancels the calls', async (_, what, begin) => {
    await using pool = open()
    let futures: Future<unknown>[] = []
    let seen: unknown
    const task = start(async () => {
      if (what.includes('futures')) futures = someFutures(pool)
      try {
        await begin(pool, futures)
      } catch (error) {
        seen = error
        throw error
      }
    })
    await until('the calls run', () => pool.stats.running > 0)
    expect(taskTree()).toContain(`waits for ${what}`)
    task.cancel('why')
    expect(await errorOf(task)).toBe(seen)
    expect(seen).toBeInstanceOf(CancelledError)
    expect(seen).toMatchObject({ reason: 'why' })
    expect(futures.map(({ cancelled }) => cancelled)).toEqual(futures.map(() => true))
    await until('the calls have ended', () => pool.stats.running === 0)
  })

  it('leaves the loop over a map, which has ended then', async () => {
    await using pool = open()
    const results = pool.map((n: number) => (n === 0 ? double(21) : untilCancelled()), [0, 1, 2])
    const got: unknown[] = []
    const task = start(async () => {
      for await (const result of results) got.push(result)
    })
    await until('the first has come', () => got.length === 1)
    task.cancel()
    await expect(task).rejects.toThrow(CancelledError)
    expect([got, await results.next()]).toEqual([[42], { done: true, value: undefined }])
  })
})

describe('a cancellation', () => {
  const refused: [string, Wait][] = [
    ['wait()', (_, futures) => wait(futures)],
    ['asCompleted()', (_, futures) => asCompleted(futures).next()],
    ['a map', (pool) => pool.map(double, [1]).next()],
    ['toArray()', (pool) => pool.map(double, [1]).toArray()],
    ['a stream', (pool) => pool.stream(endlessly).next()],
  ]

  it.each(refused)('that nothing has thrown yet is thrown by %s, also where it need not wait', async (_, begin) => {
    await using pool = new TaskPoolExecutor()
    const ended = pool.submit(double, 1)
    await ended
    const task = start(async () => {
      currentTask()?.cancel('at once')
      await begin(pool, [ended])
    })
    expect(await errorOf(task)).toMatchObject({ name: 'CancelledError', reason: 'at once' })
    await until('nothing runs', () => pool.stats.running === 0)
  })

  it('is thrown once: cleanup can wait for futures and maps', async () => {
    await using pool = new TaskPoolExecutor()
    const task = start(async () => {
      try {
        await wait(someFutures(pool))
      } catch {
        const { done } = await wait([pool.submit(double, 1)])
        return [done.size, await pool.map(double, [1, 2]).toArray()]
      }
    })
    await turn()
    task.cancel()
    expect(await task).toEqual([1, [2, 4]])
  })

  it('by a timeout is a TimeoutError around the wait, and the task goes on', async () => {
    await using pool = new TaskPoolExecutor()
    const futures = someFutures(pool)
    const task = start(async () => {
      await expect(timeout(1, () => asCompleted(futures).next())).rejects.toThrow(TimeoutError)
      return 'went on'
    })
    expect(await task).toBe('went on')
    expect(futures.map(({ cancelled }) => cancelled)).toEqual([true, true])
  })

  it('leaves futures alone behind a shield', async () => {
    await using pool = new TaskPoolExecutor()
    const release = deferred<void>()
    const future = pool.submit(() => release.promise)
    const task = start(() => shield(() => wait([future])))
    await turn()
    task.cancel()
    await expect(task).rejects.toThrow(CancelledError)
    expect(future.cancelled).toBe(false)
    release.resolve()
    await future
  })

  it('of one of two that take from a map ends it for the other', async () => {
    await using pool = new TaskPoolExecutor()
    const results = pool.map(untilCancelled, [1, 2])
    const take = (): Promise<unknown> => results.next()
    const [first, second] = [start(take), start(take)]
    await turn()
    second.cancel('enough')
    expect(await errorOf(second)).toMatchObject({ reason: 'enough' })
    expect(await errorOf(first)).toBeInstanceOf(CancelledError)
  })

  it('does not reach waits outside of the task', async () => {
    await using pool = new TaskPoolExecutor()
    const release = deferred<string>()
    const futures = [pool.submit(() => release.promise)]
    const outside = wait(futures)
    const task = start(() => sleep(1e6))
    await turn()
    task.cancel()
    await expect(task).rejects.toThrow(CancelledError)
    release.resolve('on')
    expect((await outside).done.size).toBe(1)
  })
})

async function* endlessly(): AsyncGenerator<void> {
  yield await untilCancelled()
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

describe.each(rungs)('a queue that is mapped over, with calls on %s,', (_, open) => {
  const ends: [string, (results: MapResults<unknown>, pool: Executor, controller: AbortController) => Promise<unknown>][] = [
    ['whose loop is left', (results) => Promise.resolve(results.return?.())],
    ['whose signal is aborted', async (_, __, controller) => controller.abort()],
    ['whose pool is terminated', (_, pool) => pool.terminate()],
  ]
  it.each(ends)('keeps the next item from a map %s', async (_, end) => {
    await using pool = open()
    const queue = new Queue<number>()
    const controller = new AbortController()
    const results = pool.map(untilCancelled, queue, { signal: controller.signal })
    const next = results.next().catch(() => {})
    await queue.put(1)
    await until('a call runs and the map waits for an item', () => pool.stats.running === 1 && queue.stats.getting === 1)
    await end(results, pool, controller)
    await next
    expect(queue.stats.getting).toBe(0)
    await queue.put(2)
    expect(queue.tryGet()).toEqual({ value: 2 })
    // Leaving a loop ends no call that runs.
    await pool.terminate()
  })
})
