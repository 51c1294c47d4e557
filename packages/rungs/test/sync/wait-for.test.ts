import { describe, expect, it } from 'vitest'
import { CancelledError, TimeoutError } from '../../dist/core/errors.js'
import { Future } from '../../dist/core/future.js'
import { Event, shield, sleep, waitFor } from '../../dist/sync/index.js'
import { errorOf, jumpingClock, MyError, start, turn } from './support.js'

/** Ignores cancellations until its time has passed. */
class Stubborn {
  exited = false

  run = async (): Promise<void> => {
    for (let left = 200; left > 0; left -= 10) await sleep(10).catch(() => {})
    this.exited = true
  }
}

describe('waitFor', () => {
  it('gives the value of what ends in time', async () => {
    expect(await waitFor(async () => 'done', null)).toBe('done')
    expect(await waitFor(() => 'done', 1_000)).toBe('done')
    expect(await waitFor(Promise.resolve('done'), 1_000)).toBe('done')
    expect(
      await waitFor(
        start(() => 'done'),
        1_000,
      ),
    ).toBe('done')
  })

  // test_asyncio_wait_for_cancelled, test_asyncio_wait_for_timeout
  it.each(['cancelled', 'timeout'])('waits for a function that ignores the cancellation: %s', async (how) => {
    jumpingClock()
    const stubborn = new Stubborn()
    const waiting = start(() => waitFor(stubborn.run, how === 'timeout' ? 100 : 400))
    await turn()
    if (how === 'cancelled') waiting.cancel()
    await waiting
    expect(stubborn.exited).toBe(true)
  })

  // test_wait_for_timeout_less_then_0_or_0_future_done
  it('with no time gives the value of what is done', async () => {
    const { future, resolve } = Future.withResolvers<string>()
    resolve('done')
    expect(await waitFor(future, 0)).toBe('done')
    expect(await waitFor(Promise.resolve('done'), 0)).toBe('done')
  })

  // test_wait_for_timeout_less_then_0_or_0_coroutine_do_not_started
  it('with no time does not start a function', async () => {
    let started = false
    const begin = async () => {
      started = true
    }
    await expect(waitFor(begin, 0)).rejects.toThrow(TimeoutError)
    await expect(waitFor(begin, -1)).rejects.toThrow(TimeoutError)
    expect(started).toBe(false)
  })

  // test_wait_for_timeout_less_then_0_or_0, test_wait_for
  it.each([-1, 0, 100])('cancels a task after %s ms', async (ms) => {
    jumpingClock()
    let running: boolean | undefined
    const task = start(async () => {
      running = true
      try {
        await sleep(10_000)
      } finally {
        running = false
      }
    })
    await turn()
    expect(running).toBe(true)
    await expect(waitFor(task, ms)).rejects.toThrow(TimeoutError)
    expect([task.cancelled, running]).toEqual([true, false])
  })

  it('cancels a future of an executor', async () => {
    jumpingClock()
    const reasons: unknown[] = []
    const { future } = Future.withResolvers({ onCancel: (reason) => reasons.push(reason) })
    await expect(waitFor(future, 50)).rejects.toThrow(TimeoutError)
    expect([future.cancelled, reasons]).toEqual([true, [expect.any(TimeoutError)]])
  })

  it('only stops waiting for a plain promise', async () => {
    jumpingClock()
    await expect(waitFor(new Promise(() => {}), 50)).rejects.toThrow(TimeoutError)
  })

  // test_wait_for_cancellation_race_condition, test_wait_for_cancel_suppressed
  it('gives the value of a function that caught the cancellation', async () => {
    jumpingClock()
    const value = await waitFor(async () => {
      await errorOf(sleep(1_000))
      return 42
    }, 10)
    expect(value).toBe(42)
  })

  // test_wait_for_waits_for_task_cancellation, …_w_timeout_0
  it.each([0, 1])('waits for the cleanup of a task (after %s ms)', async (ms) => {
    jumpingClock()
    let done = false
    const task = start(async () => {
      try {
        await sleep(10_000)
      } catch (error) {
        await sleep(1)
        throw error
      } finally {
        done = true
      }
    })
    await turn()
    const error = (await errorOf(waitFor(task, ms))) as TimeoutError
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error.cause).toBeInstanceOf(CancelledError)
    expect(done).toBe(true)
  })

  // test_wait_for_reraises_exception_during_cancellation
  it('throws what the cleanup throws', async () => {
    jumpingClock()
    const task = start(async () => {
      try {
        await sleep(200)
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: what is tested
        throw new MyError()
      }
    })
    await expect(waitFor(task, 1)).rejects.toThrow(MyError)
  })

  // test_cancel_blocking_wait_for, test_cancel_wait_for
  it.each([null, 60_000])('cancels the task when it is cancelled itself (with a time of %s)', async (ms) => {
    const never = new Event()
    const task = start(() => never.wait())
    const waiting = start(() => waitFor(task, ms))
    await turn()
    waiting.cancel()
    await expect(waiting).rejects.toThrow(CancelledError)
    expect(task.cancelled).toBe(true)
  })

  // test_wait_for_issue86296
  it('does not lose a cancellation that comes when the task has ended', async () => {
    let reachedEnd = false
    const inner = start(async () => 'done')
    const task = start(async () => {
      await waitFor(inner, 100)
      await sleep(1_000)
      reachedEnd = true
    })
    await Promise.resolve()
    await Promise.resolve()
    task.cancel()
    await expect(task).rejects.toThrow(CancelledError)
    expect([inner.done, reachedEnd]).toEqual([true, false])
  })

  // WaitForShieldTests
  it.each([0, 10])('leaves alone what is shielded (after %s ms)', async (ms) => {
    jumpingClock()
    const task = start(async () => {
      await sleep(100)
      return 'done'
    })
    const shielded = shield(task)
    await expect(waitFor(shielded, ms)).rejects.toThrow(TimeoutError)
    expect([task.done, task.cancelled, shielded.cancelled]).toEqual([false, false, true])
    expect(await task).toBe('done')
  })

  it('takes a signal, and refuses what cannot be waited for', async () => {
    const controller = new AbortController()
    const waiting = waitFor(() => sleep(1_000), null, { signal: controller.signal })
    controller.abort('stop')
    expect(await errorOf(waiting)).toMatchObject({ name: 'CancelledError', reason: 'stop' })
    // @ts-expect-error neither a function nor a promise
    expect(() => waitFor(5, 10)).toThrow(TypeError)
  })
})
