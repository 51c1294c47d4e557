import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { CancelledError } from '../../dist/core/errors.js'
import { Event, sleep, type Task, TaskGroup } from '../../dist/sync/index.js'
import { after, classes, crashAfter, crashWhenCancelled, errorOf, jumpingClock, MyError, start, turn } from './support.js'

describe('a TaskGroup that is cancelled, or whose children are', () => {
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
    it.each(['the group', 'a view of it', 'both'])('is left by %s with an error when that was aborted, and forgets it', async (which) => {
      const controller = new AbortController()
      const group = new TaskGroup({ signal: controller.signal })
      const view = group.with({ name: 'view' })
      const child = view.spawn(sleep, 1_000)
      await turn()
      controller.abort('stop')
      const left = which === 'both' ? [group, view] : [which === 'the group' ? group : view]
      for (const one of left) {
        expect(await errorOf(one[Symbol.asyncDispose]())).toMatchObject({ name: 'CancelledError', reason: 'stop' })
      }
      expect(child.cancelled).toBe(true)
      const other = new AbortController()
      await new TaskGroup({ signal: other.signal }).with({ name: 'view' })[Symbol.asyncDispose]()
      expect(getEventListeners(other.signal, 'abort')).toEqual([])
    })

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
})
