// Tasks that await each other can still be ended, and whoever awaits another in no circle waits for its end as ever.
import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { CancelledError, TimeoutError } from '../../dist/core/errors.js'
import { gather, run, sleep, type Task, TaskGroup, timeout, waitFor } from '../../dist/sync/index.js'
import { undelivered } from '../../dist/sync/scope.js'
import { allTasks } from '../../dist/sync/task.js'
import { classes, errorOf, jumpingClock, MyError, start, turn } from './support.js'

afterEach(() => {
  expect(undelivered).toBe(0)
  expect(allTasks().size).toBe(0)
})

type Circle = (group: TaskGroup) => Task<unknown>[]
type Wait = (task: Task<unknown>) => PromiseLike<unknown>

const ring = (n: number, wait: Wait): Circle => {
  return (group) => {
    const tasks: Task<unknown>[] = Array.from({ length: n }, (_, i) =>
      group.spawn(async () => {
        await sleep(1)
        return await wait(tasks[(i + 1) % n] as Task<unknown>)
      }),
    )
    return tasks
  }
}

/** A task of a group waits for the owner of that group. */
const ownerOf =
  (levels: number, wait: Wait = (task) => task): Circle =>
  (group) => {
    const all: Task<unknown>[] = []
    const below = (left: number): Promise<unknown> =>
      TaskGroup.run((group) => {
        all.push(group.spawn(async () => (left === 0 ? await wait(owner) : await below(left - 1))))
      })
    const owner = group.spawn(() => below(levels))
    all.push(owner)
    return all
  }

const circles: [string, Circle][] = [
  ['two tasks', ring(2, (task) => task)],
  ['three tasks', ring(3, (task) => task)],
  ['tasks that wait with result()', ring(2, (task) => task.result())],
  ['tasks that wait with result() and a limit', ring(2, (task) => task.result({ timeout: 1e8 }))],
  ['tasks that wait with exception()', ring(2, (task) => task.exception().then((error) => Promise.reject(error)))],
  ['tasks that wait with then()', ring(3, (task) => task.then((value) => value))],
  ['tasks that wait with finally()', ring(2, (task) => task.finally(() => {}))],
  ['tasks that wait with waitFor()', ring(2, (task) => waitFor(task, 1e8))],
  ['tasks that wait with gather()', ring(2, (task) => gather([task]))],
  ['tasks that wait with a group', ring(2, (task) => TaskGroup.run((group) => group.spawn(() => task)))],
  ['tasks that wait with Promise.all()', ring(2, (task) => Promise.all([task]))],
  ['a child that awaits its owner', ownerOf(0)],
  ['a grandchild that awaits its owner', ownerOf(1)],
  ['a grandchild that waits for its owner with waitFor()', ownerOf(1, (task) => waitFor(task, 1e8))],
  [
    'one that gather() runs for whom it awaits',
    (group) => {
      const owner: Task<unknown> = group.spawn(() => gather([() => owner]))
      return [owner]
    },
  ],
]

