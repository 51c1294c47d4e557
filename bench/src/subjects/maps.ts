import { deepStrictEqual } from 'node:assert/strict'
import { type WorkName, work } from '../fixtures/work.js'
import { versionOf } from '../versions.js'
import type { Subject } from './subject.js'
import { WORKERS } from './thread-pools.js'
import { type WorkPool, workPools } from './work-pools.js'

/** A contestant that is not a pool: the loop that a map replaces. */
export const LOOP = 'plain loop, one thread'
/** rungs with no options: a call for each item. */
export const SINGLES = 'rungs (no chunks)'

export async function setUp(contestant: string): Promise<Subject> {
  if (contestant === LOOP)
    return subjectOf(
      process.version,
      async (name, items) => items.map((n) => work[name](n as never)),
      async () => {},
    )
  if (contestant === SINGLES) {
    const { ThreadPoolExecutor } = await import('rungs')
    const pool = new ThreadPoolExecutor(WORKERS)
    const map = (name: WorkName, items: readonly number[]) => pool.map(work[name] as (n: number) => number, items).toArray()
    return subjectOf(versionOf('rungs') ?? '-', map, () => pool.shutdown())
  }
  const kind = workPools[contestant]
  if (kind === undefined) throw new Error(`no thread pool ${contestant}`)
  const pool = await kind.open(WORKERS)
  const version = kind.package === undefined ? process.version : (versionOf(kind.package) ?? '-')
  return subjectOf(version, pool.map?.bind(pool) ?? ((name, items) => oneByOne(pool, name, items)), () => pool.end())
}

/** All at once, as its documentation shows: it has no map of its own. */
function oneByOne(pool: WorkPool, name: WorkName, items: readonly number[]): Promise<number[]> {
  return Promise.all(items.map((n) => pool.run(name, n)))
}

function subjectOf(
  version: string,
  map: (name: WorkName, items: readonly number[]) => PromiseLike<readonly number[]>,
  end: () => PromiseLike<unknown>,
): Subject {
  return {
    version,
    verify: async () => deepStrictEqual([...(await map('increment', [3, 1, 2]))], [4, 2, 3]),
    run: async (kind, count) => {
      const name = kind as WorkName // The kinds of the claim are the names of functions.
      const items = Array.from({ length: count }, (_, n) => n)
      const started = performance.now()
      const results = await map(name, items)
      const elapsed = performance.now() - started
      if (results.length !== count || (name === 'increment' && results.at(-1) !== count)) throw new Error('wrong results')
      return { 'items/s': (count / elapsed) * 1000 }
    },
    end: async () => void (await end()),
  }
}
