import { AsyncLocalStorage } from 'node:async_hooks'
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { CancelledError, InvalidStateError } from '../../dist/core/errors.js'
import { currentTask, sleep, type Task, TaskGroup } from '../../dist/sync/index.js'
import { after, classes, crashAfter, errorOf, jumpingClock, MyError, start, turn } from './support.js'

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

  // test_taskgroup_finished
  it('takes no more tasks when it is finished', async () => {
    const group = await TaskGroup.run((group) => group)
    expect(() => group.spawn(() => {})).toThrow('is finished')
    expect(() => group.spawn(() => {})).toThrow(InvalidStateError)
    group.cancel()
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
