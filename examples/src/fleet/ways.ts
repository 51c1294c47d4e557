// Three ways to ask every device. The call is the same; what differs is the pool it is given to.
import { type Executor, type Progress, TaskPoolExecutor, ThreadPoolExecutor } from 'rungs'
import { collect } from './collect.js'
import { passesWithTime } from './device-error.js'
import type { Device } from './inventory.js'
import type { Options } from './options.js'
import { type DeviceResult, resultOf } from './result.js'

export interface Way {
  readonly name: string
  /** How many devices are asked at once. */
  readonly concurrency: number
  open(): Executor
}

export const oneByOne: Way = { name: 'one by one', concurrency: 1, open: () => new TaskPoolExecutor(1) }

export function threadsAndTasks({ threads, perThread, tasks }: Options): Way[] {
  return [
    {
      name: `${threads} threads x ${perThread}`,
      concurrency: threads * perThread,
      open: () => new ThreadPoolExecutor({ maxWorkers: threads, callsPerWorker: perThread }),
    },
    { name: `${tasks} tasks`, concurrency: tasks, open: () => new TaskPoolExecutor(tasks) },
  ]
}

export const backoff = 250

interface AskOptions extends Pick<Options, 'timeout' | 'retries'> {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
}

/** A result for each device, as it comes. Devices that fail are results too. */
export async function* ask(pool: Executor, devices: readonly Device[], options: AskOptions): AsyncGenerator<DeviceResult> {
  const records = pool.map(collect, devices, {
    ordered: false,
    onError: 'settle',
    timeout: options.timeout,
    retries: { limit: options.retries, backoff: { base: backoff }, when: passesWithTime },
    progress: options.progress,
    signal: options.signal,
  })
  for await (const record of records) yield resultOf(record)
}
