import { Worker } from 'node:worker_threads'
import type { Pool } from './thread-pools.js'

/** The baseline: one message per call to the workers in turn, one message back, and a map to find the promise again. */
export function rawThreads(file: string, size: number): Pool {
  const pending = new Map<number, (value: number) => void>()
  const workers = Array.from({ length: size }, () => {
    const worker = new Worker(file)
    worker.on('message', ({ id, value }: { id: number; value: number }) => {
      pending.get(id)?.(value)
      pending.delete(id)
    })
    return worker
  })
  let calls = 0
  return {
    call: (n) =>
      new Promise((resolve) => {
        const id = calls++
        pending.set(id, resolve)
        workers[id % size]?.postMessage({ id, n })
      }),
    end: () => Promise.all(workers.map((worker) => worker.terminate())),
  }
}
