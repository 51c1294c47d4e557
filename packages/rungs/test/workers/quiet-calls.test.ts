// Calls of functions that only compute with their arguments run in no async context. Nobody can see that, but for what it costs.
import { execFileSync } from 'node:child_process'
import { TaskPoolExecutor } from 'rungs'
import { describe, expect, it } from 'vitest'
import { numbers } from './gates.js'

const fails = async (n: number): Promise<number> => {
  if (n === 3) throw n
  return n
}

describe('calls where nobody can ask where they run', () => {
  it('give the same as any others: values in order, errors, and records', async () => {
    await using pool = new TaskPoolExecutor(2)
    expect(await pool.map(async (n) => n * 2, numbers(1_000)).toArray()).toEqual(numbers(1_000).map((n) => n * 2))
    expect(await pool.map((n, index) => n + index, numbers(10)).toArray()).toEqual(numbers(10).map((n) => n * 2))
    const records = await pool.map(fails, numbers(6), { onError: 'settle' }).toArray()
    expect(records.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(records[3]).toMatchObject({ reason: 3, input: 3, index: 3, attempts: 1 })
    await expect(pool.map(fails, numbers(6)).toArray()).rejects.toBe(3)
    const futures = numbers(300).map((n) => pool.submit(fails, n))
    const outcomes = await Promise.allSettled(futures)
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'failed'))).toEqual(
      numbers(300).map((n) => (n === 3 ? 'failed' : n)),
    )
    expect(pool.stats).toMatchObject({ done: 1_000 + 10 + 5 + 5 + 299, failed: 1 + 1 + 1, running: 0, queued: 0 })
  })

  it('may stand between others, of the same function too', async () => {
    await using pool = new TaskPoolExecutor(1)
    const seen: unknown[] = []
    // Adding calls `valueOf` of what is no primitive value.
    const asks = { valueOf: () => seen.push('asked') }
    const twice = async (x: unknown): Promise<unknown> => (x as number) + (x as number)
    const values = await pool.map(twice, [1, 2, asks, 3, asks, asks, 4]).toArray()
    expect(values).toEqual([2, 4, 3, 6, 7, 11, 8])
    const futures = [1, asks, 2].map((x) => pool.submit(twice, x))
    expect(await Promise.all(futures)).toEqual([2, 15, 4])
    expect(seen).toHaveLength(8)
  })

  it('let timers run in between, however many they are', async () => {
    await using pool = new TaskPoolExecutor(4)
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    await pool.map(async (n) => n, numbers(300_000)).toArray()
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(0)
  })

  it('end when the map is left, or cancelled', async () => {
    await using pool = new TaskPoolExecutor(2)
    for await (const n of pool.map(async (n) => n, numbers(100_000))) if (n === 10) break
    expect(pool.stats.done).toBeLessThan(100_000)
    const abort = new AbortController()
    const results = pool.map(async (n) => n, numbers(100_000), { signal: abort.signal }).toArray()
    queueMicrotask(() => abort.abort())
    await expect(results).rejects.toMatchObject({ name: 'CancelledError' })
    expect(await pool.submit((n) => n, 1)).toBe(1)
    const futures = numbers(10).map((n) => pool.submit(async (n) => n, n))
    expect(futures[7]?.cancel()).toBe(true)
    const outcomes = await Promise.allSettled(futures)
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  })

  it('do not have the language keep an async context for each promise, where that costs something', () => {
    const program = `
      import { executionAsyncId } from 'node:async_hooks'
      import { currentCall, TaskPoolExecutor } from 'rungs'
      const tracks = async () => { await null; return executionAsyncId() > 0 }
      const pool = new TaskPoolExecutor(2)
      const numbers = [...Array(100).keys()]
      await pool.map(async (n) => n, numbers).toArray()
      await Promise.all(numbers.map((n) => pool.submit((n) => n, n)))
      const before = await tracks()
      await pool.submit(async () => { await null; currentCall() })
      console.log(before, await tracks())
      await pool.shutdown()
    `
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8', cwd: import.meta.dirname })
    // Newer versions of Node keep contexts without it.
    expect(said).toMatch(/^false (true|false)\n$/)
  })
})
