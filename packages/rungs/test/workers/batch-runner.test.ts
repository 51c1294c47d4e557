// A map on tasks runs its items one after the other in places that it takes once. Nobody may see that: each test is a promise that such a loop
// could break. Here: whose turn it is, how many run, what the pool tells. How a map ends, and what an item finds around it, are in files beside.
import { setImmediate as turn } from 'node:timers/promises'
import { currentCall, Future, TaskPoolExecutor } from 'rungs'
import { describe, expect, it } from 'vitest'
import { Gates, numbers, until } from './gates.js'

describe('whose turn it is', () => {
  it('is that of what was submitted first: the items of a map, then a call, then those of another map', async () => {
    await using pool = new TaskPoolExecutor(2)
    const order: unknown[] = []
    const note = async (name: unknown): Promise<void> => {
      await turn()
      order.push(name)
    }
    const first = pool.submit(note, 'before')
    const map = pool.map((n) => note(`a${n}`), numbers(5)).toArray()
    const between = pool.submit(note, 'between')
    const other = pool.map((n) => note(`b${n}`), numbers(3)).toArray()
    await Promise.all([first, map, between, other])
    expect(order).toEqual(['before', 'a0', 'a1', 'a2', 'a3', 'a4', 'between', 'b0', 'b1', 'b2'])
  })

  it('is that of a call with a higher priority, before the next item; and then that of the map, before a lower one', async () => {
    await using pool = new TaskPoolExecutor(1)
    const gates = new Gates()
    const map = pool.map(gates.pass, numbers(4)).toArray()
    await gates.open(0)
    const low = pool.with({ priority: -1 }).submit(gates.pass, 'low')
    const high = pool.with({ priority: 1 }).submit(gates.pass, 'high')
    await gates.open(1, 'high', 2, 3, 'low')
    expect(gates.begun).toEqual([0, 1, 'high', 2, 3, 'low'])
    expect([await map, await low, await high]).toEqual([numbers(4), 'low', 'high'])
  })

  it('is that of a call with a higher priority which an item of the map has submitted', async () => {
    await using pool = new TaskPoolExecutor(1)
    const begun: unknown[] = []
    const urgent: Future<unknown>[] = []
    const results = await pool
      .map((n) => {
        begun.push(n)
        if (n === 1) urgent.push(pool.with({ priority: 1 }).submit(() => begun.push('high')))
        return n
      }, numbers(4))
      .toArray()
    await Promise.all(urgent)
    expect(results).toEqual(numbers(4))
    expect(begun).toEqual([0, 1, 'high', 2, 3])
  })
})

