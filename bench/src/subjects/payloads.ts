import { strictEqual } from 'node:assert/strict'
import { versionOf } from '../versions.js'
import type { Subject } from './subject.js'
import { WORKERS } from './thread-pools.js'
import { type WorkPool, workPools } from './work-pools.js'

/** On their way at any time. */
export const IN_FLIGHT = 8

export async function setUp(contestant: string): Promise<Subject> {
  const kind = workPools[contestant]
  if (kind === undefined) throw new Error(`no thread pool ${contestant}`)
  const pool = await kind.open(WORKERS)
  return {
    version: kind.package === undefined ? process.version : (versionOf(kind.package) ?? '-'),
    verify: async () => strictEqual(await pool.run('sizeOf', new Uint8Array(100)), 100),
    run: async (kind, count) => {
      const [way = '', size = ''] = kind.split(' ')
      const call = callOf(pool, way, Number(size))
      let next = 0
      async function runner(): Promise<void> {
        while (next++ < count) if ((await call()) !== Number(size)) throw new Error('wrong result')
      }
      const started = performance.now()
      await Promise.all(Array.from({ length: IN_FLIGHT }, runner))
      return { 'calls/s': (count / (performance.now() - started)) * 1000 }
    },
    end: async () => void (await pool.end()),
  }
}

function callOf(pool: WorkPool, way: string, size: number): () => PromiseLike<number> {
  const bytes = new Uint8Array(way === 'share' ? new SharedArrayBuffer(size) : new ArrayBuffer(size))
  if (way !== 'transfer') return () => pool.run('sizeOf', bytes)
  return () => {
    const moved = new Uint8Array(size)
    return pool.run('sizeOf', moved, [moved.buffer])
  }
}
