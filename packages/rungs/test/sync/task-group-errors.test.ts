import { describe, expect, it, onTestFinished } from 'vitest'
import { gather, sleep, type Task, TaskGroup } from '../../dist/sync/index.js'
import { classes, crashAfter, crashWhenCancelled, errorOf, jumpingClock, MyError, start, turn } from './support.js'

describe('the errors in a TaskGroup', () => {
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

  it.each<[string, (task: Task<unknown>) => unknown]>([
    ['awaits it', async (task) => void (await task)],
    ['returns it', (task) => task],
    ['asks for its result', (task) => task.result()],
    ['awaits it among others', (task) => Promise.all([sleep(100_000), task])],
    ['gathers it', (task) => gather([task])],
  ])('has the error of a child once where the body %s', async (_, body) => {
    const cut = new MyError('cut')
    const error = await errorOf(TaskGroup.run((group) => body(group.spawn(crashAfter, 0, cut))))
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors).toEqual([cut])
    expect((error as Error).message).toMatch(/\(1\):\n {2}Task-\d+: Error: cut$/)
  })

  it('are not reported by a gather in the body as well', async () => {
    const warnings: Error[] = []
    const listener = (warning: Error) => void warnings.push(warning)
    process.on('warning', listener)
    onTestFinished(() => void process.off('warning', listener))
    await errorOf(TaskGroup.run((group) => gather([group.spawn(crashAfter, 0)])))
    await turn()
    expect(warnings).toEqual([])
  })

  it('has the error of a child once where another child awaits it', async () => {
    const cut = new MyError('cut')
    const error = await errorOf(
      TaskGroup.run((group) => {
        const first = group.spawn(crashAfter, 0, cut)
        group.spawn(async () => void (await first))
      }),
    )
    expect((error as AggregateError).errors).toEqual([cut])
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
})
