// A map on tasks runs its items one after the other in places that it takes once. Nobody may see that: each test is a promise that such a loop
// could break.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { CancelledError, currentCall, type Executor, Future, TaskPoolExecutor } from 'rungs'
import { describe, expect, it } from 'vitest'

/** Calls that have begun, and wait to be told to end. */
class Gates {
  readonly begun: unknown[] = []
  readonly #open = new Map<unknown, { resolve(): void; reject(reason: unknown): void }>()
  running = 0
  peak = 0

  readonly pass = async (name: unknown): Promise<unknown> => {
    this.begun.push(name)
    this.peak = Math.max(this.peak, ++this.running)
    try {
      await new Promise<void>((resolve, reject) => this.#open.set(name, { resolve, reject }))
      return name
    } finally {
      this.running--
    }
  }

  async open(...names: unknown[]): Promise<void> {
    for (const name of names) {
      await until(() => this.#open.has(name))
      this.#open.get(name)?.resolve()
    }
    await turn()
  }

  async fail(name: unknown, reason: unknown): Promise<void> {
    await until(() => this.#open.has(name))
    this.#open.get(name)?.reject(reason)
    await turn()
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

/** Keeps the event loop busy for a while. */
function busy(n: number): number {
  const end = performance.now() + 0.5
  while (performance.now() < end);
  return n
}

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

describe('a map that ends early', () => {
  it('begins nothing more when the loop is left, and lets what runs go on', async () => {
    await using pool = new TaskPoolExecutor(2)
    const gates = new Gates()
    const results = pool.map(gates.pass, numbers(100))
    await gates.open(0, 1)
    expect(await results.next()).toEqual({ done: false, value: 0 })
    await results.return?.()
    await gates.open(2, 3)
    expect(gates.begun).toEqual([0, 1, 2, 3])
    expect(pool.stats).toMatchObject({ done: 4, failed: 0, cancelled: 96, queued: 0, running: 0 })
  })

  it('aborts the signals of the items that run, and of no other, when its signal is aborted', async () => {
    await using pool = new TaskPoolExecutor(2)
    const gates = new Gates()
    const controller = new AbortController()
    const signals: AbortSignal[] = []
    const results = pool
      .map(
        (n) => {
          const call = currentCall()
          if (call !== undefined) signals.push(call.signal)
          return gates.pass(n)
        },
        numbers(10),
        { signal: controller.signal },
      )
      .toArray()
    await gates.open(0)
    await until(() => gates.begun.length === 3)
    controller.abort('enough')
    await expect(results).rejects.toMatchObject({ reason: 'enough' })
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true, true])
    await gates.open(1, 2)
    expect(gates.begun).toEqual([0, 1, 2])
    expect(pool.stats).toMatchObject({ done: 1, cancelled: 9, running: 0, queued: 0 })
  })

  it('begins nothing after an error, when it throws', async () => {
    await using pool = new TaskPoolExecutor(1)
    const begun: number[] = []
    const results = pool.map((n) => {
      begun.push(n)
      if (n === 3) throw new Error(`no ${n}`)
      return n
    }, numbers(10))
    await expect(results.toArray()).rejects.toThrow('no 3')
    await turn()
    expect(begun).toEqual([0, 1, 2, 3])
    expect(pool.stats).toMatchObject({ done: 3, failed: 1, cancelled: 6, running: 0, queued: 0 })
  })

  it('gives the error of the first item in order, when a later one has failed before', async () => {
    await using pool = new TaskPoolExecutor(2)
    const gates = new Gates()
    const failure = pool
      .map(gates.pass, numbers(3))
      .toArray()
      .catch((error: unknown) => error)
    await gates.fail(1, new Error('later'))
    await gates.fail(0, new Error('first'))
    expect(await failure).toMatchObject({ message: 'first' })
    await gates.open(2)
  })

  it('begins nothing more when its loop is left while the event loop goes round between two items', async () => {
    await using pool = new TaskPoolExecutor(3)
    const results = pool.map(busy, numbers(1_000))
    // A timer has its turn in the middle only.
    await new Promise((resolve) => setTimeout(resolve, 0))
    const { done } = pool.stats
    expect(done).toBeLessThan(1_000)
    await results.return?.()
    await until(() => pool.stats.running === 0)
    expect(pool.stats).toMatchObject({ done, cancelled: 1_000 - done, queued: 0 })
  })
})

describe('errors', () => {
  it('are records with onError: "settle", with the time of each item and the input', async () => {
    await using pool = new TaskPoolExecutor(1)
    const gates = new Gates()
    const results = pool.map(gates.pass, ['a', 'b', 'c'], { onError: 'settle' }).toArray()
    await gates.open('a')
    await gates.fail('b', 'no b')
    await gates.open('c')
    const [a, b, c] = await results
    expect(a).toMatchObject({ status: 'fulfilled', value: 'a', index: 0, input: 'a', attempts: 1 })
    expect(b).toMatchObject({ status: 'rejected', reason: 'no b', index: 1, input: 'b', attempts: 1 })
    expect(c).toMatchObject({ status: 'fulfilled', value: 'c', index: 2, input: 'c', attempts: 1 })
    expect(b?.ms).toBeGreaterThanOrEqual(0)
    expect(pool.stats).toMatchObject({ done: 2, failed: 1 })
  })

  it('show where map was called', async () => {
    await using pool = new TaskPoolExecutor(1)
    const failing = async (n: number): Promise<number> => {
      if (n === 1) throw new Error('no')
      return n
    }
    const error = await pool
      .map(failing, numbers(3))
      .toArray()
      .catch((error: Error) => error)
    expect((error as Error).stack).toContain('batch-runner.test')
  })
})

describe('inside of an item', () => {
  it('currentCall() is its own, also after an await and in what it has left behind', async () => {
    await using pool = new TaskPoolExecutor({ maxWorkers: 2, name: 'tasks' })
    const seen: { n: number; calls: unknown[] }[] = []
    const left: Promise<void>[] = []
    await pool
      .map(async (n) => {
        const calls: unknown[] = [currentCall()]
        seen.push({ n, calls })
        left.push(
          new Promise((resolve) =>
            setTimeout(() => {
              calls.push(currentCall())
              resolve()
            }, 5),
          ),
        )
        if (n % 2 === 0) await turn()
        else await null
        calls.push(currentCall())
      }, numbers(10))
      .toArray()
    await Promise.all(left)
    for (const { calls } of seen) expect(new Set(calls).size).toBe(1)
    const ids = seen.map(({ calls }) => (calls[0] as { id: number }).id)
    expect(new Set(ids).size).toBe(10)
    expect(currentCall()).toBeUndefined()
  })

  it('currentCall() is no call for whoever awaits the results', async () => {
    await using pool = new TaskPoolExecutor(2)
    for await (const call of pool.map(async () => currentCall(), numbers(4))) {
      expect(call).toMatchObject({ key: undefined, attempt: 1, worker: { kind: 'task' } })
      expect(currentCall()).toBeUndefined()
    }
  })

  it('an AsyncLocalStorage holds what it held when map was called, whatever other items do', async () => {
    await using pool = new TaskPoolExecutor(2)
    const storage = new AsyncLocalStorage<string>()
    const see = async (n: number): Promise<unknown[]> => {
      const before = storage.getStore()
      return await storage.run(`item ${n}`, async () => {
        if (n % 3 === 0) await turn()
        return [before, storage.getStore()]
      })
    }
    const first = storage.run('first', () => pool.map(see, numbers(6)).toArray())
    const second = storage.run('second', () => pool.map(see, numbers(6)).toArray())
    expect(await first).toEqual(numbers(6).map((n) => ['first', `item ${n}`]))
    expect(await second).toEqual(numbers(6).map((n) => ['second', `item ${n}`]))
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

  it('runs the rest of a map after shutdown()', async () => {
    const pool = new TaskPoolExecutor(2)
    const gates = new Gates()
    const results = pool.map(gates.pass, numbers(6)).toArray()
    await gates.open(0)
    const closed = pool.shutdown()
    for (const n of numbers(6).slice(1)) await gates.open(n)
    expect(await results).toEqual(numbers(6))
    await closed
    expect(pool.stats).toMatchObject({ done: 6, workers: 0 })
  })

  it('cancels what has not begun with shutdown({ cancelFutures: true }), also between two items', async () => {
    const pool = new TaskPoolExecutor(2)
    const results = pool.map(busy, numbers(1_000), { onError: 'settle' }).toArray()
    await new Promise((resolve) => setTimeout(resolve, 0))
    const { done } = pool.stats
    expect(done).toBeLessThan(1_000)
    await pool.shutdown({ cancelFutures: true })
    const records = await results
    const cancelled = records.filter(({ status }) => status === 'rejected')
    expect(records.length - cancelled.length).toBe(done)
    expect(cancelled.every((record) => record.status === 'rejected' && record.reason instanceof CancelledError)).toBe(true)
    expect(cancelled.every(({ attempts }) => attempts === 0)).toBe(true)
    expect(pool.stats).toMatchObject({ done, cancelled: cancelled.length, failed: 0 })
  })

  it('ends a map with terminate(), and begins nothing more', async () => {
    const pool: Executor = new TaskPoolExecutor(2)
    const gates = new Gates()
    const results = pool.map(gates.pass, numbers(6)).toArray()
    await gates.open(0)
    await until(() => gates.begun.length === 3)
    const closed = pool.terminate()
    await expect(results).rejects.toThrow(CancelledError)
    await closed
    await gates.open(1, 2)
    expect(gates.begun).toEqual([0, 1, 2])
    expect(pool.stats).toMatchObject({ done: 1, cancelled: 5 })
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
