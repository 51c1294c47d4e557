// What a pool costs when it does little: until its first result, and while it has nothing to do.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sample } from '../claim.js'
import { versionOf } from '../versions.js'
import type { Subject } from './subject.js'
import { WORKERS } from './thread-pools.js'
import { type WorkPoolKind, workPools } from './work-pools.js'

export async function setUp(contestant: string): Promise<Subject> {
  const kind = workPools[contestant]
  if (kind === undefined) throw new Error(`no thread pool ${contestant}`)
  return {
    version: kind.package === undefined ? process.version : (versionOf(kind.package) ?? '-'),
    // Its modules are loaded, and it has run a call: neither is measured.
    verify: async () => {
      const pool = await kind.open(1)
      if ((await pool.run('increment', 1)) !== 2) throw new Error('wrong result')
      await pool.end()
    },
    run: (name, count) => runs[name as keyof typeof runs](kind, count), // The names are those of the claims.
    end: async () => {},
  }
}

const runs = { first, memory, idle }

async function first(kind: WorkPoolKind): Promise<Sample> {
  const started = performance.now()
  const pool = await kind.open(1)
  await pool.run('increment', 1)
  const ms = performance.now() - started
  await pool.end()
  return { ms }
}

async function memory(kind: WorkPoolKind, threads: number): Promise<Sample> {
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  const pool = await kind.open(threads)
  await Promise.all(Array.from({ length: threads }, () => pool.run('compute', 1)))
  await sleep(200)
  const after = process.memoryUsage.rss()
  await pool.end()
  return { 'MB per worker': (after - before) / threads / 2 ** 20 }
}

async function idle(kind: WorkPoolKind, ms: number): Promise<Sample> {
  const pool = await kind.open(WORKERS)
  await Promise.all(Array.from({ length: WORKERS }, () => pool.run('compute', 1)))
  await sleep(300)
  const before = process.cpuUsage()
  const started = performance.now()
  await sleep(ms)
  const { user, system } = process.cpuUsage(before)
  const elapsed = performance.now() - started
  await pool.end()
  return { '% of a core': (user + system) / elapsed / 10 }
}