describe('limits', () => {
  it('are those of resize(), up and down in the middle of a map', async () => {
    await using pool = new TaskPoolExecutor(2)
    const gates = new Gates()
    const map = pool.map(gates.pass, numbers(12)).toArray()
    await until(() => gates.running === 2)
    pool.resize(4)
    await until(() => gates.running === 4)
    pool.resize(1)
    // One place is left, where the next item has begun.
    await gates.open(0, 1, 2, 3)
    expect([gates.running, gates.begun.length, pool.stats.workers]).toEqual([1, 5, 1])
    gates.peak = 0
    for (const n of numbers(12).slice(4)) await gates.open(n)
    expect(await map).toEqual(numbers(12))
    expect(gates.peak).toBeLessThanOrEqual(1)
  })

  it('are those of maxTasksPerWorker', async () => {
    await using pool = new TaskPoolExecutor({ maxWorkers: 2, maxTasksPerWorker: 3, name: 'few' })
    const calls = new Map<object, number>()
    const results = await pool
      .map(async (n) => {
        const worker = currentCall()?.worker ?? {}
        await turn()
        calls.set(worker, (calls.get(worker) ?? 0) + 1)
        return n
      }, numbers(20))
      .toArray()
    expect(results).toEqual(numbers(20))
    expect(Math.max(...calls.values())).toBeLessThanOrEqual(3)
  })

  it('keep a place lent for nested calls also after an await, with a single worker', async () => {
    await using pool = new TaskPoolExecutor(1)
    const double = async (n: number): Promise<number> => n * 2
    const nested = pool.map(async (n) => {
      await turn()
      return (await pool.submit(double, n)) + (await pool.map(double, [n, n]).toArray()).length
    }, numbers(5))
    expect(await nested.toArray()).toEqual([2, 4, 6, 8, 10])
    const returned = pool.map((n) => pool.submit(double, n), numbers(5))
    expect(await returned.toArray()).toEqual([0, 2, 4, 6, 8])
    expect(pool.stats).toMatchObject({ running: 0, queued: 0, idle: 1 })
  })

  it('do not lend the place of a later item for what an earlier one has left waiting', async () => {
    await using pool = new TaskPoolExecutor(1)
    const gates = new Gates()
    let left: Promise<unknown> | undefined
    const map = pool
      .map(async (n) => {
        if (n === 0) {
          left = (async () => {
            await until(() => gates.begun.includes(1))
            return await pool.with({ priority: 1 }).submit(gates.pass, 'left')
          })()
          return n
        }
        return await gates.pass(n)
      }, numbers(3))
      .toArray()
    await until(() => pool.stats.queued === 2)
    await turn()
    expect(gates.begun).toEqual([1])
    await gates.open(1, 'left', 2)
    expect(gates.peak).toBe(1)
    expect([await map, await left]).toEqual([numbers(3), 'left'])
  })
})

describe('the event loop', () => {
  for (const [kind, fn] of [
    ['synchronous items', (n: number) => n],
    ['async items that end at once', async (n: number) => n],
  ] as const) {
    it(`goes round during a map over a million ${kind}`, async () => {
      await using pool = new TaskPoolExecutor(10)
      let left: number | undefined
      const timer = setTimeout(() => {
        left = pool.stats.queued
      }, 0)
      const results = await pool.map<number, unknown>(fn, numbers(1_000_000)).toArray()
      clearTimeout(timer)
      expect(left).toBeGreaterThan(0)
      expect([results.length, results[0], results[999_999]]).toEqual([1_000_000, 0, 999_999])
    })
  }
})

describe('the pool', () => {
  it('counts every item where it is', async () => {
    await using pool = new TaskPoolExecutor(3)
    const gates = new Gates()
    const all = 10
    const results = pool.map(gates.pass, numbers(all)).toArray()
    let busy = 0
    for (const n of numbers(all)) {
      const { done, queued, running, busyMs } = pool.stats
      expect(done + queued + running).toBe(all)
      expect(busyMs).toBeGreaterThanOrEqual(busy)
      busy = busyMs
      await gates.open(n)
      expect(pool.stats.done).toBe(n + 1)
    }
    await results
    expect(pool.stats).toMatchObject({ done: all, queued: 0, running: 0, idle: 3 })
    expect(pool.stats.busyMs).toBeGreaterThan(0)
  })

  it('lets each item of a map have its deadline, from the call to map', async () => {
    await using pool = new TaskPoolExecutor(1)
    const gates = new Gates()
    const records = await pool.map(gates.pass, numbers(3), { deadline: 5, onError: 'settle' }).toArray()
    expect(records.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['rejected', 1],
      ['rejected', 0],
      ['rejected', 0],
    ])
    await gates.open(0)
  })

  it('awaits what an item gives as the language does', async () => {
    await using pool = new TaskPoolExecutor(1)
    const { future, resolve } = Future.withResolvers<string>()
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested.
    const thenable = { then: (fulfil: (value: unknown) => void) => fulfil('thenable') }
    const given = [1, Promise.resolve('promise'), future, thenable, undefined, null]
    const results = pool.map((value) => value, given).toArray()
    resolve('future')
    expect(await results).toEqual([1, 'promise', 'future', 'thenable', undefined, null])
  })
})
