// How each pool of threads calls `echo` on two workers: as its documentation says, or tuned where the name says so.
import { fileURLToPath } from 'node:url'
import { echo } from '../fixtures/echo.js'

export interface Pool {
  call(n: number): PromiseLike<number>
  end(): PromiseLike<unknown>
}

export interface PoolKind {
  /** What is installed; undefined for what comes with Node. */
  readonly package?: string
  open(): Promise<Pool>
}

export const WORKERS = 2

export const threadPools: Record<string, PoolKind> = {
  rungs: { package: 'rungs', open: rungs },
  piscina: { package: 'piscina', open: () => piscina(1) },
  'piscina (64 per worker)': { package: 'piscina', open: () => piscina(64) },
  tinypool: { package: 'tinypool', open: () => tinypool(1) },
  'tinypool (64 per worker)': { package: 'tinypool', open: () => tinypool(64) },
  workerpool: { package: 'workerpool', open: workerpool },
  poolifier: { package: 'poolifier', open: poolifier },
  'raw postMessage': { open: async () => (await import('./raw-threads.js')).rawThreads(fixture('raw-worker.js'), WORKERS) },
}

async function rungs(): Promise<Pool> {
  const { ThreadPoolExecutor } = await import('rungs')
  const pool = new ThreadPoolExecutor(WORKERS)
  return { call: (n) => pool.submit(echo, n), end: () => pool.shutdown() }
}

async function piscina(concurrentTasksPerWorker: number): Promise<Pool> {
  const { Piscina } = await import('piscina')
  const size = { minThreads: WORKERS, maxThreads: WORKERS, concurrentTasksPerWorker }
  const pool = new Piscina({ filename: fixture('echo.js'), name: 'echo', ...size })
  return { call: (n) => pool.run(n), end: () => pool.destroy() }
}

async function tinypool(concurrentTasksPerWorker: number): Promise<Pool> {
  const { Tinypool } = await import('tinypool')
  const size = { minThreads: WORKERS, maxThreads: WORKERS, concurrentTasksPerWorker }
  const pool = new Tinypool({ filename: fixture('echo.js'), name: 'echo', runtime: 'worker_threads', ...size })
  return { call: (n) => pool.run(n), end: () => pool.destroy() }
}

async function workerpool(): Promise<Pool> {
  const { default: library } = await import('workerpool')
  const pool = library.pool(fixture('workerpool-worker.js'), { workerType: 'thread', minWorkers: WORKERS, maxWorkers: WORKERS })
  return { call: (n) => pool.exec('echo', [n]), end: async () => void (await pool.terminate(true)) }
}

async function poolifier(): Promise<Pool> {
  const { FixedThreadPool } = await import('poolifier')
  const pool = new FixedThreadPool<number, number>(WORKERS, fixture('poolifier-worker.js'))
  return { call: (n) => pool.execute(n), end: () => pool.destroy() }
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
}
