import { deepStrictEqual } from 'node:assert/strict'
import type { Sample } from '../claim.js'
import { versionOf } from '../versions.js'
import { type ProcessPool, processPools } from './process-pools.js'
import type { Subject } from './subject.js'
import { IN_FLIGHT, runs } from './tiny-calls.js'

/** Large values on their way at any time: enough for both processes to have one and another to follow. Of small ones as many as of tiny calls. */
const LARGE_IN_FLIGHT = 4
const SMALL = 10_000

export async function setUp(contestant: string): Promise<Subject> {
  const kind = processPools[contestant]
  if (kind === undefined) throw new Error(`no process pool ${contestant}`)
  const pool = await kind.open()
  const call = (n: number) => pool.perform({ name: 'echo', value: n }) as PromiseLike<number>
  const payloads = new Map<number, Uint8Array | string>()
  const payloadOf = (size: number): Uint8Array | string => {
    let payload = payloads.get(size)
    if (payload === undefined) {
      payload = kind.payload === 'bytes' ? new Uint8Array(size).fill(97) : 'a'.repeat(size)
      payloads.set(size, payload)
    }
    return payload
  }
  return {
    version: kind.package === undefined ? process.version : (versionOf(kind.package) ?? '-'),
    verify: async () => {
      const values = [-1, 0.5, 2 ** 40, ...Array.from({ length: 300 }, (_, i) => i)]
      deepStrictEqual(await Promise.all(values.map(call)), values)
      const payload = payloadOf(1_000)
      deepStrictEqual(await pool.perform({ name: 'sink', value: payload }), 1_000)
      const returned = (await pool.perform({ name: 'back', value: payload })) as typeof payload // What went.
      deepStrictEqual(Buffer.from(returned as string), Buffer.from(payload as string)) // Both are taken.
    },
    run: (name, count) => {
      const [what, size] = name.split(' ')
      if (what === 'sink' || what === 'back') return payload(pool, what, payloadOf(Number(size)), count)
      return runs[name as keyof typeof runs]({ call, end: pool.end }, count) // The names are those of the claim; a test runs each.
    },
    end: async () => void (await pool.end()),
  }
}

async function payload(pool: ProcessPool, name: 'sink' | 'back', value: Uint8Array | string, count: number): Promise<Sample> {
  let next = 0
  let total = 0
  async function runner(): Promise<void> {
    while (next++ < count) {
      const result = (await pool.perform({ name, value })) as number | string | Uint8Array // Of sink or back.
      total += typeof result === 'number' ? result : result.length
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: value.length <= SMALL ? IN_FLIGHT : LARGE_IN_FLIGHT }, runner))
  const elapsed = performance.now() - started
  if (total !== count * value.length) throw new Error(`wrong results: ${total} bytes, not ${count * value.length}`)
  return { 'calls/s': (count / elapsed) * 1000 }
}
