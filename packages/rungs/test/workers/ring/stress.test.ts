// Real threads, in which every access to shared memory takes a random while longer, on both sides, and workers that are killed at random. What must
// hold (RUNGS_STRESS=5000 for more rounds, RUNGS_SEED to repeat a run): every call ends, with its own value, or with the death of the worker on which it had begun.
import { CancelledError, ThreadPoolExecutor, WorkerDiedError } from 'rungs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { randomOf } from '../random.js'
import { delayAtomics } from './delays.js'

const seed = Number(process.env.RUNGS_SEED ?? Date.now() % 2 ** 31)
const rounds = Number(process.env.RUNGS_STRESS ?? 300)
const random = randomOf(seed)
let restore = (): void => {}

beforeAll(() => {
  console.log(`seed ${seed}`)
  restore = delayAtomics(seed)
})
afterAll(() => restore())

function echo<T>(value: T): T {
  return value
}

function slowly<T>(value: T, ms: number): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms, value))
}

function busy<T>(value: T, ms: number): T {
  const until = performance.now() + ms
  while (performance.now() < until) {}
  return value
}

function die(): void {
  process.exit(7)
}

const values: readonly unknown[] = [
  0,
  -0,
  1.5,
  'text',
  'wïde',
  '日本',
  null,
  undefined,
  true,
  [1, [2]],
  { a: { b: 'c' } },
  new Uint8Array(300),
  new Float64Array(20).fill(0.5),
  Buffer.from('some bytes'),
  new Uint8Array(30_000).fill(7),
  Buffer.alloc(50_000, 9),
  10n,
  new Date(1),
]

it('every call ends, once, with its own value', { timeout: 300_000 }, async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2, initializer: delayAtomics, initargs: [seed] })
  let died = 0
  let done = 0
  let cancelled = 0
  for (let round = 0; round < rounds; round++) {
    const pending: Promise<void>[] = []
    const count = 1 + Math.floor(random() * 40)
    const deadly = round % 100 === 99
    for (let n = 0; n < count; n++) {
      const value = values[Math.floor(random() * values.length)]
      const kind = random()
      const future =
        kind < 0.8
          ? pool.submit(echo, value)
          : kind < 0.9
            ? pool.submit(slowly, value, random() * 3)
            : pool.submit(busy, value, random() * 4)
      const gone = random() < 0.03
      if (gone) future.cancel()
      pending.push(
        future.then(
          (result) => {
            done++
            expect(result).toEqual(value)
          },
          (error) => {
            if (error instanceof CancelledError && gone) cancelled++
            else if (error instanceof WorkerDiedError && deadly) died++
            else throw error
          },
        ),
      )
      if (deadly && n === count >> 1)
        pending.push(
          pool.submit(die).then(
            () => {},
            (error) => expect(error).toBeInstanceOf(WorkerDiedError),
          ),
        )
      if (random() < 0.05) await new Promise(setImmediate)
    }
    const late = new Promise<never>((_, reject) => {
      setTimeout(reject, 20_000, new Error(`round ${round} of seed ${seed} does not end: ${JSON.stringify(pool.stats)}`)).unref()
    })
    await Promise.race([Promise.all(pending), late])
  }
  expect(done).toBeGreaterThan(rounds)
  // A worker that dies has begun one call: the one that killed it.
  expect(died).toBe(0)
  expect(pool.stats).toMatchObject({ queued: 0, running: 0 })
  expect(cancelled).toBeGreaterThan(0)
})
