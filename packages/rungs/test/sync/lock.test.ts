import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CancelledError, InvalidStateError } from '../../dist/core/errors.js'
import { Event, Lock, type Permit } from '../../dist/sync/index.js'
import { start, turn } from './support.js'

describe('Lock', () => {
  it('lets one at a time through, in the order in which they asked', async () => {
    const lock = new Lock()
    const order: number[] = []
    await lock.acquire()
    const tasks = [1, 2, 3].map((n) =>
      start(async () => {
        using _ = await lock.acquire()
        order.push(n)
        await turn()
      }),
    )
    await turn()
    expect(order).toEqual([])
    expect(lock.stats).toEqual({ locked: true, waiting: 3 })
    lock.release()
    await Promise.all(tasks)
    expect(order).toEqual([1, 2, 3])
    expect(lock.locked).toBe(false)
  })

  it('gives a permit that is given back once, with using or by hand', async () => {
    const lock = new Lock()
    let kept: Permit
    {
      using permit = await lock.acquire()
      kept = permit
      expect(lock.locked).toBe(true)
      permit.release()
      expect(lock.locked).toBe(false)
    }
    const other = await lock.acquire()
    kept.release()
    kept[Symbol.dispose]()
    expect(lock.locked).toBe(true)
    other.release()
    expect(lock.locked).toBe(false)
  })

  it('tells by tryAcquire whether it is free, and does not wait', () => {
    const lock = new Lock()
    const permit = lock.tryAcquire()
    expect(permit).toBeDefined()
    expect(lock.tryAcquire()).toBeUndefined()
    permit?.release()
    expect(lock.tryAcquire()).toBeDefined()
  })

  it('does not let a newcomer overtake one who has been woken', async () => {
    const lock = new Lock()
    await lock.acquire()
    const waiting = start(() => lock.acquire())
    await turn()
    lock.release()
    expect(lock.tryAcquire()).toBeUndefined()
    await waiting
    expect(lock.locked).toBe(true)
  })

  it('refuses to be released when it is not held', () => {
    expect(() => new Lock().release()).toThrow(InvalidStateError)
  })

  it('shows itself', async () => {
    const lock = new Lock()
    expect(inspect(lock)).toBe('Lock { unlocked, waiting: 0 }')
    await lock.acquire()
    void lock.acquire()
    expect(inspect(lock)).toBe('Lock { locked, waiting: 1 }')
  })

  // test_acquire_cancel
  it('is left by a waiter whose task is cancelled', async () => {
    const lock = new Lock()
    await lock.acquire()
    const task = start(() => lock.acquire())
    await turn()
    task.cancel()
    await expect(task).rejects.toThrow(CancelledError)
    expect(lock.stats.waiting).toBe(0)
  })

  // test_cancel_race
  it('goes to the next one when a waiter is cancelled and the holder releases in the same turn', async () => {
    const lock = new Lock()
    const go = new Event()
    const hold = async (until?: Event) => {
      await lock.acquire()
      try {
        await until?.wait()
      } finally {
        lock.release()
      }
    }
    const a = start(hold, go)
    await turn()
    const b = start(hold)
    const c = start(hold)
    await turn()
    expect(lock.stats.waiting).toBe(2)
    go.set()
    b.cancel()
    await turn()
    expect([a.done, b.cancelled, lock.locked]).toEqual([true, true, false])
    await c
  })

  // test_cancel_release_race
  it('is taken by one only when the first waiter is cancelled before the release', async () => {
    const lock = new Lock()
    let taken = 0
    const take = async () => {
      await lock.acquire()
      taken++
    }
    await lock.acquire()
    const [t1, t2, t3] = [start(take), start(take), start(take)]
    await turn()
    t1.cancel()
    lock.release()
    await expect(t1).rejects.toThrow(CancelledError)
    await turn()
    expect([taken, t1.cancelled, t2.done, t3.done]).toEqual([1, true, true, false])
    t3.cancel()
    await turn()
    expect(t3.cancelled).toBe(true)
  })

  // test_finished_waiter_cancelled
  it('is passed on by one who is woken and cancelled in the same turn', async () => {
    const lock = new Lock()
    await lock.acquire()
    const b = start(() => lock.acquire())
    await turn()
    const c = start(() => lock.acquire())
    await turn()
    lock.release()
    b.cancel()
    await turn()
    expect([lock.locked, b.cancelled]).toEqual([true, true])
    await c
  })

  it('is passed on by one whose signal is aborted when it has been woken', async () => {
    const lock = new Lock()
    const controller = new AbortController()
    await lock.acquire()
    const b = lock.acquire({ signal: controller.signal })
    const c = lock.acquire()
    lock.release()
    controller.abort(new Error('enough'))
    const error = await b.catch((error) => error)
    expect(error).toBeInstanceOf(CancelledError)
    expect(error.reason).toEqual(new Error('enough'))
    await c
    expect(lock.stats).toEqual({ locked: true, waiting: 0 })
  })

  it('is not taken with a signal that is aborted already', async () => {
    const lock = new Lock()
    await expect(lock.acquire({ signal: AbortSignal.abort('no') })).rejects.toMatchObject({ name: 'CancelledError', reason: 'no' })
    expect(lock.locked).toBe(false)
  })

  it('refuses options that do not exist, and what is no signal', () => {
    // @ts-expect-error not an option
    expect(() => new Lock().acquire({ timeout: 5 })).toThrow(TypeError)
    // @ts-expect-error not a signal
    expect(() => new Lock().acquire({ signal: {} })).toThrow(TypeError)
  })

  it('hands on in one turn to a queue of a hundred thousand', async () => {
    const lock = new Lock()
    await lock.acquire()
    let done = 0
    const controller = new AbortController()
    const all = Array.from({ length: 100_000 }, async (_, n) => {
      if (n % 2 === 0) return lock.acquire({ signal: controller.signal }).catch(() => {})
      using _permit = await lock.acquire()
      return void done++
    })
    controller.abort()
    lock.release()
    await Promise.all(all)
    expect([done, lock.locked]).toEqual([50_000, false])
  })
})
