// Calls that nothing is known of but a function and plain arguments are run from where they lie in shared memory, without an object for each. Whatever
// such a call turns out to be, it is the call that it would have been otherwise.
import { CancelledError, type CurrentCall, currentCall, ThreadPoolExecutor, WorkerDiedError } from 'rungs'
import { expect, it, onTestFinished } from 'vitest'

function openPool(workers = 1): ThreadPoolExecutor {
  const pool = new ThreadPoolExecutor(workers)
  onTestFinished(() => pool.terminate())
  return pool
}

const many = Array.from({ length: 300 }, (_, index) => index)

/** The function gives `undefined` for `undefined`: after some of these calls it is known as one that gives its value at once. */
async function learn(pool: ThreadPoolExecutor, fn: (n: number | undefined) => unknown): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await Promise.all(many.slice(0, 50).map(() => pool.submit(fn, undefined)))
}

it.each<[what: string, fn: (n: number | undefined) => unknown, expected: (n: number) => unknown]>([
  ['a number', (n) => n && n / 2, (n) => n / 2],
  ['now and then an object', (n) => (n === undefined || n % 3 > 0 ? n : { n }), (n) => (n % 3 > 0 ? n : { n })],
  ['now and then a promise', (n) => (n === undefined || n % 3 > 0 ? n : Promise.resolve(n)), (n) => n],
  // biome-ignore lint/suspicious/noThenProperty: what can be awaited has it.
  ['now and then what can be awaited', (n) => (n === undefined || n % 3 > 0 ? n : { then: (f: (n: number) => void) => f(n) }), (n) => n],
  [
    'now and then more than the memory for replies has room for',
    (n) => (n === 7 ? 'x'.repeat(1e5) : n),
    (n) => (n === 7 ? 'x'.repeat(1e5) : n),
  ],
  ['a number that is no integer, and zeros', (n) => n && [0, -0, Number.NaN, 0.5][n % 4], (n) => [0, -0, Number.NaN, 0.5][n % 4]],
  ['a text', (n) => n && `${n} é ☃`, (n) => (n === 0 ? 0 : `${n} é ☃`)],
])('calls that give %s', async (_, fn, expected) => {
  const pool = openPool(2)
  await learn(pool, fn)
  expect(await Promise.all(many.map((n) => pool.submit(fn, n)))).toEqual([await fn(0), ...many.slice(1).map(expected)])
})

it.each([0, 1, 2, 3, 7])('calls with %i arguments', async (count) => {
  const pool = openPool()
  const fn = (...args: number[]): string => args.join()
  const args = Array.from({ length: count }, (_, index) => index)
  const texts = await Promise.all(many.map(() => pool.submit(fn, ...args)))
  expect(new Set(texts)).toEqual(new Set([args.join()]))
})

it('calls that throw, and those around them', async () => {
  const pool = openPool()
  const fn = (n: number | undefined): number | undefined => {
    if (n !== undefined && n % 5 === 0) throw new RangeError(`not ${n}`)
    return n
  }
  await learn(pool, fn)
  const settled = await Promise.allSettled(many.map((n) => pool.submit(fn, n)))
  for (const n of many) {
    const outcome = settled[n]
    if (n % 5 > 0) expect(outcome).toEqual({ status: 'fulfilled', value: n })
    else {
      expect(outcome?.status).toBe('rejected')
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(RangeError)
      expect((outcome as PromiseRejectedResult).reason.message).toBe(`not ${n}`)
    }
  }
})

it('a call that asks what it is', async () => {
  const pool = openPool()
  const fn = (n: number | undefined): unknown => {
    if (n === undefined || n % 2 > 0) return n
    const seen = currentCall()
    return [seen?.id, seen === currentCall(), seen?.attempt, seen?.key, seen?.signal.aborted, seen?.worker.kind]
  }
  await learn(pool, fn)
  const futures = many.map((n) => pool.submit(fn, n))
  const values = await Promise.all(futures)
  for (const n of many) expect(values[n]).toEqual(n % 2 > 0 ? n : [futures[n]?.id, true, 1, undefined, false, 'thread'])
})

