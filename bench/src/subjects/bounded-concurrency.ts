import { deepStrictEqual } from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { versionOf } from '../versions.js'
import { peakMemory } from './peak-memory.js'
import type { Subject } from './subject.js'
import { LIMIT, type MapOf, taskPools } from './task-pools.js'

export async function setUp(contestant: string): Promise<Subject> {
  const kind = taskPools[contestant]
  if (kind === undefined) throw new Error(`no task pool ${contestant}`)
  const { map, end } = await kind.open()
  return {
    version: kind.package === undefined ? process.version : (versionOf(kind.package) ?? '-'),
    verify: async () => {
      const items = Array.from({ length: warmUp }, (_, i) => i)
      deepStrictEqual(await map(items, trivial), items)
    },
    run: async (kind, count) => {
      const items = Array.from({ length: count }, (_, i) => i)
      if (kind === 'pending') return { 'bytes per item': await bytesPending(map, items) }
      const fn = functions[kind as keyof typeof functions] // Of the cases of the claim.
      if (kind !== 'trivial') await map(items.slice(0, warmUp), fn)
      const started = performance.now()
      const results = await map(items, fn)
      const elapsed = performance.now() - started
      const peak = peakMemory()
      if (results.length !== count || results.at(-1) !== count - 1) throw new Error(`wrong results: ${results.length} of ${count}`)
      await verify(map)
      return { 'ns per item': (elapsed * 1e6) / count, 'peak MB': peak / 2 ** 20 }
    },
    end: async () => void (await end?.()),
  }
}

/** What the items take while the first of them hold all the places. */
async function bytesPending(map: MapOf, items: readonly number[]): Promise<number> {
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const fn = async (n: number): Promise<number> => {
    await gate
    return n
  }
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  const results = map(items, fn)
  await turn()
  globalThis.gc?.()
  const bytes = (process.memoryUsage().heapUsed - before) / items.length
  open()
  await results
  // Less than that is what else the heap does.
  return Math.max(1, bytes)
}

const warmUp = 1_000

async function trivial(n: number): Promise<number> {
  return n
}

async function nothing(): Promise<void> {}

/** As all functions of real programs do. */
async function calling(n: number): Promise<number> {
  await nothing()
  return n
}

const functions = { trivial, calling }

/** Results in the order of the items, and exactly LIMIT at once: fewer would be slower and more would be cheating. */
async function verify(map: MapOf): Promise<void> {
  let running = 0
  let peak = 0
  const items = Array.from({ length: 10 * LIMIT }, (_, i) => i)
  const results = await map(items, async (n) => {
    peak = Math.max(peak, ++running)
    await turn()
    running--
    return n
  })
  deepStrictEqual(results, items)
  if (peak !== LIMIT) throw new Error(`ran ${peak} at once, not ${LIMIT}`)
}
