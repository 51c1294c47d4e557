// How each pool of processes calls a function on two workers: as its documentation says, or tuned where the name says so.
import { fileURLToPath } from 'node:url'
import { echo } from '../fixtures/echo.js'
import { back, sink } from '../fixtures/payloads.js'
import type { Task } from '../fixtures/process-tasks.js'

export interface ProcessPool {
  perform(task: Task): PromiseLike<unknown>
  end(): PromiseLike<unknown>
}

export interface ProcessPoolKind {
  /** What is installed; undefined for what comes with Node. */
  readonly package?: string
  /** What it carries fastest: bytes where they can be sent, else a text, which is what JSON is best at. */
  readonly payload: 'bytes' | 'text'
  open(): Promise<ProcessPool>
}

export const WORKERS = 2

export const processPools: Record<string, ProcessPoolKind> = {
  rungs: { package: 'rungs', payload: 'bytes', open: () => rungs(1) },
  'rungs (64 per worker)': { package: 'rungs', payload: 'bytes', open: () => rungs(64) },
  tinypool: { package: 'tinypool', payload: 'text', open: () => tinypool(1) },
  'tinypool (64 per worker)': { package: 'tinypool', payload: 'text', open: () => tinypool(64) },
  workerpool: { package: 'workerpool', payload: 'text', open: () => workerpool('json') },
  'workerpool (advanced)': { package: 'workerpool', payload: 'bytes', open: () => workerpool('advanced') },
  poolifier: { package: 'poolifier', payload: 'text', open: poolifier },
  'bare fork': { payload: 'text', open: () => raw('json') },
  'bare fork (advanced)': { payload: 'bytes', open: () => raw('advanced') },
}

async function rungs(callsPerWorker: number): Promise<ProcessPool> {
  const { ProcessPoolExecutor } = await import('rungs')
  const pool = new ProcessPoolExecutor({ maxWorkers: WORKERS, callsPerWorker })
  return {
    perform: ({ name, value }) => {
      if (name === 'echo') return pool.submit(echo, value as number)
      return name === 'sink' ? pool.submit(sink, value as Uint8Array) : pool.submit(back<Uint8Array>, value as Uint8Array)
    },
    end: () => pool.shutdown(),
  }
}

async function tinypool(concurrentTasksPerWorker: number): Promise<ProcessPool> {
  const { Tinypool } = await import('tinypool')
  const size = { minThreads: WORKERS, maxThreads: WORKERS, concurrentTasksPerWorker }
  const pool = new Tinypool({ filename: fixture('process-tasks.js'), runtime: 'child_process', ...size })
  return { perform: (task) => pool.run(task), end: () => pool.destroy() }
}

async function workerpool(serialization: 'json' | 'advanced'): Promise<ProcessPool> {
  const { default: library } = await import('workerpool')
  const pool = library.pool(fixture('workerpool-process-worker.js'), {
    workerType: 'process',
    minWorkers: WORKERS,
    maxWorkers: WORKERS,
    forkOpts: { serialization },
  })
  return { perform: (task) => pool.exec('perform', [task]), end: async () => void (await pool.terminate(true)) }
}

async function poolifier(): Promise<ProcessPool> {
  const { FixedClusterPool } = await import('poolifier')
  const pool = new FixedClusterPool<Task, unknown>(WORKERS, fixture('poolifier-cluster-worker.cjs'))
  return { perform: (task) => pool.execute(task), end: () => pool.destroy() }
}

async function raw(serialization: 'json' | 'advanced'): Promise<ProcessPool> {
  return (await import('./raw-fork.js')).rawFork(fixture('raw-fork-worker.js'), WORKERS, serialization)
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
}
