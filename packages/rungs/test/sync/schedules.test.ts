// The primitives in ten thousand schedules: each scenario must hold in whatever order those who are ready go on. A failure prints its seed.
import { expect, it } from 'vitest'
import { CancelledError, TimeoutError } from '../../dist/core/errors.js'
import {
  Barrier,
  Broadcast,
  Condition,
  Event,
  gather,
  Lock,
  PriorityQueue,
  Queue,
  rateLimit,
  Semaphore,
  sleep,
  TaskGroup,
  timeout,
} from '../../dist/sync/index.js'
import { undelivered } from '../../dist/sync/scope.js'
import { explore, type Schedule } from '../../dist/testing/index.js'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

const scenarios: Record<string, (schedule: Schedule) => Promise<void>> = {
  async 'a Lock keeps a check and what follows from it together'() {
    const lock = new Lock()
    let balance = 3
    const withdraw = async (): Promise<boolean> => {
      using _permit = await lock.acquire()
      const before = balance
      await sleep(0)
      if (before === 0) return false
      balance = before - 1
      return true
    }
    const paid = await gather(numbers(5).map(() => withdraw))
    expect([balance, paid.filter(Boolean).length, lock.locked]).toEqual([0, 3, false])
  },

  async 'a Semaphore survives the cancellation of those who wait for it'() {
    const semaphore = new Semaphore(2)
    let inside = 0
    const enter = async (): Promise<void> => {
      using _permit = await semaphore.acquire()
      expect(++inside).toBeLessThanOrEqual(2)
      try {
        await sleep(0)
      } finally {
        inside--
      }
    }
    await TaskGroup.run(async (group) => {
      const tasks = numbers(6).map(() => group.spawn(enter))
      await sleep(0)
      // Holds it, waits, or has just been woken: by the schedule.
      tasks[1]?.cancel()
      tasks[3]?.cancel()
    })
    expect([semaphore.value, semaphore.stats.waiting]).toEqual([2, 0])
  },

  async 'a Queue gives every item to one worker, and lets them end'() {
    const queue = new Queue<number>({ maxSize: 2 })
    const done: number[] = []
    await TaskGroup.run(async (group) => {
      for (const _ of numbers(3)) {
        group.spawn(async () => {
          for await (const item of queue) {
            await sleep(0)
            done.push(item)
            queue.taskDone()
          }
        })
      }
      for (const item of numbers(7)) await queue.put(item)
      await queue.join()
      queue.shutdown()
    })
    expect(done.sort()).toEqual(numbers(7))
  },

  async 'a PriorityQueue loses no item to a getter whose time is up'({ time }) {
    const queue = new PriorityQueue<number>()
    const got: number[] = []
    await TaskGroup.run((group) => {
      for (const ms of [1, 2, 3]) {
        group.spawn(async () => {
          try {
            got.push(await timeout(ms, () => queue.get()))
          } catch (error) {
            if (!(error instanceof TimeoutError)) throw error
          }
        })
      }
      group.spawn(async () => {
        await sleep(2)
        for (const item of [3, 1, 2]) await queue.put(item)
      })
    })
    while (queue.size > 0) got.push(await queue.get())
    expect([got.sort(), time.pending]).toEqual([[1, 2, 3], 0])
  },

  async 'a Condition wakes as many as it was told, one after the other'() {
    const condition = new Condition()
    let items = 0
    let taken = 0
    await TaskGroup.run(async (group) => {
      for (const _ of numbers(4)) {
        group.spawn(async () => {
          using _permit = await condition.acquire()
          await condition.waitFor(() => items > 0)
          items--
          taken++
        })
      }
      for (const _ of numbers(2)) {
        group.spawn(async () => {
          using _permit = await condition.acquire()
          items += 2
          condition.notify(2)
        })
      }
    })
    expect([items, taken, condition.stats]).toEqual([0, 4, { locked: false, waiting: 0 }])
  },

  async 'a Barrier lets each round pass together'() {
    const barrier = new Barrier(3)
    const rounds = [0, 0, 0]
    await gather(
      numbers(3).map((me) => async () => {
        for (const round of numbers(3)) {
          rounds[me] = round
          await barrier.wait()
          for (const other of rounds) expect(other).toBeGreaterThanOrEqual(round)
        }
      }),
    )
    expect(barrier.waiting).toBe(0)
  },

  async 'an Event wakes all who wait, and those who come later'() {
    const event = new Event()
    let woken = 0
    await TaskGroup.run((group) => {
      for (const _ of numbers(4)) group.spawn(() => event.wait().then(() => woken++))
      group.spawn(() => event.set())
      for (const _ of numbers(2)) group.spawn(() => event.wait().then(() => woken++))
    })
    expect(woken).toBe(6)
  },

  async 'a TaskGroup gathers all errors, and leaves nobody behind'() {
    let alive = 0
    const fail = async (n: number): Promise<never> => {
      alive++
      try {
        await sleep(0)
        throw new RangeError(`${n}`)
      } finally {
        await sleep(0).finally(() => alive--)
      }
    }
    const error: unknown = await TaskGroup.run((group) => {
      for (const n of numbers(3)) group.spawn(fail, n)
      group.spawn(() => sleep(1e6))
    }).then(
      () => undefined,
      (error) => error,
    )
    if (!(error instanceof AggregateError)) throw error
    expect(error.errors.length).toBeGreaterThanOrEqual(1)
    for (const one of error.errors) expect(one).toBeInstanceOf(RangeError)
    expect(alive).toBe(0)
  },

  async 'a timeout and a cancellation in the same turn are told apart'() {
    const ends: unknown[] = []
    await TaskGroup.run(async (group) => {
      const task = group.spawn(async () => {
        try {
          await timeout(10, () => sleep(20))
          ends.push('slept')
        } catch (error) {
          ends.push(error)
          throw error
        }
      })
      task.catch(() => {})
      await sleep(10)
      task.cancel()
    }).catch((error: AggregateError) => expect(error.errors[0]).toBeInstanceOf(TimeoutError))
    expect(ends).toHaveLength(1)
    expect(ends[0] instanceof TimeoutError || ends[0] instanceof CancelledError).toBe(true)
  },

  async 'a rate limit and a Broadcast keep their order and their count'({ time }) {
    const limit = rateLimit({ limit: 2, per: 100 })
    const news = new Broadcast<number>({ bufferSize: 2 })
    const readers = numbers(2).map(() => news.subscribe())
    const heard = readers.map((): number[] => [])
    await TaskGroup.run((group) => {
      readers.forEach((reader, index) => {
        group.spawn(async () => {
          for await (const item of reader) heard[index]?.push(item)
        })
      })
      group.spawn(async () => {
        for (const item of numbers(5)) {
          await limit.acquire()
          await news.send(item)
        }
        news.close()
      })
    })
    expect(heard).toEqual([numbers(5), numbers(5)])
    expect(time.now()).toBeGreaterThan(100)
  },
}

it.each(Object.entries(scenarios))('%s', async (_, scenario) => {
  await explore(scenario, { schedules: 1_000 })
  expect(undelivered).toBe(0)
})
