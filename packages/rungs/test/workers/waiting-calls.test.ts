// Calls without options that wait for a place on the event loop stand in the queue as one. Each is a call of its own all the same.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { CancelledError, currentCall, type Future, TaskPoolExecutor } from 'rungs'
import { describe, expect, it } from 'vitest'

/** A pool whose places are taken until `open` is called. */
async function takenPool(maxWorkers = 1) {
  const pool = new TaskPoolExecutor({ maxWorkers, name: 'taken' })
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const first = Array.from({ length: maxWorkers }, () => pool.submit(() => gate))
  while (pool.stats.running < maxWorkers) await turn()
  return { pool, open, first }
}

describe('calls that wait', () => {
  it('begin in the order of their submission, also among maps and calls with options', async () => {
    const { pool, open } = await takenPool()
    const order: unknown[] = []
    const note = async (name: unknown): Promise<void> => void order.push(name)
    const all: Promise<unknown>[] = [pool.submit(note, 1), pool.submit(note, 2)]
    all.push(pool.map(note, [3, 4]).toArray(), pool.submit(note, 5))
    all.push(pool.with({ key: 'six' }).submit(note, 6), pool.submit(note, 7), pool.submit(note, 8))
    all.push(pool.with({ priority: 1 }).submit(note, 0), pool.with({ priority: -1 }).submit(note, 10), pool.submit(note, 9))
    expect(pool.stats.queued).toBe(11)
    open()
    await Promise.all(all)
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    await pool.shutdown()
  })

  it('leave the queue when they are cancelled, and never run', async () => {
    const { pool, open } = await takenPool()
    const ran: number[] = []
    const futures = Array.from({ length: 6 }, (_, n) => pool.submit((n: number) => ran.push(n), n))
    for (const n of [0, 1, 3, 5]) expect(futures[n]?.cancel(`no ${n}`)).toBe(true)
    expect(futures.map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'pending', 'cancelled', 'pending', 'cancelled'])
    expect(pool.stats).toMatchObject({ queued: 2, cancelled: 4, running: 1 })
    await expect(futures[3]).rejects.toMatchObject({ reason: 'no 3' })
    open()
    await Promise.all([futures[2], futures[4]])
    expect(ran).toEqual([2, 4])
    expect(futures[0]?.cancel()).toBe(true)
    expect(futures[2]?.cancel()).toBe(false)
    await pool.shutdown()
    expect(pool.stats).toMatchObject({ done: 3, cancelled: 4, queued: 0, running: 0 })
  })

  it('leave an empty queue when all are cancelled, and later ones still run', async () => {
    const { pool, open } = await takenPool()
    const futures = [pool.submit(turn), pool.submit(turn), pool.submit(turn)]
    for (const future of futures) future.cancel()
    expect(pool.stats.queued).toBe(0)
    const later = [pool.submit(async () => 1), pool.submit(async () => 2), pool.submit(async () => 3)]
    open()
    expect(await Promise.all(later)).toEqual([1, 2, 3])
    await pool.shutdown()
  })

  it('see their signal abort when they are cancelled while they run, and the next one begins when they end', async () => {
    const { pool, open } = await takenPool()
    const log: unknown[] = []
    const futures: Future<unknown>[] = []
    const wait = async (n: number): Promise<void> => {
      const signal = currentCall()?.signal
      log.push(n)
      if (n === 1) futures[1]?.cancel('stop')
      await turn()
      log.push(signal?.aborted)
    }
    futures.push(...[0, 1, 2].map((n) => pool.submit(wait, n)))
    open()
    await expect(futures[1]).rejects.toThrow(CancelledError)
    await futures[2]
    expect(log).toEqual([0, false, 1, true, 2, false])
    expect(pool.stats).toMatchObject({ done: 3, cancelled: 1 })
    await pool.shutdown()
  })

  it('can be cancelled by the done-callback of the one before', async () => {
    const { pool, open } = await takenPool()
    const ran: number[] = []
    const futures = [0, 1, 2, 3].map((n) => pool.submit((n: number) => ran.push(n), n))
    futures[1]?.addDoneCallback(() => futures[2]?.cancel())
    open()
    await futures[3]
    expect(ran).toEqual([0, 1, 3])
    expect(futures[2]?.cancelled).toBe(true)
    await pool.shutdown()
  })

  it('know themselves, also after an await and in what they have left behind', async () => {
    const { pool, open } = await takenPool(2)
    const left: Promise<unknown>[] = []
    const ids = async (): Promise<(number | undefined)[]> => {
      const before = currentCall()?.id
      left.push(turn().then(() => currentCall()?.id))
      await null
      return [before, currentCall()?.id]
    }
    const futures = Array.from({ length: 8 }, () => pool.submit(ids))
    expect(futures.every(({ state }) => state === 'pending')).toBe(true)
    open()
    expect(await Promise.all(futures)).toEqual(futures.map(({ id }) => [id, id]))
    expect(await Promise.all(left)).toEqual(futures.map(({ id }) => id))
    expect(currentCall()).toBeUndefined()
    await pool.shutdown()
  })

  it('run in the context of whoever submitted them, and so do their callbacks', async () => {
    const { pool, open } = await takenPool()
    const storage = new AsyncLocalStorage<number>()
    const callbacks: unknown[] = []
    const futures = [0, 1, 2, 3].map((n) =>
      storage.run(n, () => {
        const future = pool.submit(async () => [storage.getStore(), await turn(storage.getStore())])
        future.addDoneCallback(() => callbacks.push(storage.getStore()))
        return future
      }),
    )
    open()
    expect(await Promise.all(futures)).toEqual([0, 1, 2, 3].map((n) => [n, n]))
    expect(callbacks).toEqual([0, 1, 2, 3])
    await pool.shutdown()
  })

  it('hear of their end in the context of whoever submitted them', async () => {
    const { pool, open } = await takenPool()
    const storage = new AsyncLocalStorage<number>()
    const heard: unknown[] = []
    const futures = [0, 1, 2].map((n) =>
      storage.run(n, () =>
        pool.submit(async () => {
          const call = currentCall()
          call?.signal.addEventListener('abort', () => heard.push(storage.getStore(), currentCall() === call))
          if (n === 1) futures[1]?.cancel()
          await turn()
        }),
      ),
    )
    open()
    await futures[2]
    expect(heard).toEqual([1, true])
    await pool.shutdown()
  })

  it('get a place that a running one lends them', async () => {
    const { pool, open } = await takenPool()
    const outer = pool.submit(async () => {
      const inner = [1, 2, 3].map((n) => pool.submit(async (n: number) => n * 2, n))
      await turn()
      return await Promise.all(inner)
    })
    const others = [pool.submit(async () => 'a'), pool.submit(async () => 'b')]
    open()
    expect(await outer).toEqual([2, 4, 6])
    expect(await Promise.all(others)).toEqual(['a', 'b'])
    await pool.shutdown()
  })

  it('fail by themselves, with the place of their submit', async () => {
    const { pool, open } = await takenPool()
    const fail = (n: number): never => {
      throw new Error(`no ${n}`)
    }
    const futures = [0, 1, 2].map((n) => pool.submit(fail, n))
    open()
    const failures = await Promise.all(futures.map((future) => future.exception()))
    expect(failures.map((error) => (error as Error).message)).toEqual(['no 0', 'no 1', 'no 2'])
    for (const error of failures) expect((error as Error).stack).toContain('waiting-calls.test')
    expect(pool.stats).toMatchObject({ done: 1, failed: 3 })
    await pool.shutdown()
  })

  it('are started by resize()', async () => {
    const { pool, open } = await takenPool()
    const futures = [0, 1, 2].map((n) => pool.submit(async () => await turn(n)))
    pool.resize(2)
    expect(await Promise.all(futures)).toEqual([0, 1, 2])
    open()
    await pool.shutdown()
  })

  it('run to their end after shutdown(), and are cancelled by cancelFutures and by terminate()', async () => {
    for (const [end, expected] of [
      ['shutdown', 'finished'],
      ['cancelFutures', 'cancelled'],
      ['terminate', 'cancelled'],
    ] as const) {
      const { pool, open, first } = await takenPool()
      const futures = [0, 1, 2].map((n) => pool.submit(async () => n))
      await turn()
      const closed = end === 'terminate' ? pool.terminate() : pool.shutdown({ cancelFutures: end === 'cancelFutures' })
      expect(() => pool.submit(turn)).toThrow('takes no new calls')
      open()
      await closed
      expect(futures.map(({ state }) => state)).toEqual([expected, expected, expected])
      expect(first[0]?.state).toBe(end === 'terminate' ? 'cancelled' : 'finished')
      expect(pool.stats).toMatchObject({ queued: 0, running: 0, cancelled: { shutdown: 0, cancelFutures: 3, terminate: 4 }[end] })
    }
  })

  it('fail when the initializer does', async () => {
    const pool = new TaskPoolExecutor({ maxWorkers: 1, initializer: () => Promise.reject(new Error('no start')) })
    const futures = [0, 1, 2].map((n) => pool.submit(async () => n))
    for (const future of futures) expect(await future.exception()).toMatchObject({ code: 'ERR_RUNGS_BROKEN' })
    expect(pool.stats).toMatchObject({ failed: 3, queued: 0 })
    await pool.shutdown()
  })
})
