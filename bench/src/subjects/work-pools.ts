// How each pool of threads runs the functions of fixtures/work.
import { fileURLToPath } from 'node:url'
import { type TransferListItem, Worker } from 'node:worker_threads'
import { type WorkName, work } from '../fixtures/work.js'

export interface WorkPool {
  run(name: WorkName, value: unknown, transfer?: readonly ArrayBuffer[]): PromiseLike<number>
  /** Its own way to run a function for many items; undefined when it has none. */
  map?(name: WorkName, items: readonly number[]): PromiseLike<readonly number[]>
  end(): PromiseLike<unknown>
}

export interface WorkPoolKind {
  readonly package?: string
  open(threads: number): Promise<WorkPool>
}

export const workPools: Record<string, WorkPoolKind> = {
  rungs: { package: 'rungs', open: rungs },
  piscina: { package: 'piscina', open: piscina },
  tinypool: { package: 'tinypool', open: tinypool },
  workerpool: { package: 'workerpool', open: workerpool },
  poolifier: { package: 'poolifier', open: poolifier },
  'raw postMessage': { open: raw },
}

async function rungs(threads: number): Promise<WorkPool> {
  const { ThreadPoolExecutor } = await import('rungs')
  const pool = new ThreadPoolExecutor(threads)
  return {
    run: (name, value, transfer) =>
      (transfer === undefined ? pool : pool.with({ transfer: [...transfer] })).submit(work[name] as (value: unknown) => number, value),
    map: (name, items) => pool.map(work[name] as (n: number) => number, items, { chunkSize: 'auto' }).toArray(),
    end: () => pool.shutdown(),
  }
}

async function piscina(threads: number): Promise<WorkPool> {
  const { Piscina } = await import('piscina')
  const pool = new Piscina({ filename: fixture('work.js'), minThreads: threads, maxThreads: threads })
  return {
    run: (name, value, transfer) => pool.run(value, { name, ...(transfer && { transferList: [...transfer] }) }),
    end: () => pool.destroy(),
  }
}

async function tinypool(threads: number): Promise<WorkPool> {
  const { Tinypool } = await import('tinypool')
  const pool = new Tinypool({ filename: fixture('work.js'), minThreads: threads, maxThreads: threads, runtime: 'worker_threads' })
  return {
    run: (name, value, transfer) => pool.run(value, { name, ...(transfer && { transferList: [...transfer] }) }),
    end: () => pool.destroy(),
  }
}

async function workerpool(threads: number): Promise<WorkPool> {
  const { default: library } = await import('workerpool')
  const pool = library.pool(fixture('work-workerpool.js'), { workerType: 'thread', minWorkers: threads, maxWorkers: threads })
  return {
    run: (name, value, transfer) => pool.exec(name, [value], transfer && { transfer: [...transfer] }),
    end: async () => void (await pool.terminate(true)),
  }
}

async function poolifier(threads: number): Promise<WorkPool> {
  const { FixedThreadPool } = await import('poolifier')
  const pool = new FixedThreadPool<unknown, number>(threads, fixture('work-poolifier.js'))
  return {
    run: (name, value, transfer) => pool.execute(value, name, undefined, transfer as TransferListItem[] | undefined),
    map: (name, items) => pool.mapExecute(items, name),
    end: () => pool.destroy(),
  }
}

async function raw(threads: number): Promise<WorkPool> {
  const pending = new Map<number, (value: number) => void>()
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(fixture('work-raw.js'))
    worker.on('message', ({ id, value }: { id: number; value: number }) => {
      pending.get(id)?.(value)
      pending.delete(id)
    })
    return worker
  })
  let calls = 0
  return {
    run: (name, value, transfer) =>
      new Promise((resolve) => {
        const id = calls++
        pending.set(id, resolve)
        workers[id % threads]?.postMessage({ id, name, value }, [...(transfer ?? [])])
      }),
    end: () => Promise.all(workers.map((worker) => worker.terminate())),
  }
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
}
