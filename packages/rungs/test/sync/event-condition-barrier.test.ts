import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CancelledError, InvalidStateError, TimeoutError } from '../../dist/core/errors.js'
import { Barrier, BrokenBarrierError, Condition, Event, Lock, timeout, waitFor } from '../../dist/sync/index.js'
import { errorOf, jumpingClock, start, turn } from './support.js'

describe('Event', () => {
  it('wakes all who wait, in their order, also when it is cleared at once', async () => {
    const event = new Event()
    const order: number[] = []
    const tasks = [1, 2, 3].map((n) => start(() => event.wait().then(() => order.push(n))))
    await turn()
    expect(event.stats).toEqual({ isSet: false, waiting: 3 })
    event.set()
    event.clear()
    await Promise.all(tasks)
    expect(order).toEqual([1, 2, 3])
    expect(event.isSet).toBe(false)
  })

  it('lets through at once when it is set', async () => {
    const event = new Event()
    event.set()
    event.set()
    expect(await event.wait()).toBe(true)
    expect(inspect(event)).toBe('Event { set, waiting: 0 }')
  })

  it('is left by a cancelled waiter', async () => {
    const event = new Event()
    const task = start(() => event.wait())
    await turn()
    task.cancel()
    await expect(task).rejects.toThrow(CancelledError)
    expect(event.stats.waiting).toBe(0)
  })

  it('wakes in order whether within a task or outside', async () => {
    const event = new Event()
    const order: string[] = []
    const first = start(() => event.wait().then(() => order.push('task')))
    await turn()
    const second = event.wait().then(() => order.push('outside'))
    event.set()
    await Promise.all([first, second])
    expect(order).toEqual(['task', 'outside'])
  })
})

describe('Condition', () => {
  // test_wait
  it('wakes as many as are notified, one after the other under the lock', async () => {
    const condition = new Condition()
    const order: number[] = []
    const tasks = [1, 2, 3].map((n) =>
      start(async () => {
        await condition.acquire()
        if (await condition.wait()) order.push(n)
        return true
      }),
    )
    await turn()
    expect([order, condition.locked, condition.stats.waiting]).toEqual([[], false, 3])
    await condition.acquire()
    condition.notify()
    await turn()
    expect([order, condition.locked]).toEqual([[], true])
    condition.release()
    await turn()
    expect([order, condition.locked]).toEqual([[1], true])
    condition.notify(2)
    await turn()
    expect(order).toEqual([1])
    condition.release()
    await turn()
    expect(order).toEqual([1, 2])
    condition.release()
    await turn()
    expect([order, condition.locked]).toEqual([[1, 2, 3], true])
    expect(await Promise.all(tasks)).toEqual([true, true, true])
  })

  // test_wait_cancel
  it('holds the lock again when a wait is cancelled', async () => {
    const condition = new Condition()
    await condition.acquire()
    const task = start(() => condition.wait())
    await turn()
    expect(condition.locked).toBe(false)
    task.cancel()
    await expect(task).rejects.toThrow(CancelledError)
    expect([condition.stats.waiting, condition.locked]).toEqual([0, true])
  })

  // test_wait_cancel_after_notify
  it('throws the cancellation of a notified waiter once it holds the lock', async () => {
    const condition = new Condition()
    const waiter = start(async () => {
      using _ = await condition.acquire()
      await condition.wait()
    })
    await turn()
    await condition.acquire()
    condition.notify()
    await turn()
    waiter.cancel()
    await turn()
    expect(waiter.done).toBe(false)
    condition.release()
    await turn()
    expect([waiter.cancelled, condition.locked]).toEqual([true, false])
  })

  it('throws the last of several cancellations once it holds the lock', async () => {
    const condition = new Condition()
    await condition.acquire()
    const waiting = start(() => condition.wait())
    const inTime = start(async () => {
      await condition.acquire()
      await timeout(1e6, () => condition.wait())
    })
    await turn()
    const permit = await condition.acquire()
    for (const reason of ['first', 'second', 'third']) {
      waiting.cancel(reason)
      inTime.cancel(reason)
      await turn()
    }
    expect([waiting.done, inTime.done]).toEqual([false, false])
    permit.release()
    expect(await errorOf(waiting)).toMatchObject({ name: 'CancelledError', reason: 'third' })
    condition.release()
    expect(await errorOf(inTime)).toMatchObject({ name: 'CancelledError', reason: 'third' })
    condition.release()
  })

  it('gives the lock back with the permit of before the wait', async () => {
    const condition = new Condition()
    const waiter = start(async () => {
      using _ = await condition.acquire()
      await condition.wait()
      expect(condition.locked).toBe(true)
    })
    await turn()
    {
      using _ = await condition.acquire()
      condition.notifyAll()
    }
    await waiter
    expect(condition.locked).toBe(false)
  })

  it('wants its lock held', async () => {
    const condition = new Condition()
    await expect(condition.wait()).rejects.toThrow(InvalidStateError)
    await expect(condition.waitFor(() => true)).rejects.toThrow(InvalidStateError)
    expect(() => condition.notify()).toThrow(InvalidStateError)
    expect(() => condition.notifyAll()).toThrow(InvalidStateError)
  })

  // test_wait_for
  it('refuses a predicate that gives a promise, which would be true at once, and wrong options in any case', async () => {
    const condition = new Condition()
    using _ = await condition.acquire()
    const error = await errorOf(condition.waitFor(async () => false))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('The predicate must not give a promise')
    // @ts-expect-error not an option
    await expect(condition.waitFor(() => true, { timeout: 5 })).rejects.toThrow("'timeout'")
    expect(condition.locked).toBe(true)
  })

  it('waits for a predicate, and gives what it gave', async () => {
    const condition = new Condition()
    let stock = 0
    const task = start(async () => {
      using _ = await condition.acquire()
      return await condition.waitFor(() => stock)
    })
    await turn()
    for (const n of [0, 3]) {
      using _ = await condition.acquire()
      stock = n
      condition.notify()
    }
    expect(await task).toBe(3)
  })

  // test_timeout_in_block
  it('can be waited for with a timeout', async () => {
    jumpingClock()
    const condition = new Condition()
    using _ = await condition.acquire()
    await expect(waitFor(() => condition.wait(), 500)).rejects.toThrow(TimeoutError)
    expect(condition.locked).toBe(true)
  })

  // test_cancelled_error_wakeup, test_cancelled_error_re_aquire
  it.each(['waiting', 'taking the lock again'])('throws the very error of a cancellation while %s', async (when) => {
    const condition = new Condition()
    let raised: unknown
    const task = start(async () => {
      using _ = await condition.acquire()
      raised = await errorOf(condition.waitFor(() => false))
      throw raised
    })
    await turn()
    if (when !== 'waiting') {
      await condition.acquire()
      condition.notify()
      await turn()
    }
    task.cancel('foo')
    if (when !== 'waiting') condition.release()
    const error = await errorOf(task)
    expect(error).toBe(raised)
    expect(error).toMatchObject({ name: 'CancelledError', reason: 'foo' })
  })

  // test_cancelled_wakeup, test_cancelled_wakeup_relock
  it.each([0, 1])('passes a notification on when its waiter is cancelled, %s turns later', async (turns) => {
    jumpingClock()
    const condition = new Condition()
    let state = 0
    const consumer = async () => {
      using _ = await condition.acquire()
      for (;;) {
        await condition.waitFor(() => state !== 0)
        if (state < 0) return
        state--
      }
    }
    const consumers = [start(consumer), start(consumer)]
    await turn()
    {
      using _ = await condition.acquire()
      state++
      condition.notify(1)
      await turn(turns)
      consumers[0]?.cancel()
      await timeout(10, () => condition.waitFor(() => state === 0)).catch(() => {})
      expect(state).toBe(0)
      state = -1
      condition.notifyAll()
    }
    await consumers[1]
  })

  it('shares a lock with others, and takes nothing else for one', async () => {
    const lock = new Lock()
    const [full, empty] = [new Condition(lock), new Condition(lock)]
    using _ = await full.acquire()
    expect(empty.locked).toBe(true)
    expect(full.tryAcquire()).toBeUndefined()
    // @ts-expect-error not a lock
    expect(() => new Condition({})).toThrow(TypeError)
    expect(inspect(full)).toBe('Condition { locked, waiting: 0 }')
  })
})

