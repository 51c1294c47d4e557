import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CancelledError } from '../../dist/core/errors.js'
import { TaskPoolExecutor } from '../../dist/index.js'
import { allTasks, Event, gather, Lock, sleep, TaskGroup, timeout } from '../../dist/sync/index.js'
import { explore, SeededScheduler } from '../../dist/testing/index.js'
import { errorOf, MyError, start } from '../sync/support.js'

const letters = ['a', 'b', 'c', 'd']

/** The order in which tasks that are all ready at once go on. */
async function orderOf(names: readonly string[]): Promise<string> {
  const go = new Event()
  const log: string[] = []
  await TaskGroup.run(async (group) => {
    for (const name of names) group.spawn(() => go.wait().then(() => void log.push(name)))
    await sleep(0)
    go.set()
  })
  return log.join('')
}

describe('SeededScheduler', () => {
  const orderWith = async (seed: number): Promise<string> => {
    using _ = new SeededScheduler(seed).install()
    return await orderOf(letters)
  }

  it('gives the same order for the same seed, and others for others', async () => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed)
    const orders = []
    for (const seed of seeds) orders.push(await orderWith(seed))
    for (const seed of seeds) expect(await orderWith(seed)).toBe(orders[seed])
    expect(new Set(orders).size).toBeGreaterThan(10)
  })

  it('leaves the order of arrival behind when it is disposed', async () => {
    await orderWith(1)
    expect(await orderOf(letters)).toBe('abcd')
  })

  it.each([-1, 1.5, Number.NaN])('refuses the seed %d', (seed) => {
    expect(() => new SeededScheduler(seed)).toThrow(RangeError)
  })
})

describe('explore', () => {
  it('finds every order of a few tasks', async () => {
    const seen = new Set<string>()
    await explore(async () => void seen.add(await orderOf(letters)), { schedules: 500 })
    expect(seen.size).toBe(24)
  })

  /** Shows the answer to the last question, if answers come in the order of the questions. */
  async function lastAnswer(): Promise<void> {
    let shown = ''
    const ask = async (question: string): Promise<void> => {
      await sleep(0)
      shown = `answer to ${question}`
    }
    await gather([() => ask('first'), () => ask('second')])
    if (shown !== 'answer to second') throw new MyError(`shows the ${shown}`)
  }

  it('fails with a seed that repeats the failure, for a mistake that the usual order hides', async () => {
    await lastAnswer()
    const error = (await errorOf(explore(lastAnswer))) as Error
    expect(error.cause).toBeInstanceOf(MyError)
    const [, count, all, seed] =
      /^Failed in schedule (\d+) of (\d+); { seed: (\d+) } repeats it\. shows the answer to first$/.exec(error.message) ?? []
    expect([Number(count) >= 1, Number(count) <= 20, all]).toEqual([true, true, '1000'])
    for (let i = 0; i < 3; i++) {
      const again = (await errorOf(explore(lastAnswer, { seed: Number(seed) }))) as Error
      expect(again.message).toBe(`Failed in schedule 1 of 1; { seed: ${seed} } repeats it. shows the answer to first`)
    }
  })

  it('runs as many schedules as it is told, with the seeds that follow each other', async () => {
    const seeds: number[] = []
    await explore(({ seed }) => seeds.push(seed), { seed: 7, schedules: 3 })
    expect(seeds).toEqual([7, 8, 9])
    let runs = 0
    await explore(() => runs++)
    expect(runs).toBe(1_000)
  })

  it('lets no time pass but virtual time, from 0 in each run', async () => {
    const ends: number[] = []
    await explore(
      async ({ time }) => {
        await errorOf(timeout(60_000, () => sleep(3_600_000)))
        ends.push(time.now())
      },
      { schedules: 3 },
    )
    expect(ends).toEqual([60_000, 60_000, 60_000])
  })

  it('fails when all tasks wait for each other, with what each waits for, and ends them', async () => {
    const cancelled: unknown[] = []
    const locks = { a: new Lock(), b: new Lock() }
    const take = async (first: Lock, second: Lock): Promise<void> => {
      using _first = await first.acquire()
      await sleep(1)
      try {
        using _second = await second.acquire()
      } catch (error) {
        cancelled.push(error)
        throw error
      }
    }
    const error = (await errorOf(
      explore(() =>
        TaskGroup.run((group) => {
          group.with({ name: 'one' }).spawn(take, locks.a, locks.b)
          group.with({ name: 'other' }).spawn(take, locks.b, locks.a)
        }),
      ),
    )) as Error
    expect(error.message).toMatch(
      /Every task is blocked, and no timer is set:\nmain .*\n├── one .* waits for Lock\.acquire\(\)\n└── other .* waits for Lock\.acquire\(\)\n$/,
    )
    expect(cancelled.map((error) => error instanceof CancelledError)).toEqual([true, true])
    expect([allTasks().size, locks.a.locked, locks.b.locked]).toEqual([0, false, false])
  })

  it('takes a sleep without an end for no timer', async () => {
    await expect(explore(() => sleep(Number.POSITIVE_INFINITY))).rejects.toThrow('waits for sleep(Infinity)')
  })

  it('waits for the platform', async () => {
    let text = ''
    await explore(
      async () => {
        text = await readFile(import.meta.filename, 'utf8')
      },
      { schedules: 2 },
    )
    expect(text).toContain('waits for the platform')
  })

  it.each<[string, () => Promise<unknown>]>([
    ['a promise', () => gather([platform()])],
    ['a call', () => withPool((pool) => gather([pool.submit(platform)]))],
    ['a call, and a task', () => withPool((pool) => gather([pool.submit(platform), () => sleep(10)]))],
    ['a gather in another one', () => gather([() => gather([platform()])])],
  ])('waits for the platform through gather(): for %s', async (_, test) => {
    await explore(test, { seed: 1 })
  })

  it('finds a deadlock in gather() once what is outside has ended', async () => {
    const error = await errorOf(explore(() => gather([platform(), () => new Event().wait()]), { seed: 1 }))
    expect((error as Error).message).toContain('Every task is blocked')
  })

  it('cancels what the test leaves over before the next run', async () => {
    let alive = 0
    await explore(
      async () => {
        expect(alive).toBe(0)
        start(async () => {
          alive++
          try {
            await new Event().wait()
          } finally {
            alive--
          }
        })
        await sleep(1)
      },
      { schedules: 3 },
    )
    expect([alive, allTasks().size]).toEqual([0, 0])
  })

  it('keeps what is thrown that is no error', async () => {
    const error = await errorOf(
      explore(() => {
        throw 'text'
      }),
    )
    expect(error).toMatchObject({ cause: 'text', message: expect.stringMatching(/repeats it\. text$/) })
  })

  it('refuses wrong arguments at once', () => {
    // @ts-expect-error no function
    expect(() => explore('test')).toThrow(TypeError)
    expect(() => explore(() => {}, { schedules: 0 })).toThrow(RangeError)
    expect(() => explore(() => {}, { seed: -1 })).toThrow(RangeError)
    // @ts-expect-error a typing mistake
    expect(() => explore(() => {}, { schedule: 1 })).toThrow('schedule')
  })
})

const platform = (): Promise<void> => pause(5)

async function withPool(test: (pool: TaskPoolExecutor) => Promise<unknown>): Promise<void> {
  await using pool = new TaskPoolExecutor()
  await test(pool)
}
