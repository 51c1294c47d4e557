import { deepStrictEqual } from 'node:assert/strict'
import type { Sample } from '../claim.js'
import { percentile } from '../statistics.js'
import { versionOf } from '../versions.js'
import type { Subject } from './subject.js'
import { type Pool, threadPools } from './thread-pools.js'

export const IN_FLIGHT = 64

export async function setUp(contestant: string): Promise<Subject> {
  const kind = threadPools[contestant]
  if (kind === undefined) throw new Error(`no thread pool ${contestant}`)
  const pool = await kind.open()
  return {
    version: kind.package === undefined ? process.version : (versionOf(kind.package) ?? '-'),
    verify: () => verify(pool),
    run: (name, count) => runs[name as keyof typeof runs](pool, count), // The names are those of the claim; a test runs each.
    end: async () => void (await pool.end()),
  }
}

async function verify(pool: Pool): Promise<void> {
  const values = [-1, 0.5, 2 ** 40, Number.MAX_SAFE_INTEGER, ...Array.from({ length: 300 }, (_, i) => i)]
  deepStrictEqual(await Promise.all(values.map((n) => pool.call(n))), values)
  for (const n of values.slice(0, 4)) deepStrictEqual(await pool.call(n), n)
}

export const runs = { burst, window, 'round trip': roundTrip }

/** All at once, then wait for all. */
async function burst(pool: Pool, count: number): Promise<Sample> {
  const started = performance.now()
  const calls: PromiseLike<number>[] = []
  for (let n = 0; n < count; n++) calls.push(pool.call(n))
  const results = await Promise.all(calls)
  const elapsed = performance.now() - started
  checkSum(sum(results), count)
  return { 'calls/s': (count / elapsed) * 1000 }
}

/** A few dozen on their way at any time: each that comes back is followed by the next. */
async function window(pool: Pool, count: number): Promise<Sample> {
  let next = 0
  let total = 0
  async function runner(): Promise<void> {
    while (next < count) {
      const value = await pool.call(next++)
      total += value // Not `total += await …`: that reads total before the wait.
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, runner))
  const elapsed = performance.now() - started
  checkSum(total, count)
  return { 'calls/s': (count / elapsed) * 1000 }
}

/** One after the other. */
async function roundTrip(pool: Pool, count: number): Promise<Sample> {
  const microseconds = new Float64Array(count)
  let total = 0
  for (let n = 0; n < count; n++) {
    const started = performance.now()
    const value = await pool.call(n)
    microseconds[n] = (performance.now() - started) * 1000
    total += value
  }
  checkSum(total, count)
  microseconds.sort()
  return { p50: percentile(microseconds, 0.5), p99: percentile(microseconds, 0.99) }
}

function sum(numbers: readonly number[]): number {
  let total = 0
  for (const n of numbers) total += n
  return total
}

function checkSum(total: number, count: number): void {
  const expected = (count * (count - 1)) / 2
  if (total !== expected) throw new Error(`wrong results: their sum is ${total}, not ${expected}`)
}