describe.each(circles)('%s in a circle', (_, circle) => {
  it('are ended by a timeout', async () => {
    jumpingClock()
    expect(await errorOf(timeout(50, () => TaskGroup.run((group) => void circle(group))))).toBeInstanceOf(TimeoutError)
  })

  it('are ended by group.cancel()', async () => {
    jumpingClock()
    const tasks: Task<unknown>[] = []
    await TaskGroup.run(async (group) => {
      tasks.push(...circle(group))
      await sleep(50)
      group.cancel('why')
    })
    expect(tasks.map(({ state }) => state)).toEqual(tasks.map(() => 'cancelled'))
  })

  it('are ended by a failing sibling', async () => {
    jumpingClock()
    const failing = TaskGroup.run((group) => {
      circle(group)
      group.spawn(async () => {
        await sleep(50)
        throw new MyError()
      })
    })
    expect(classes(await errorOf(failing))).toEqual(['MyError'])
  })

  it('are ended by the signal of run()', async () => {
    jumpingClock()
    const controller = new AbortController()
    const running = run(() => TaskGroup.run((group) => void circle(group)), { signal: controller.signal })
    await sleep(50)
    controller.abort()
    expect(await errorOf(running)).toBeInstanceOf(CancelledError)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  it('are ended by cancelling any of them', async () => {
    jumpingClock()
    for (let i = 0; ; i++) {
      let tasks: Task<unknown>[] = []
      const whole = TaskGroup.run(async (group) => {
        tasks = circle(group)
        await sleep(50)
        if (i < tasks.length) tasks[i]?.cancel()
        else group.cancel()
      })
      await whole
      if (i >= tasks.length) break
      expect(tasks[i]?.cancelled).toBe(true)
    }
  })
})

describe('of tasks in a circle', () => {
  it('the one to which the request comes round ends first, and the others wait for its end', async () => {
    jumpingClock()
    const log: string[] = []
    await TaskGroup.run(async (group) => {
      const one = async (name: string, other: () => Task<unknown>): Promise<void> => {
        try {
          await sleep(1)
          await other()
        } finally {
          log.push(`${name} sees it`)
          await sleep(10)
          log.push(`${name} ends`)
        }
      }
      const a: Task<unknown> = group.spawn(one, 'a', () => b)
      const b: Task<unknown> = group.spawn(one, 'b', () => c)
      const c: Task<unknown> = group.spawn(one, 'c', () => a)
      await sleep(50)
      b.cancel()
    })
    expect(log).toEqual(['a sees it', 'a ends', 'c sees it', 'c ends', 'b sees it', 'b ends'])
  })

  it('one with a timeout around its wait goes on after that', async () => {
    jumpingClock()
    const seen: unknown[] = []
    await TaskGroup.run((group) => {
      const a: Task<unknown> = group.spawn(async () => {
        seen.push(await errorOf(timeout(50, () => b)))
        await sleep(10)
      })
      const b: Task<unknown> = group.spawn(() => a)
      b.addDoneCallback(({ state }) => seen.push(state))
      a.addDoneCallback(({ state }) => seen.push(state))
    })
    expect(seen).toEqual(['cancelled', expect.any(TimeoutError), 'finished'])
  })

  it('those that close it while they clean up are ended', async () => {
    jumpingClock()
    const tasks: Task<unknown>[] = []
    await TaskGroup.run(async (group) => {
      const cleaning = async (other: () => Task<unknown>): Promise<void> => {
        try {
          await sleep(1e6)
        } finally {
          await other()
        }
      }
      tasks.push(group.spawn(cleaning, () => tasks[1] as Task<unknown>))
      tasks.push(group.spawn(cleaning, () => tasks[0] as Task<unknown>))
      await sleep(10)
      group.cancel()
    })
    expect(tasks.map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
  })

  it('those that were cancelled one by one are ended while they clean up, also when one gathers the other', async () => {
    jumpingClock()
    for (const wait of [(task: Task<unknown>) => task, (task: Task<unknown>) => gather([task])] as Wait[]) {
      const cleaning = async (other: () => Task<unknown>): Promise<void> => {
        try {
          await sleep(1e6)
        } finally {
          await wait(other())
        }
      }
      const a: Task<unknown> = start(cleaning, () => b)
      const b: Task<unknown> = start(cleaning, () => a)
      await turn()
      a.cancel('one')
      await turn(2)
      b.cancel('other')
      await turn(2)
      // A gather that was begun in the cleanup has been told of nothing yet.
      a.cancel('again')
      expect([await errorOf(a), await errorOf(b)]).toEqual([expect.any(CancelledError), expect.any(CancelledError)])
    }
  })

  it('those that go on regardless do not go round for ever', async () => {
    let rounds = 0
    let stop = false
    const stubborn = async (other: () => Task<unknown>): Promise<void> => {
      while (!stop && rounds++ < 1_000)
        await other()
          .exception()
          .catch(() => {})
    }
    const a: Task<unknown> = start(stubborn, () => b)
    const b: Task<unknown> = start(stubborn, () => a)
    await turn()
    a.cancel()
    await turn(5)
    expect([a.done, b.done, rounds < 500]).toEqual([false, false, true])
    stop = true
    a.cancel()
    await turn(5)
    expect([a.done, b.done]).toEqual([true, true])
  })

  it('a child that is cancelled alone leaves its owner alone', async () => {
    jumpingClock()
    await TaskGroup.run(async (group) => {
      const owner: Task<string> = group.spawn(async () => {
        await TaskGroup.run((inner) => {
          const child = inner.spawn(async () => await owner)
          inner.spawn(async () => {
            await sleep(10)
            child.cancel()
          })
        })
        await sleep(10)
        return 'well'
      })
      expect(await owner).toBe('well')
    })
  })

  it('the owner sees the failure of a sibling, and no cancellation after it', async () => {
    jumpingClock()
    const fails = async (): Promise<never> => {
      await sleep(10)
      throw new MyError()
    }
    const owners: Record<string, (owner: () => Task<unknown>) => Promise<unknown>> = {
      gather: (owner) => gather([async () => await owner(), fails]),
      TaskGroup: (owner) =>
        TaskGroup.run((group) => {
          group.spawn(async () => await owner())
          group.spawn(fails)
        }),
    }
    for (const wait of Object.values(owners)) {
      const owner: Task<unknown> = start(async () => {
        const error = await errorOf(wait(() => owner))
        await sleep(10)
        return error
      })
      const error = await owner
      expect(error instanceof AggregateError ? error.errors[0] : error).toBeInstanceOf(MyError)
    }
  })

  it('one that waits for several ends all of these waits', async () => {
    jumpingClock()
    const ends: unknown[] = []
    await TaskGroup.run(async (group) => {
      const others = [1, 2].map(() => group.spawn(async () => await all))
      const all: Task<unknown> = group.spawn(async () => void ends.push(...(await Promise.allSettled(others))))
      await sleep(10)
      all.cancel()
    })
    expect(ends).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
  })
})
