// The ends of maps on tasks, whose items run in a loop; see batch-runner.test.ts. What has begun is over when it is over, and nothing begins after the end.
import { setImmediate as turn } from 'node:timers/promises'
import { CancelledError, currentCall, type Executor, TaskPoolExecutor } from 'rungs'
import { describe, expect, it } from 'vitest'
import { busy, Gates, numbers, until } from './gates.js'

describe('a map that ends early', () => {
  it('begins nothing more when the loop is left, and lets what runs go on', async () => {
    await using pool = new TaskPoolExecutor(2)
    const gates = new Gates()
    const results = pool.map(gates.pass, numbers(100))
    await gates.open(0, 1)
    expect(await results.next()).toEqual({ done: false, value: 0 })
    await results.return?.()
    await gates.open(2, 3)
    expect(gates.begun).toEqual([0, 1, 2, 3])
    expect(pool.stats).toMatchObject({ done: 4, failed: 0, cancelled: 96, queued: 0, running: 0 })
  })

  it('aborts the signals of the items that run, and of no other, when its signal is aborted', async () => {
    await using pool = new TaskPoolExecutor(2)
    const gates = new Gates()
    const controller = new AbortController()
    const signals: AbortSignal[] = []
    const results = pool
      .map(
        (n) => {
          const call = currentCall()
          if (call !== undefined) signals.push(call.signal)
          return gates.pass(n)
        },
        numbers(10),
        { signal: controller.signal },
      )
      .toArray()
    await gates.open(0)
    await until(() => gates.begun.length === 3)
    controller.abort('enough')
    await expect(results).rejects.toMatchObject({ reason: 'enough' })
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true, true])
    await gates.open(1, 2)
    expect(gates.begun).toEqual([0, 1, 2])
    expect(pool.stats).toMatchObject({ done: 1, cancelled: 9, running: 0, queued: 0 })
  })

  it('begins nothing after an error, when it throws', async () => {
    await using pool = new TaskPoolExecutor(1)
    const begun: number[] = []
    const results = pool.map((n) => {
      begun.push(n)
      if (n === 3) throw new Error(`no ${n}`)
      return n
    }, numbers(10))
    await expect(results.toArray()).rejects.toThrow('no 3')
    await turn()
    expect(begun).toEqual([0, 1, 2, 3])
    expect(pool.stats).toMatchObject({ done: 3, failed: 1, cancelled: 6, running: 0, queued: 0 })
  })

  it('gives the error of the first item in order, when a later one has failed before', async () => {
    await using pool = new TaskPoolExecutor(2)
    const gates = new Gates()
    const failure = pool
      .map(gates.pass, numbers(3))
      .toArray()
      .catch((error: unknown) => error)
    await gates.fail(1, new Error('later'))
    await gates.fail(0, new Error('first'))
    expect(await failure).toMatchObject({ message: 'first' })
    await gates.open(2)
  })

  it('begins nothing more when its loop is left while the event loop goes round between two items', async () => {
    await using pool = new TaskPoolExecutor(3)
    const results = pool.map(busy, numbers(1_000))
    // A timer has its turn in the middle only.
    await new Promise((resolve) => setTimeout(resolve, 0))
    const { done } = pool.stats
    expect(done).toBeLessThan(1_000)
    await results.return?.()
    await until(() => pool.stats.running === 0)
    expect(pool.stats).toMatchObject({ done, cancelled: 1_000 - done, queued: 0 })
  })
})

describe('errors', () => {
  it('are records with onError: "settle", with the time of each item and the input', async () => {
    await using pool = new TaskPoolExecutor(1)
    const gates = new Gates()
    const results = pool.map(gates.pass, ['a', 'b', 'c'], { onError: 'settle' }).toArray()
    await gates.open('a')
    await gates.fail('b', 'no b')
    await gates.open('c')
    const [a, b, c] = await results
    expect(a).toMatchObject({ status: 'fulfilled', value: 'a', index: 0, input: 'a', attempts: 1 })
    expect(b).toMatchObject({ status: 'rejected', reason: 'no b', index: 1, input: 'b', attempts: 1 })
    expect(c).toMatchObject({ status: 'fulfilled', value: 'c', index: 2, input: 'c', attempts: 1 })
    expect(b?.ms).toBeGreaterThanOrEqual(0)
    expect(pool.stats).toMatchObject({ done: 2, failed: 1 })
  })

  it('show where map was called', async () => {
    await using pool = new TaskPoolExecutor(1)
    const failing = async (n: number): Promise<number> => {
      if (n === 1) throw new Error('no')
      return n
    }
    const error = await pool
      .map(failing, numbers(3))
      .toArray()
      .catch((error: Error) => error)
    expect((error as Error).stack).toContain('batch-runner-ends.test')
  })
})

describe('a pool that ends', () => {
  it('runs the rest of a map after shutdown()', async () => {
    const pool = new TaskPoolExecutor(2)
    const gates = new Gates()
    const results = pool.map(gates.pass, numbers(6)).toArray()
    await gates.open(0)
    const closed = pool.shutdown()
    for (const n of numbers(6).slice(1)) await gates.open(n)
    expect(await results).toEqual(numbers(6))
    await closed
    expect(pool.stats).toMatchObject({ done: 6, workers: 0 })
  })

  it('cancels what has not begun with shutdown({ cancelFutures: true }), also between two items', async () => {
    const pool = new TaskPoolExecutor(2)
    const results = pool.map(busy, numbers(1_000), { onError: 'settle' }).toArray()
    await new Promise((resolve) => setTimeout(resolve, 0))
    const { done } = pool.stats
    expect(done).toBeLessThan(1_000)
    await pool.shutdown({ cancelFutures: true })
    const records = await results
    const cancelled = records.filter(({ status }) => status === 'rejected')
    expect(records.length - cancelled.length).toBe(done)
    expect(cancelled.every((record) => record.status === 'rejected' && record.reason instanceof CancelledError)).toBe(true)
    expect(cancelled.every(({ attempts }) => attempts === 0)).toBe(true)
    expect(pool.stats).toMatchObject({ done, cancelled: cancelled.length, failed: 0 })
  })

  it('ends a map with terminate(), and begins nothing more', async () => {
    const pool: Executor = new TaskPoolExecutor(2)
    const gates = new Gates()
    const results = pool.map(gates.pass, numbers(6)).toArray()
    await gates.open(0)
    await until(() => gates.begun.length === 3)
    const closed = pool.terminate()
    await expect(results).rejects.toThrow(CancelledError)
    await closed
    await gates.open(1, 2)
    expect(gates.begun).toEqual([0, 1, 2])
    expect(pool.stats).toMatchObject({ done: 1, cancelled: 5 })
  })
})
