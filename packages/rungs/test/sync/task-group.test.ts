import { AsyncLocalStorage } from 'node:async_hooks'
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { CancelledError, InvalidStateError } from '../../dist/core/errors.js'
import { currentTask, Event, sleep, type Task, TaskGroup } from '../../dist/sync/index.js'
import { errorOf, jumpingClock, MyError, start, turn } from './support.js'

const after = async <T>(ms: number, value: T): Promise<T> => {
  await sleep(ms)
  return value
}
const crashAfter = async (ms: number, error: unknown = new RangeError(`after ${ms}`)): Promise<never> => {
  await sleep(ms)
  throw error
}
const crashWhenCancelled = async (error: unknown = new RangeError('in cleanup')): Promise<void> => {
  try {
    await sleep(10_000)
  } finally {
    // biome-ignore lint/correctness/noUnsafeFinally: what is tested
    throw error
  }
}
const classes = (error: unknown): string[] =>
  error instanceof AggregateError ? error.errors.map((one: Error) => one.constructor.name) : [`no AggregateError: ${error}`]

describe('TaskGroup', () => {
  // test_taskgroup_01, 02
  it('waits for its children, also those that are added late', async () => {
    jumpingClock()
    const [t1, t2] = await TaskGroup.run(async (group) => {
      const t1 = group.spawn(after, 100, 42)
      await sleep(150)
      return [t1, group.spawn(after, 200, 11)] as const
    })
    expect([t1.done, t2.done, await t1, await t2]).toEqual([true, true, 42, 11])
  })

  // test_taskgroup_03
  it('goes on when a child is cancelled', async () => {
    jumpingClock()
    const [t1, t2] = await TaskGroup.run(async (group) => {
      const t1 = group.spawn(after, 1_000, 42)
      await sleep(150)
      t1.cancel()
      return [t1, group.spawn(after, 200, 11)] as const
    })
    expect([t1.cancelled, await t2]).toEqual([true, 11])
  })

  // test_taskgroup_04, test_cancel_children_on_child_error
  it('cancels the other children and the body when a child fails', async () => {
    jumpingClock()
    const log: string[] = []
    let t2: Task<void> | undefined
    const error = await errorOf(
      TaskGroup.run(async (group) => {
        group.spawn(crashAfter, 100)
        t2 = group.spawn(async () => {
          try {
            await sleep(5_000)
          } catch (error) {
            log.push(`child ${(error as Error).name}`)
            throw error
          }
        })
        try {
          await sleep(10_000)
        } catch (error) {
          log.push(`body ${(error as Error).name}`)
          throw error
        }
      }),
    )
    expect(classes(error)).toEqual(['RangeError'])
    expect(log.sort()).toEqual(['body CancelledError', 'child CancelledError'])
    expect(t2?.cancelled).toBe(true)
  })

  it('lists the errors with their tasks in the message', async () => {
    const error = await errorOf(
      TaskGroup.run(async (group) => {
        group.with({ name: 'first' }).spawn(crashWhenCancelled, new TypeError('one'))
        await turn()
        throw new MyError('two')
      }),
    )
    expect((error as Error).message).toBe('Unhandled errors in a TaskGroup (2):\n  first: TypeError: one\n  the body: Error: two')
  })

  // test_cancellation, test_taskgroup_07, 22
  it('cancels its children when it is cancelled from around, and throws that', async () => {
    jumpingClock()
    let count = 0
    const runner = start(() =>
      TaskGroup.run(async (group) => {
        for (let i = 0; i < 5; i++) {
          group.spawn(async () => {
            try {
              await sleep(5_000)
            } finally {
              count++
            }
          })
        }
        try {
          await sleep(10_000)
        } finally {
          count += 10
        }
      }),
    )
    await turn()
    runner.cancel('enough')
    expect(await errorOf(runner)).toMatchObject({ name: 'CancelledError', reason: 'enough' })
    expect([count, runner.cancelled]).toEqual([15, true])
  })

  it('is cancelled from around also while it waits for its children', async () => {
    const runner = start(() => TaskGroup.run((group) => void group.spawn(sleep, 5_000)))
    await turn()
    runner.cancel()
    await expect(runner).rejects.toThrow(CancelledError)
    expect(runner.cancelled).toBe(true)
  })

  // test_taskgroup_08
  it('throws the errors of children rather than a cancellation from around', async () => {
    const runner = start(() =>
      TaskGroup.run(async (group) => {
        for (let i = 0; i < 5; i++) group.spawn(crashWhenCancelled)
        await sleep(10_000)
      }),
    )
    await turn()
    runner.cancel()
    expect(classes(await errorOf(runner))).toEqual(Array(5).fill('RangeError'))
  })

  // test_taskgroup_09, 10
  it.each([false, true])('wraps an error of the body too, and cancels the children (which have begun: %s)', async (begun) => {
    const tasks: Task<unknown>[] = []
    const error = await errorOf(
      TaskGroup.run(async (group) => {
        tasks.push(group.spawn(sleep, 1_000), group.spawn(sleep, 2_000))
        if (begun) await turn()
        throw new MyError()
      }),
    )
    expect(classes(error)).toEqual(['MyError'])
    expect(tasks.map((task) => task.cancelled)).toEqual([true, true])
  })

  it('wraps what a body that is not async throws', async () => {
    const error = await errorOf(
      TaskGroup.run(() => {
        throw new MyError()
      }),
    )
    expect(classes(error)).toEqual(['MyError'])
  })

  // test_taskgroup_11, 12
  it('wraps the error of an inner group once more', async () => {
    const runner = start(() =>
      TaskGroup.run(async (outer) => {
        outer.spawn(sleep, 10_000)
        await TaskGroup.run(async (inner) => {
          for (let i = 0; i < 5; i++) inner.spawn(crashWhenCancelled)
          await sleep(10_000)
        })
      }),
    )
    await turn()
    runner.cancel()
    const error = (await errorOf(runner)) as AggregateError
    expect(classes(error)).toEqual(['AggregateError'])
    expect(classes(error.errors[0])).toEqual(Array(5).fill('RangeError'))
  })

  // test_taskgroup_13
  it('cancels an inner group when a child of the outer one fails', async () => {
    jumpingClock()
    const error = await errorOf(
      TaskGroup.run(async (outer) => {
        outer.spawn(crashAfter, 100)
        await TaskGroup.run((inner) => void inner.spawn(crashAfter, 10_000))
      }),
    )
    expect(classes(error)).toEqual(['RangeError'])
  })

  // test_taskgroup_14
  it('cancels the outer children when the inner group fails', async () => {
    jumpingClock()
    const error = (await errorOf(
      TaskGroup.run(async (outer) => {
        outer.spawn(crashAfter, 10_000)
        await TaskGroup.run((inner) => void inner.spawn(crashAfter, 100))
      }),
    )) as AggregateError
    expect(classes(error)).toEqual(['AggregateError'])
    expect(classes(error.errors[0])).toEqual(['RangeError'])
  })

  // test_taskgroup_15, 16
  it.each([false, true])('throws the error of a child that fails while the body cleans up (in a task of its own: %s)', async (nested) => {
    jumpingClock()
    const work = () =>
      TaskGroup.run(async (group) => {
        group.spawn(crashAfter, 300)
        try {
          await sleep(10_000)
        } catch (error) {
          await sleep(500)
          throw error
        }
      })
    const runner = start(nested ? async () => await start(work) : work)
    await turn(2)
    runner.cancel()
    expect(classes(await errorOf(runner))).toEqual(['RangeError'])
  })

  // test_taskgroup_18
  it('throws what the body makes of a cancellation', async () => {
    const runner = start(() =>
      TaskGroup.run(async () => {
        try {
          await sleep(10_000)
        } catch {
          throw new MyError()
        }
      }),
    )
    await turn()
    runner.cancel()
    expect(classes(await errorOf(runner))).toEqual(['MyError'])
  })

  // test_taskgroup_19, 20a, 21a
  it('gathers the errors of children and body, of whatever they are made', async () => {
    jumpingClock()
    const error = (await errorOf(
      TaskGroup.run(async (group) => {
        group.spawn(crashAfter, 100, undefined)
        await crashWhenCancelled(null)
      }),
    )) as AggregateError
    expect(error.errors).toEqual([expect.any(RangeError), null])
  })

  // test_taskgroup_24, 25
  it('lets children start more, until one fails', async () => {
    jumpingClock()
    let heads = 0
    const error = await errorOf(
      TaskGroup.run((group) => {
        const hydra = async (): Promise<void> => {
          heads++
          await sleep(10)
          group.spawn(hydra)
          group.spawn(hydra)
        }
        group.spawn(hydra)
        group.spawn(async () => {
          while (heads < 10) await sleep(15)
          throw new MyError()
        })
      }),
    )
    expect(classes(error)).toEqual(['MyError'])
    expect(heads).toBeGreaterThanOrEqual(10)
  })

  it('names its tasks, and knows their parents', async () => {
    await TaskGroup.run(async (group) => {
      const task = group.with({ name: 'yolo' }).spawn(async () => [currentTask()])
      expect([task.name, task.parent]).toEqual(['yolo', currentTask()])
      expect(await task).toEqual([task])
      expect(group.spawn(() => {}).name).toMatch(/^Task-\d+$/)
    })
    await start(() =>
      TaskGroup.run((group) => {
        const child = group.spawn(() => void expect(group.spawn(() => {}).parent).toBe(child.parent))
        expect(child.parent).toBe(currentTask())
      }),
    )
  })

  it('runs its tasks in the context of who spawned them, after what runs now', async () => {
    const storage = new AsyncLocalStorage<string>()
    const log: unknown[] = []
    await TaskGroup.run((group) => {
      storage.run('mine', () =>
        group.spawn(async () => {
          log.push(storage.getStore())
          await turn()
          log.push(storage.getStore())
        }),
      )
      log.push('spawned')
    })
    expect(log).toEqual(['spawned', 'mine', 'mine'])
  })

  // test_taskgroup_no_create_task_after_failure
  it('takes no more tasks while it shuts down', async () => {
    const error = await errorOf(
      TaskGroup.run((group) => {
        group.spawn(crashAfter, 0)
        group.spawn(async () => {
          await errorOf(sleep(1_000))
          expect(() => group.spawn(() => {})).toThrow(InvalidStateError)
          expect(() => group.spawn(() => {})).toThrow('shutting down')
        })
      }),
    )
    expect(classes(error)).toEqual(['RangeError'])
  })

  // test_taskgroup_context_manager_exit_raises
  it('loses neither the error of a child nor that of cleanup in the body', async () => {
    const task = start(async () => {
      const error = await errorOf(
        TaskGroup.run(async (group) => {
          group.spawn(() => {
            throw new MyError('child')
          })
          try {
            await sleep(1_000)
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: what is tested
            throw new MyError('database')
          }
        }),
      )
      expect((error as AggregateError).errors.map((one) => one.message)).toEqual(['child', 'database'])
      await sleep(0)
    })
    await task
  })

  // test_taskgroup_finished
  it('takes no more tasks when it is finished', async () => {
    const group = await TaskGroup.run((group) => group)
    expect(() => group.spawn(() => {})).toThrow('is finished')
    expect(() => group.spawn(() => {})).toThrow(InvalidStateError)
    group.cancel()
  })

  // test_nested_groups_both_cancelled
  it('loses neither error when an inner and an outer child fail in the same turn', async () => {
    const error = await errorOf(
      TaskGroup.run(async (outer) => {
        const inner = await errorOf(
          TaskGroup.run((inner) => {
            inner.spawn(crashAfter, 0, new RangeError())
            outer.spawn(crashAfter, 0, new MyError())
          }),
        )
        expect(classes(inner)).toEqual(['RangeError'])
        await sleep(1_000)
      }),
    )
    expect(classes(error)).toEqual(['MyError'])
  })

  // test_error_and_cancel
  it('throws a cancellation from around at the next wait when errors went first', async () => {
    const event = new Event()
    const log: string[] = []
    const inner = start(async () => {
      const error = await errorOf(
        TaskGroup.run(async (group) => {
          group.spawn(async () => {
            event.set()
            await errorOf(sleep(1_000))
            throw new RangeError()
          })
          await sleep(1_000)
          log.push('must not get here')
        }),
      )
      log.push(...classes(error))
      await sleep(1_000)
      log.push('nor here')
    })
    await event.wait()
    inner.cancel()
    await expect(inner).rejects.toThrow(CancelledError)
    expect([inner.cancelled, log]).toEqual([true, ['RangeError']])
  })

  it('does not leak its own cancellation', async () => {
    const task = start(async () => {
      await errorOf(TaskGroup.run((group) => void group.spawn(crashAfter, 0)))
      await sleep(0)
      return 'fine'
    })
    expect(await task).toBe('fine')
  })

  describe('cancel()', () => {
    it('ends the children and the body, without an error', async () => {
      const tasks: Task<unknown>[] = []
      const result = await TaskGroup.run(async (group) => {
        tasks.push(group.spawn(sleep, 1_000), group.spawn(sleep, 1_000))
        await turn()
        group.cancel('found')
        expect(() => group.spawn(() => {})).toThrow('shutting down')
        await sleep(1_000)
        return 'not reached'
      })
      expect(result).toBeUndefined()
      expect(tasks.map((task) => task.cancelled)).toEqual([true, true])
      expect(await errorOf(tasks[0] as Task<unknown>)).toMatchObject({ reason: 'found' })
    })

    it('by a child keeps what a body that has ended returned', async () => {
      const result = await TaskGroup.run((group) => {
        group.spawn(sleep, 1_000)
        group.spawn(async () => {
          await turn()
          group.cancel()
        })
        return 'value'
      })
      expect(result).toBe('value')
    })

    it('still throws the errors of children', async () => {
      const error = await errorOf(
        TaskGroup.run(async (group) => {
          group.spawn(crashWhenCancelled)
          await turn()
          group.cancel()
        }),
      )
      expect(classes(error)).toEqual(['RangeError'])
    })

    it('is weaker than a cancellation from around', async () => {
      const runner = start(() =>
        TaskGroup.run(async (group) => {
          group.spawn(async () => {
            await errorOf(sleep(1_000))
            await turn(2)
          })
          await turn()
          group.cancel()
          await sleep(1_000)
        }),
      )
      await turn(2)
      runner.cancel('from around')
      expect(await errorOf(runner)).toMatchObject({ reason: 'from around' })
    })
  })

  describe('with a signal', () => {
    it('is cancelled when that is aborted', async () => {
      const controller = new AbortController()
      let child: Task<void> | undefined
      const running = TaskGroup.run(
        async (group) => {
          child = group.spawn(sleep, 1_000)
          await sleep(1_000)
        },
        { signal: controller.signal },
      )
      await turn()
      controller.abort('stop')
      expect(await errorOf(running)).toMatchObject({ name: 'CancelledError', reason: 'stop' })
      expect(child?.cancelled).toBe(true)
    })
  })

  describe('with await using', () => {
    it('waits for its children at the end of the block', async () => {
      const log: string[] = []
      {
        await using group = new TaskGroup()
        group.spawn(async () => {
          await turn(2)
          log.push('child')
        })
        log.push('body')
      }
      expect(log).toEqual(['body', 'child'])
    })

    it('throws the errors of its children', async () => {
      const error = await errorOf(
        (async () => {
          await using group = new TaskGroup()
          group.spawn(crashAfter, 0)
          const sibling = group.spawn(sleep, 1_000)
          await errorOf(sibling)
          expect(group.signal.aborted).toBe(true)
        })(),
      )
      expect(classes(error)).toEqual(['RangeError'])
    })

    it('cancels its children when it is cancelled from around', async () => {
      const children: Task<void>[] = []
      const inBlock = start(async () => {
        await using group = new TaskGroup()
        children.push(group.spawn(sleep, 1_000))
        await sleep(1_000)
      })
      const atEnd = start(async () => {
        await using group = new TaskGroup()
        children.push(group.spawn(sleep, 1_000))
      })
      await turn()
      inBlock.cancel()
      atEnd.cancel()
      await expect(inBlock).rejects.toThrow(CancelledError)
      await expect(atEnd).rejects.toThrow(CancelledError)
      expect(children.map((child) => child.cancelled)).toEqual([true, true])
    })

    it('that is never left reports the failure of a child', async () => {
      const program = `
        import { TaskGroup } from ${JSON.stringify(new URL('../../dist/sync/index.js', import.meta.url).href)}
        new TaskGroup().with({ name: 'lost' }).spawn(() => { throw new Error('unseen') })`
      const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
      expect(stderr).toContain('[RUNGS_UNOBSERVED] RungsWarning: lost, in a TaskGroup that was not left, failed and nobody looked')
      expect(stderr).toContain('Error: unseen')
    })

    it('can be left twice, and takes no tasks then', async () => {
      const group = new TaskGroup()
      await group[Symbol.asyncDispose]()
      await group[Symbol.asyncDispose]()
      expect(() => group.spawn(() => {})).toThrow('is finished')
    })

    it('is cancelled by its signal', async () => {
      const controller = new AbortController()
      const error = await errorOf(
        (async () => {
          await using group = new TaskGroup({ signal: controller.signal })
          group.spawn(sleep, 1_000)
          await turn()
          controller.abort('stop')
        })(),
      )
      expect(error).toMatchObject({ name: 'CancelledError', reason: 'stop' })
    })
  })

  it('refuses what is no function, and options that do not exist', async () => {
    const group = new TaskGroup()
    // @ts-expect-error not a function
    expect(() => group.spawn(5)).toThrow(TypeError)
    // @ts-expect-error not a function
    expect(() => TaskGroup.run()).toThrow(TypeError)
    // @ts-expect-error not an option
    expect(() => new TaskGroup({ name: 'x' })).toThrow(TypeError)
  })
})
