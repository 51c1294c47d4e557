import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CancelledError, InvalidStateError } from '../../dist/core/errors.js'
import { BoundedSemaphore, Semaphore, sleep, TaskGroup, waitFor } from '../../dist/sync/index.js'
import { jumpingClock, start, turn } from './support.js'

describe('Semaphore', () => {
  it('has a value of 1 by default, and of 0 if wanted', () => {
    expect(new Semaphore().value).toBe(1)
    expect(new Semaphore(0).locked).toBe(true)
  })

  it('refuses a value that is none', () => {
    expect(() => new Semaphore(-1)).toThrow(RangeError)
    expect(() => new Semaphore(1.5)).toThrow(RangeError)
    // @ts-expect-error not a number
    expect(() => new Semaphore('1')).toThrow(TypeError)
  })

  it('counts permits down and up', async () => {
    const semaphore = new Semaphore(2)
    const first = await semaphore.acquire()
    expect([semaphore.value, semaphore.locked]).toEqual([1, false])
    {
      using _ = await semaphore.acquire()
      expect(semaphore.locked).toBe(true)
      expect(semaphore.tryAcquire()).toBeUndefined()
    }
    expect(semaphore.value).toBe(1)
    first.release()
    first.release()
    expect(semaphore.value).toBe(2)
  })

  it('can be released beyond its first value, several at once', () => {
    const semaphore = new Semaphore()
    semaphore.release(2)
    expect(semaphore.value).toBe(3)
    expect(() => semaphore.release(0)).toThrow(RangeError)
  })

  it('shows itself', async () => {
    const semaphore = new Semaphore(0)
    void semaphore.acquire()
    expect(inspect(semaphore)).toBe('Semaphore { locked, value: 0, waiting: 1 }')
    expect(semaphore.stats).toEqual({ value: 0, waiting: 1 })
    expect(inspect(new BoundedSemaphore(2))).toBe('BoundedSemaphore { unlocked, value: 2, waiting: 0 }')
  })

  // test_acquire_cancel_before_awoken
  it('wakes the next one when those before it are cancelled', async () => {
    const semaphore = new Semaphore(0)
    const tasks = [1, 2, 3, 4].map(() => start(() => semaphore.acquire()))
    await turn()
    tasks[0]?.cancel()
    tasks[1]?.cancel()
    semaphore.release()
    await turn()
    expect(tasks.map((task) => task.state)).toEqual(['cancelled', 'cancelled', 'finished', 'running'])
  })

  // test_acquire_hang
  it('does not hang when a woken one was cancelled', async () => {
    const semaphore = new Semaphore(0)
    const t1 = start(() => semaphore.acquire())
    const t2 = start(() => semaphore.acquire())
    await turn()
    semaphore.release()
    t1.cancel()
    await turn()
    expect([semaphore.locked, t1.cancelled, t2.done]).toEqual([true, true, true])
  })

  // test_acquire_no_hang
  it('is free again when the one to whom it was passed is cancelled', async () => {
    const semaphore = new Semaphore(1)
    const t1 = start(async () => {
      {
        using _ = await semaphore.acquire()
        await sleep(0)
      }
      t2.cancel()
    })
    const t2 = start(async () => {
      using _ = await semaphore.acquire()
      throw new Error('It must not get here')
    })
    await t1
    await expect(t2).rejects.toThrow(CancelledError)
    await waitFor(() => semaphore.acquire(), 1_000)
  })

  // test_acquire_fifo_order
  it('is fair to those who come back', async () => {
    jumpingClock()
    const semaphore = new Semaphore(1)
    const order: string[] = []
    await TaskGroup.run((group) => {
      for (const tag of ['c1', 'c2', 'c3']) {
        group.spawn(async () => {
          for (const round of [1, 2]) {
            await semaphore.acquire()
            order.push(`${tag}_${round}`)
            await sleep(10)
            semaphore.release()
          }
        })
      }
    })
    expect(order).toEqual(['c1_1', 'c2_1', 'c3_1', 'c1_2', 'c2_2', 'c3_2'])
  })

  // test_acquire_fifo_order_2
  it('does not give a permit twice to one who asks again at once', async () => {
    const semaphore = new Semaphore(1)
    const order: number[] = []
    const c1 = async () => {
      await semaphore.acquire()
      order.push(1)
    }
    const c2 = async () => {
      await semaphore.acquire()
      order.push(2)
      semaphore.release()
      await semaphore.acquire()
      order.push(4)
    }
    const c3 = async () => {
      await semaphore.acquire()
      order.push(3)
    }
    const tasks = [start(c1), start(c2), start(c3)]
    await turn()
    semaphore.release()
    semaphore.release()
    await Promise.all(tasks)
    expect(order).toEqual([1, 2, 3, 4])
  })

  // test_acquire_fifo_order_3
  it('keeps the order when the first waiter has left', async () => {
    const semaphore = new Semaphore(0)
    const order: number[] = []
    const tasks = [1, 2, 3].map((n) => start(() => semaphore.acquire().then(() => order.push(n))))
    await turn()
    tasks[0]?.cancel()
    await turn()
    semaphore.release()
    semaphore.release()
    await Promise.allSettled(tasks)
    expect(order).toEqual([2, 3])
  })
})

describe('BoundedSemaphore', () => {
  it('refuses to be released more often than it was acquired', async () => {
    const semaphore = new BoundedSemaphore(2)
    expect(() => semaphore.release()).toThrow(InvalidStateError)
    await semaphore.acquire()
    expect(() => semaphore.release(2)).toThrow(InvalidStateError)
    semaphore.release()
    expect(semaphore.value).toBe(2)
  })

  it('hands permits on as any other', async () => {
    const semaphore = new BoundedSemaphore()
    const permit = await semaphore.acquire()
    const next = semaphore.acquire()
    permit.release()
    ;(await next).release()
    expect(semaphore.value).toBe(1)
  })
})
