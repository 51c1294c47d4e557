// Functions of the platform that calls replace in their worker, or test tools in this program, are not those that pools and workers live by.
import { mock } from 'node:test'
import { ProcessPoolExecutor, TaskPoolExecutor, ThreadPoolExecutor } from 'rungs'
import { afterEach, describe, expect, it, vi } from 'vitest'

const pools = {
  tasks: () => new TaskPoolExecutor({ maxWorkers: 1 }),
  threads: () => new ThreadPoolExecutor({ maxWorkers: 1 }),
  processes: () => new ProcessPoolExecutor({ maxWorkers: 1 }),
}

async function work(pool: TaskPoolExecutor | ThreadPoolExecutor | ProcessPoolExecutor): Promise<void> {
  const same = <T>(value: T): T => value
  expect(await pool.submit(same, 1)).toBe(1)
  expect(await pool.submit(same, { list: [2] })).toEqual({ list: [2] })
  const numbers = Array.from({ length: 300 }, (_, index) => index)
  expect(await Promise.all(numbers.map((number) => pool.submit(same, number)))).toEqual(numbers)
  expect(await pool.map(same, numbers, { chunkSize: 'auto' }).toArray()).toEqual(numbers)
  await expect(
    pool.submit(() => {
      throw new RangeError('no')
    }),
  ).rejects.toThrow(RangeError)
}

describe.each(['threads', 'processes'] as const)('a call on %s', (rung) => {
  it('that replaces process.exit does not keep its worker from ending', async () => {
    const pool = pools[rung]()
    await pool.submit(() => {
      process.exit = (() => {}) as typeof process.exit
    })
    await pool.shutdown()
  })

  it('that replaces timers, clocks and Atomics does not keep others from running', async () => {
    await using pool = pools[rung]()
    await pool.submit(() => {
      const nothing = (): 0 => 0
      Object.assign(performance, { now: nothing })
      Object.assign(process, { nextTick: nothing, getActiveResourcesInfo: () => [] })
      Object.assign(globalThis, { setImmediate: nothing, setTimeout: nothing, queueMicrotask: nothing })
      for (const name of Object.getOwnPropertyNames(Atomics))
        if (typeof Reflect.get(Atomics, name) === 'function') Reflect.set(Atomics, name, nothing)
    })
    await work(pool)
    await pool.shutdown()
  })
})

describe.each(['tasks', 'threads', 'processes'] as const)('a pool of %s', (rung) => {
  afterEach(() => {
    vi.useRealTimers()
    mock.timers.reset()
  })

  it('runs calls while the timers of Vitest are faked', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance', 'queueMicrotask', 'Date'] })
    const pool = pools[rung]()
    await work(pool)
    await pool.shutdown()
  })

  it('runs calls while the timers of node:test are mocked', async () => {
    mock.timers.enable({ apis: ['setImmediate', 'setTimeout', 'Date'] })
    const pool = pools[rung]()
    await work(pool)
    await pool.shutdown()
  })
})
