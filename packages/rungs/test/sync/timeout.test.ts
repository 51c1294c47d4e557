import { setTimeout } from 'node:timers/promises'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CancelledError, InvalidStateError, TimeoutError } from '../../dist/core/errors.js'
import { currentTask, sleep, TaskGroup, type TimeoutScope, timeout, timeoutAt } from '../../dist/sync/index.js'
import { errorOf, jumpingClock, MyError, start, turn } from './support.js'

describe('timeout', () => {
  // test_timeout_basic, test_waiter_cancelled
  it('cancels the body and turns that into a TimeoutError', async () => {
    const clock = jumpingClock()
    let scope: TimeoutScope | undefined
    let seen: unknown
    const error = (await errorOf(
      timeout(10, async (given) => {
        scope = given
        seen = await errorOf(sleep(10_000))
        throw seen
      }),
    )) as TimeoutError
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error.message).toBe('Time was up after 10 ms')
    expect(seen).toBeInstanceOf(CancelledError)
    expect(error.cause).toBe(seen)
    expect([scope?.expired, scope?.signal.aborted, clock.pending]).toEqual([true, true, 0])
  })

  // test_timeout_at_basic
  it('takes the moment of the deadline too', async () => {
    const clock = jumpingClock()
    const deadline = clock.now() + 10
    let scope: TimeoutScope | undefined
    const error = await errorOf(
      timeoutAt(deadline, (given) => {
        scope = given
        return sleep(10_000)
      }),
    )
    expect(error).toBeInstanceOf(TimeoutError)
    expect([scope?.expired, scope?.when]).toEqual([true, deadline])
  })

  // test_timeout_not_called, test_timeout_disabled, test_timeout_at_disabled
  it('gives the value of a body that ends in time, and leaves no timer', async () => {
    const clock = jumpingClock()
    const value = await timeout(10_000, async (scope) => {
      await sleep(10)
      return scope
    })
    expect([value.expired, value.when, clock.pending]).toEqual([false, 11_000, 0])
    expect(await timeout(null, async ({ when }) => when)).toBe(null)
    expect(await timeoutAt(null, ({ when }) => when)).toBe(null)
    expect(await timeout(Number.POSITIVE_INFINITY, () => 1)).toBe(1)
  })

  // test_nested_timeouts
  it('of two for the same moment lets only the outer one throw', async () => {
    const clock = jumpingClock()
    const deadline = clock.now() + 10
    const scopes: TimeoutScope[] = []
    let between: unknown
    const error = await errorOf(
      timeoutAt(deadline, async (outer) => {
        scopes.push(outer)
        between = await errorOf(
          timeoutAt(deadline, (inner) => {
            scopes.push(inner)
            return sleep(10_000)
          }),
        )
        throw between
      }),
    )
    expect(error).toBeInstanceOf(TimeoutError)
    expect(between).toBeInstanceOf(CancelledError)
    expect(scopes.map(({ expired }) => expired)).toEqual([true, true])
  })

  it('of two for the same moment counts both as fired on the clock of the platform, whichever timer comes first', async () => {
    for (let round = 0; round < 20; round++) {
      const scopes: TimeoutScope[] = []
      let between: unknown
      const deadline = performance.now() + 2 + round / 10
      const whole = timeoutAt(deadline, async (outer) => {
        scopes.push(outer)
        await sleep(round % 3)
        between = await errorOf(
          timeoutAt(deadline, (inner) => {
            scopes.push(inner)
            return sleep(10_000)
          }),
        )
        throw between
      })
      expect(await errorOf(whole)).toBeInstanceOf(TimeoutError)
      if (scopes.length < 2) continue // The machine was too slow for this one.
      expect([...scopes.map(({ expired }) => expired), between]).toEqual([true, true, expect.any(CancelledError)])
    }
  })

  it('of two for the same moment interrupts the body once', async () => {
    const clock = jumpingClock()
    const deadline = clock.now() + 10
    const log: string[] = []
    await errorOf(
      timeoutAt(deadline, () =>
        timeoutAt(clock.now() + 20, () =>
          timeoutAt(deadline, async (inner) => {
            try {
              await sleep(10_000)
            } finally {
              log.push(`expired: ${inner.expired}`)
              await sleep(5)
              log.push('cleaned up')
            }
          }),
        ),
      ),
    )
    expect(log).toEqual(['expired: true', 'cleaned up'])
  })

  it('tells apart whose deadline fired', async () => {
    jumpingClock()
    const log: string[] = []
    await timeout(1_000, async () => {
      await timeout(10, () => sleep(100)).catch((error) => log.push(`inner ${error.name}`))
      await sleep(10)
      log.push('goes on')
    })
    const error = await errorOf(
      timeout(10, async () => {
        await timeout(1_000, () => sleep(100)).catch((error) => {
          log.push(`inner ${error.name}`)
          throw error
        })
      }),
    )
    expect(error).toBeInstanceOf(TimeoutError)
    expect(log).toEqual(['inner TimeoutError', 'goes on', 'inner CancelledError'])
  })

  // test_timeout_zero, test_timeout_zero_sleep_zero, test_timeout_in_the_past_sleep_zero
  it.each([
    [0, 0],
    [0, 10_000],
    [-11, 0],
  ])('of %s ms ends even a sleep of %s', async (ms, slept) => {
    const clock = jumpingClock()
    let scope: TimeoutScope | undefined
    const error = await errorOf(
      timeout(ms, (given) => {
        scope = given
        return sleep(slept)
      }),
    )
    expect(error).toBeInstanceOf(TimeoutError)
    expect([scope?.expired, scope?.when]).toEqual([true, 1_000 + ms])
    expect(clock.pending).toBe(0)
  })

  it('of 0 ms lets a body through that does not wait', async () => {
    expect(await timeout(0, () => 'value')).toBe('value')
    expect(await timeout(0, async () => 'value')).toBe('value')
  })

  // test_foreign_exception_passed, test_foreign_exception_on_timeout
  it('passes other errors, also those of cleanup after the deadline', async () => {
    jumpingClock()
    const early = await errorOf(
      timeout(10, () => {
        throw new MyError()
      }),
    )
    expect(early).toBeInstanceOf(MyError)
    const late = await errorOf(
      timeout(10, async () => {
        try {
          await sleep(1_000)
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: what is tested
          throw new MyError()
        }
      }),
    )
    expect(late).toBeInstanceOf(MyError)
  })

  // test_foreign_cancel_doesnt_timeout_if_not_expired
  it('passes a cancellation from around', async () => {
    jumpingClock()
    let scope: TimeoutScope | undefined
    const task = start(() =>
      timeout(10, (given) => {
        scope = given
        currentTask()?.cancel()
        return sleep(10)
      }),
    )
    await expect(task).rejects.toThrow(CancelledError)
    expect([scope?.expired, task.cancelled]).toEqual([false, true])
  })

  // test_outer_task_is_not_cancelled
  it('does not cancel the task around it', async () => {
    jumpingClock()
    const task = start(async () => {
      await expect(timeout(1, () => sleep(10_000))).rejects.toThrow(TimeoutError)
      await sleep(0)
    })
    await task
    expect(task.state).toBe('finished')
  })

  it('is weaker than a cancellation from around in the same turn, whichever comes first', async () => {
    for (const cancelFirst of [true, false]) {
      let scope: TimeoutScope | undefined
      const log: unknown[] = []
      const task = start(() =>
        timeout(0, async (given) => {
          scope = given
          await sleep(10_000).finally(() => log.push('interrupted'))
        }),
      )
      await Promise.resolve()
      await Promise.resolve()
      if (cancelFirst) {
        task.cancel('outer')
        await turn()
      } else {
        // Fires before the microtasks that would unwind the body.
        await new Promise<void>((resolve) => setImmediate(resolve))
        task.cancel('outer')
      }
      const error = await errorOf(task)
      expect(error).toMatchObject(
        scope?.expired && !task.cancelled ? { name: 'TimeoutError' } : { name: 'CancelledError', reason: 'outer' },
      )
      expect(log).toEqual(['interrupted'])
    }
  })

  // test_nested_timeouts_concurrent, test_nested_timeouts_loop_busy
  it.each([
    [2, 100],
    [100, 10],
  ])('is told apart from one around it when both pass while the loop is busy (%s around %s)', async (outer, inner) => {
    const clock = jumpingClock()
    const error = await errorOf(
      timeout(outer, async () => {
        await timeout(inner, async () => {
          await sleep(0)
          clock.block(200)
          await sleep(1_000)
        })
      }),
    )
    expect(error).toBeInstanceOf(TimeoutError)
  })

  // test_reschedule
  it('can be moved, and taken away', async () => {
    const clock = jumpingClock()
    const first = clock.now() + 10
    const scope = await new Promise<TimeoutScope>((resolve) => {
      void timeoutAt(first, async (scope) => {
        resolve(scope)
        await sleep(50)
      }).catch(() => {})
    })
    expect(scope.when).toBe(first)
    scope.reschedule(first + 20)
    expect(scope.when).toBe(first + 20)
    scope.reschedule(null)
    expect(scope.when).toBeNull()
    await sleep(200)
    expect(scope.expired).toBe(false)
    expect(() => scope.reschedule(5)).toThrow('finished')
  })

  it('fires in the next turn when it is moved into the past', async () => {
    const clock = jumpingClock()
    const error = await errorOf(
      timeout(10_000, (scope) => {
        scope.reschedule(clock.now() - 5)
        return sleep(0)
      }),
    )
    expect(error).toBeInstanceOf(TimeoutError)
  })

  // test_timeout_finished, test_timeout_expired, test_timeout_expiring
  it('cannot be moved when it has fired or ended', async () => {
    jumpingClock()
    let scope: TimeoutScope | undefined
    await timeout(10, async (given) => {
      scope = given
      await errorOf(sleep(1_000))
      expect(() => given.reschedule(20)).toThrow('expiring')
      expect(inspect(given)).toBe('Timeout { expiring, when: 1010 }')
    })
    expect(() => scope?.reschedule(20)).toThrow('expired')
    expect(() => scope?.reschedule(20)).toThrow(InvalidStateError)
    expect(scope?.expired).toBe(true)
  })

  it('gives the value of a body that caught the cancellation', async () => {
    jumpingClock()
    const value = await timeout(10, async () => {
      await errorOf(sleep(1_000))
      await sleep(5)
      return 'saved'
    })
    expect(value).toBe('saved')
  })

  // test_nested_timeout_in_finally
  it('works in the cleanup of another', async () => {
    jumpingClock()
    let inner: unknown
    const outer = await errorOf(
      timeout(10, async () => {
        try {
          await sleep(1_000)
        } finally {
          inner = await errorOf(timeout(10, () => sleep(10_000)))
        }
      }),
    )
    expect([outer, inner]).toEqual([expect.any(TimeoutError), expect.any(TimeoutError)])
    expect(outer).not.toBe(inner)
  })

  // test_timeout_after_cancellation
  it('works in the cleanup of a cancelled task', async () => {
    const task = start(async () => {
      currentTask()?.cancel()
      await errorOf(sleep(1_000))
      return await errorOf(timeout(0, () => sleep(1_000)))
    })
    expect(await task).toBeInstanceOf(TimeoutError)
  })

  // test_cancel_in_timeout_after_cancellation
  it('passes a second cancellation of a task that caught the first', async () => {
    jumpingClock()
    const task = start(async () => {
      currentTask()?.cancel('first')
      await errorOf(sleep(1_000))
      return await errorOf(
        timeout(1_000, () => {
          currentTask()?.cancel('second')
          return sleep(2_000)
        }),
      )
    })
    expect(await task).toMatchObject({ name: 'CancelledError', reason: 'second' })
  })

  // test_timeout_taskgroup
  it('around a group throws what its children throw in their cleanup', async () => {
    jumpingClock()
    const error = await errorOf(
      timeout(10, () =>
        TaskGroup.run(async (group) => {
          group.spawn(async () => {
            try {
              await sleep(2_000)
            } finally {
              // biome-ignore lint/correctness/noUnsafeFinally: what is tested
              throw new MyError()
            }
          })
          await sleep(1_000)
        }),
      ),
    )
    expect((error as AggregateError).errors).toEqual([expect.any(MyError)])
  })

  it('around a group throws a TimeoutError when its children are only cancelled', async () => {
    jumpingClock()
    const error = await errorOf(timeout(10, () => TaskGroup.run((group) => void group.spawn(sleep, 2_000))))
    expect(error).toBeInstanceOf(TimeoutError)
  })

  it('reaches calls of the platform through its signal', async () => {
    const clock = jumpingClock()
    const error = await errorOf(timeout(10, ({ signal }) => setTimeout(1_000_000, undefined, { signal })))
    expect(error).toBeInstanceOf(TimeoutError)
    expect((error as TimeoutError).cause).toMatchObject({ name: 'AbortError' })
    expect(clock.pending).toBe(0)
  })

  it('is cancelled by a signal from outside', async () => {
    const controller = new AbortController()
    const running = timeout(10_000, () => sleep(10_000), { signal: controller.signal })
    await turn()
    controller.abort('stop')
    expect(await errorOf(running)).toMatchObject({ name: 'CancelledError', reason: 'stop' })
  })

  it('refuses what is no time and what is no function', () => {
    expect(() => timeout(Number.NaN, () => {})).toThrow(RangeError)
    // @ts-expect-error not a number
    expect(() => timeout('5', () => {})).toThrow(TypeError)
    // @ts-expect-error not a function
    expect(() => timeout(5, Promise.resolve())).toThrow(TypeError)
  })
})