it('what a call was told of itself stays true when others have run', async () => {
  const pool = openPool()
  const fn = (n: number | undefined): unknown => {
    const state = globalThis as { kept?: CurrentCall[] }
    state.kept ??= []
    const { kept } = state
    if (n === undefined) return undefined
    if (n >= 0) {
      const call = currentCall()
      if (call !== undefined) kept.push(call)
      return call?.id
    }
    return kept.map(({ id }) => id).join()
  }
  await learn(pool, fn)
  const ids = await Promise.all(many.map((n) => pool.submit(fn, n)))
  expect(await pool.submit(fn, -1)).toBe(ids.join())
  expect(await pool.submit(() => currentCall()?.attempt)).toBe(1)
})

it('what a call reports and prints comes before its result', async () => {
  const pool = openPool()
  const told: unknown[] = []
  const fn = (n: number | undefined): number | undefined => {
    if (n !== undefined && n % 2 === 0) currentCall()?.progress(`at ${n}`)
    return n
  }
  await learn(pool, fn)
  const reporting = pool.with({ onProgress: (value) => told.push(value) })
  await Promise.all(many.slice(0, 9).map((n) => reporting.submit(fn, n).then((value) => told.push(value))))
  expect(told).toHaveLength(14)
  for (const n of [0, 2, 4, 6, 8]) expect(told.indexOf(`at ${n}`)).toBeLessThan(told.indexOf(n))
})

it('a call that is cancelled while it loops, and one that is cancelled before it begins', async () => {
  const pool = openPool()
  const fn = (n: number | undefined): string | undefined => {
    if (n === undefined) return undefined
    const signal = currentCall()?.signal
    while (signal?.aborted === false);
    return 'aborted'
  }
  await learn(pool, fn)
  const future = pool.submit(fn, 1)
  const behind = many.map(() => pool.submit(fn, undefined))
  while (!future.running) await new Promise((resolve) => setImmediate(resolve))
  for (const other of behind) if (other.id % 2 > 0) other.cancel()
  future.cancel()
  await expect(future).rejects.toBeInstanceOf(CancelledError)
  for (const other of behind) {
    if (other.id % 2 > 0) await expect(other).rejects.toBeInstanceOf(CancelledError)
    else expect(await other).toBeUndefined()
  }
  expect(pool.stats.restarts).toBe(0)
})

it('a call that blocks until another of its pool has ended', async () => {
  const pool = openPool(2)
  const square = (n: number): number => n * n
  const fn = (n: number | undefined): number | undefined => (n === undefined ? n : pool.submit(square, n).resultSync() + 1)
  await learn(pool, fn)
  expect(await Promise.all(many.slice(0, 20).map((n) => pool.submit(fn, n)))).toEqual(many.slice(0, 20).map((n) => n * n + 1))
})

it('a call that ends its thread: it alone is lost', async () => {
  const pool = openPool()
  const fn = (n: number | undefined): number | undefined => {
    if (n === 100) process.exit(3)
    return n
  }
  await learn(pool, fn)
  const settled = await Promise.allSettled(many.map((n) => pool.submit(fn, n)))
  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  expect((settled[100] as PromiseRejectedResult).reason).toBeInstanceOf(WorkerDiedError)
})

it('promises that a call leaves behind run when it has ended', async () => {
  const pool = openPool()
  const fn = (n: number | undefined): number => {
    const state = globalThis as unknown as { left: number }
    state.left ??= 0
    if (n !== undefined) void Promise.resolve().then(() => state.left++)
    return state.left
  }
  await learn(pool, fn)
  await Promise.all(many.map((n) => pool.submit(fn, n)))
  await expect.poll(() => pool.submit(fn, undefined)).toBe(many.length)
})
