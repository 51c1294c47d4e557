// How each library runs an async function over many items, LIMIT at a time, and gives the results in the order of the items.
export const LIMIT = 100

export type MapOf = (items: readonly number[], fn: (n: number) => Promise<number>) => Promise<number[]>

export interface TaskPool {
  readonly map: MapOf
  end?(): Promise<unknown>
}

export interface TaskPoolKind {
  /** What is installed; undefined for what is written here. */
  readonly package?: string
  /** Which of ours it is compared with: the one that is used in the same way. */
  readonly against?: string
  open(): Promise<TaskPool>
}

export const taskPools: Record<string, TaskPoolKind> = {
  'rungs map': { package: 'rungs', open: rungsMap },
  'rungs map (for await)': { package: 'rungs', open: rungsForAwait },
  'rungs submit': { package: 'rungs', open: rungsSubmit },
  'loop by hand': { open: async () => ({ map: loop }) },
  'p-map': { package: 'p-map', open: pMap },
  'p-limit': { package: 'p-limit', against: 'rungs submit', open: pLimit },
  'p-queue': { package: 'p-queue', against: 'rungs submit', open: pQueue },
  'async-sema': { package: 'async-sema', against: 'rungs submit', open: asyncSema },
}

async function rungsMap(): Promise<TaskPool> {
  const { TaskPoolExecutor } = await import('rungs')
  const pool = new TaskPoolExecutor(LIMIT)
  return { map: (items, fn) => pool.map(fn, items).toArray(), end: () => pool.shutdown() }
}

async function rungsForAwait(): Promise<TaskPool> {
  const { TaskPoolExecutor } = await import('rungs')
  const pool = new TaskPoolExecutor(LIMIT)
  const map: MapOf = async (items, fn) => {
    const results: number[] = []
    for await (const result of pool.map(fn, items)) results.push(result)
    return results
  }
  return { map, end: () => pool.shutdown() }
}

async function rungsSubmit(): Promise<TaskPool> {
  const { TaskPoolExecutor } = await import('rungs')
  const pool = new TaskPoolExecutor(LIMIT)
  return { map: (items, fn) => Promise.all(items.map((n) => pool.submit(fn, n))), end: () => pool.shutdown() }
}

/** The baseline: LIMIT runners take from one iterator. No cancelling, no timeouts; the first error leaves the others running. */
async function loop(items: readonly number[], fn: (n: number) => Promise<number>): Promise<number[]> {
  const results = new Array<number>(items.length)
  const entries = items.entries()
  async function runner(): Promise<void> {
    for (const [index, item] of entries) results[index] = await fn(item)
  }
  await Promise.all(Array.from({ length: LIMIT }, runner))
  return results
}

async function pMap(): Promise<TaskPool> {
  const { default: map } = await import('p-map')
  return { map: (items, fn) => map(items, fn, { concurrency: LIMIT }) }
}

async function pLimit(): Promise<TaskPool> {
  const { default: limiter } = await import('p-limit')
  const limit = limiter(LIMIT)
  return { map: (items, fn) => Promise.all(items.map((n) => limit(fn, n))) }
}

async function pQueue(): Promise<TaskPool> {
  const { default: Queue } = await import('p-queue')
  const queue = new Queue({ concurrency: LIMIT })
  return { map: (items, fn) => Promise.all(items.map((n) => queue.add(() => fn(n)))) }
}

async function asyncSema(): Promise<TaskPool> {
  const { Sema } = await import('async-sema')
  const sema = new Sema(LIMIT)
  const call = async (n: number, fn: (n: number) => Promise<number>): Promise<number> => {
    await sema.acquire()
    try {
      return await fn(n)
    } finally {
      sema.release()
    }
  }
  return { map: (items, fn) => Promise.all(items.map((n) => call(n, fn))) }
}
