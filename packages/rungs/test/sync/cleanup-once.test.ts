// A cancellation interrupts each task once, by whichever ways it reaches it: through a wait for it, and then through its group or the end of run().
import { describe, expect, it } from 'vitest'
import { TimeoutError } from '../../dist/core/errors.js'
import type { Future } from '../../dist/core/future.js'
import { asCompleted, wait } from '../../dist/index.js'
import { currentTask, Event, gather, run, sleep, type Task, TaskGroup, timeout } from '../../dist/sync/index.js'
import { undelivered } from '../../dist/sync/scope.js'
import { errorOf, jumpingClock, MyError, start, turn } from './support.js'

/** Children that wait for ever, and say how their cleanup went. */
function children(): { readonly log: string[]; child(name: string, ms?: number): () => Promise<void> } {
  const log: string[] = []
  const child =
    (name: string, ms = 5) =>
    async (): Promise<void> => {
      try {
        await new Event().wait()
      } finally {
        await sleep(ms).then(
          () => log.push(`${name} clean`),
          (error) => log.push(`${name} interrupted: ${error.message}`),
        )
      }
    }
  return { log, child }
}

const waits: [string, (tasks: Task<unknown>[]) => Promise<unknown>][] = [
  ['wait()', (tasks) => wait(tasks)],
  ['wait() for the first', (tasks) => wait(tasks, { returnWhen: 'FIRST_COMPLETED' })],
  ['wait() with a timeout', (tasks) => wait(tasks, { timeout: 1e6 })],
  ['asCompleted()', (tasks) => asCompleted(tasks as Future<unknown>[]).next()],
  ['Promise.all()', (tasks) => Promise.all(tasks)],
  ['Promise.race()', (tasks) => Promise.race(tasks)],
  ['gather()', (tasks) => gather(tasks)],
]

describe.each(waits)('a body that is cancelled in %s for its tasks', (_, begin) => {
  const ends: [string, (body: () => Promise<unknown>) => Promise<unknown>][] = [
    ['by a timeout around', (body) => timeout(10, body)],
    [
      'by its task',
      (body) => {
        const task = start(body)
        void sleep(10).then(() => task.cancel())
        return task
      },
    ],
  ]

  it.each(ends)('lets them clean up: %s', async (_, cancelled) => {
    jumpingClock()
    const { log, child } = children()
    const error = await errorOf(
      cancelled(() =>
        TaskGroup.run(async (group) => {
          await begin([group.spawn(child('a')), group.spawn(child('b', 20))])
        }),
      ),
    )
    expect((error as Error).name).toMatch(/TimeoutError|CancelledError/)
    expect([log, undelivered]).toEqual([['a clean', 'b clean'], 0])
  })

  it('lets them clean up: by a timeout within', async () => {
    jumpingClock()
    const { log, child } = children()
    const error = await errorOf(TaskGroup.run((group) => timeout(10, () => begin([group.spawn(child('a')), group.spawn(child('b', 20))]))))
    expect((error as AggregateError).errors).toEqual([expect.any(TimeoutError)])
    expect(log).toEqual(['a clean', 'b clean'])
  })

  it('lets them clean up: and makes another error of it', async () => {
    jumpingClock()
    const { log, child } = children()
    const task = start(() =>
      TaskGroup.run(async (group) => {
        try {
          await begin([group.spawn(child('a')), group.spawn(child('b', 20))])
        } catch {
          throw new MyError()
        }
      }),
    )
    await turn()
    task.cancel()
    expect(((await errorOf(task)) as AggregateError).errors).toEqual([expect.any(MyError)])
    expect(log).toEqual(['a clean', 'b clean'])
  })

  it('lets them clean up: as the main of run(), without a group', async () => {
    jumpingClock()
    const { log, child } = children()
    const end = new AbortController()
    const running = run(
      async () => {
        await sleep(0)
        await begin([gather([child('a')]), gather([child('b', 20)])])
      },
      { signal: end.signal },
    )
    await turn(3)
    end.abort()
    expect(await errorOf(running)).toMatchObject({ name: 'CancelledError' })
    expect(log).toEqual(['a clean', 'b clean'])
  })
})

describe('a task that has caught a cancellation', () => {
  it('is told of the failure of its group, which is another one', async () => {
    const log: unknown[] = []
    const error = await errorOf(
      TaskGroup.run(async (group) => {
        const stubborn = group.spawn(async () => {
          for (;;) {
            try {
              await sleep(1e6)
            } catch (error) {
              log.push((error as Error).message)
              if (log.length === 2) throw error
            }
          }
        })
        await errorOf(timeout(1, () => wait([stubborn])))
        throw new MyError()
      }),
    )
    expect((error as AggregateError).errors).toEqual([expect.any(MyError)])
    expect(log).toEqual(['Cancelled because time was up', 'Cancelled because the body of the group failed'])
  })

  it('is told of the end of main, where main has caught it too', async () => {
    const log: unknown[] = []
    await run(async () => {
      const stubborn = gather([
        async () => {
          log.push(((await errorOf(sleep(1e6))) as Error).message)
          await sleep(1e6)
        },
      ])
      await sleep(0)
      const main = currentTask()
      queueMicrotask(() => main?.cancel())
      await errorOf(wait([stubborn]))
      await sleep(0)
    })
    expect(log).toEqual(['The task was cancelled'])
  })
})