describe('Barrier', () => {
  it('lets all go on when the last has come, each with its own number', async () => {
    const barrier = new Barrier(3)
    const waits = [barrier.wait(), barrier.wait()]
    expect(barrier.stats).toEqual({ parties: 3, waiting: 2, broken: false })
    waits.push(barrier.wait())
    expect(await Promise.all(waits)).toEqual([0, 1, 2])
    expect(barrier.waiting).toBe(0)
  })

  it('serves round after round', async () => {
    const barrier = new Barrier(5)
    const rounds: number[] = []
    await Promise.all(
      Array.from({ length: 5 }, () =>
        start(async () => {
          for (let round = 0; round < 3; round++) {
            await barrier.wait()
            rounds.push(round)
          }
        }),
      ),
    )
    expect(rounds).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
  })

  // test_filling_tasks_cancel_one
  it('goes on waiting for one more when one is cancelled', async () => {
    const barrier = new Barrier(3)
    const [t1, t2] = [start(() => barrier.wait()), start(() => barrier.wait())]
    await turn()
    t1.cancel()
    await expect(t1).rejects.toThrow(CancelledError)
    expect(barrier.waiting).toBe(1)
    const [t3, t4] = [start(() => barrier.wait()), start(() => barrier.wait())]
    expect((await Promise.all([t2, t3, t4])).sort()).toEqual([0, 1, 2])
  })

  it('sends all away when it is reset, and begins anew', async () => {
    const barrier = new Barrier(2)
    const waiting = start(() => barrier.wait())
    await turn()
    barrier.reset()
    await expect(waiting).rejects.toThrow(BrokenBarrierError)
    expect([barrier.broken, barrier.waiting]).toEqual([false, 0])
    await Promise.all([barrier.wait(), barrier.wait()])
  })

  it('is broken when it is aborted, until it is reset', async () => {
    const barrier = new Barrier(2)
    const waiting = start(() => barrier.wait())
    await turn()
    barrier.abort()
    await expect(waiting).rejects.toThrow(BrokenBarrierError)
    await expect(barrier.wait()).rejects.toThrow(BrokenBarrierError)
    expect(inspect(barrier)).toBe('Barrier { broken, waiting: 0 of 2 }')
    barrier.reset()
    expect(barrier.broken).toBe(false)
    await Promise.all([barrier.wait(), barrier.wait()])
  })

  it('of one lets everybody through', async () => {
    expect(await new Barrier(1).wait()).toBe(0)
    expect(() => new Barrier(0)).toThrow(RangeError)
  })
})
