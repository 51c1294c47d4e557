// The options of an executor, checked where they were written.
import { availableParallelism } from 'node:os'
import type { ResourceLimits } from 'node:worker_threads'
import { requireDuration, requireFunction, requireInteger, requireKnown, requireOneOf, show } from '../core/options.js'
import type { PoolConfig } from './pool-state.js'
import type { AnyFunction } from './work-item.js'

/** How an executor runs its calls. */
export interface ExecutorOptions {
  /** How many workers there may be. Default: `os.availableParallelism()` threads, 20 tasks. */
  readonly maxWorkers?: number | undefined
  /** How many workers are kept ready, also when there is nothing to do. Default 0: they start on demand, and an idle one is used first. */
  readonly minWorkers?: number | undefined
  /** Milliseconds of idleness after which a worker above `minWorkers` ends. Default: never. */
  readonly idleTimeout?: number | undefined
  /** How many calls a worker has at once: more than one is for async functions. Default 1. */
  readonly callsPerWorker?: number | undefined
  /** What the executor is called; its workers are `name-0`, `name-1`, … Default: the class and a number. */
  readonly name?: string | undefined
  /** Runs once in each worker before its first call (for tasks: once). If it fails, the executor is broken. */
  readonly initializer?: AnyFunction | undefined
  /** What the initializer gets. */
  readonly initargs?: readonly unknown[] | undefined
  /** Runs once in each worker that ends in peace, after its last call. */
  readonly finalizer?: AnyFunction | undefined
  /** How many calls a worker runs before another takes its place. Default: no limit. */
  readonly maxTasksPerWorker?: number | undefined
  /** A worker that holds more than this many bytes after a call is replaced. Default: no limit. */
  readonly maxMemoryPerWorker?: number | undefined
  /** How many calls may wait beyond those that the workers can take. Default: no limit. */
  readonly maxQueue?: number | undefined
  /** What happens when that many wait: `'throw'` (the default), or `'wait'`: map and stream wait, and submit throws. */
  readonly onFull?: 'throw' | 'wait' | undefined
  /**
   * Whether the executor survives the death of a worker: only the calls that it was running fail, and it is replaced. Default `true`. `false` is
   * Python's way: the executor is broken, and all of its calls fail.
   */
  readonly replaceDeadWorkers?: boolean | undefined
}

/** The options of executors whose workers are threads. */
export interface ThreadOptions extends ExecutorOptions {
  /** The memory that a thread may use, as for `new Worker`. */
  readonly resourceLimits?: ResourceLimits | undefined
  /** Flags of Node for the thread. Default: those of this process. */
  readonly execArgv?: readonly string[] | undefined
  /** The environment of the thread. Default: a copy of that of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined
  /** What becomes of what the thread prints: `'inherit'` (the default) prints it here, in whole lines; `'ignore'` drops it. */
  readonly stdio?: 'inherit' | 'ignore' | undefined
  /** `'references-only'` refuses to send source text: functions must be exports of modules. */
  readonly code?: 'any' | 'references-only' | undefined
}

/** The options of executors whose workers are processes. */
export interface ProcessOptions extends ExecutorOptions {
  /** The program that runs the workers: a Node of another version, for one. Default: that of this process. */
  readonly execPath?: string | undefined
  /** Flags of Node for the processes, such as `--max-old-space-size=512`. Default: those of this process. */
  readonly execArgv?: readonly string[] | undefined
  /** The environment of the processes. Default: a copy of that of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined
  /** The folder that the processes work in. Default: that of this process. */
  readonly cwd?: string | undefined
  /** What becomes of what the processes print: `'inherit'` (the default) prints it here, in whole lines; `'ignore'` drops it. */
  readonly stdio?: 'inherit' | 'ignore' | undefined
  /** The user that the processes belong to. */
  readonly uid?: number | undefined
  /** The group that the processes belong to. */
  readonly gid?: number | undefined
  /** `'references-only'` refuses to send source text: functions must be exports of modules. */
  readonly code?: 'any' | 'references-only' | undefined
}

/** Options with their defaults, known to be right. */
export interface PoolOptions extends PoolConfig {
  readonly name: string
  readonly initializer: AnyFunction | undefined
  readonly initargs: readonly unknown[]
  readonly finalizer: AnyFunction | undefined
  readonly maxMemoryPerWorker: number
  readonly maxQueue: number
  readonly onFull: 'throw' | 'wait'
}

const common: readonly (keyof ExecutorOptions)[] = [
  'maxWorkers',
  'minWorkers',
  'idleTimeout',
  'callsPerWorker',
  'name',
  'initializer',
  'initargs',
  'finalizer',
  'maxTasksPerWorker',
  'maxMemoryPerWorker',
  'maxQueue',
  'onFull',
  'replaceDeadWorkers',
]

const counters = new Map<string, number>()

/** `new ThreadPoolExecutor(3)` means `{ maxWorkers: 3 }`. `none`: what else the constructor was given; nothing of that would have an effect. */
export function optionsOf<O extends object>(
  kind: string,
  given: number | O | undefined,
  none: readonly unknown[],
): O | { maxWorkers: number } {
  if (none.length > 0) {
    const all = typeof given === 'number' ? `{ maxWorkers: ${given}, … }` : '{ … }'
    throw new TypeError(
      `${kind} takes one argument, a number of workers or its options; got also ${show(none[0])}. Write new ${kind}(${all})`,
    )
  }
  return typeof given === 'number' ? { maxWorkers: given } : given === undefined ? ({} as O) : given // An empty object has all options unset.
}

export function checkPoolOptions(
  kind: string,
  options: ExecutorOptions,
  further: readonly string[],
  defaultMaxWorkers?: number,
): PoolOptions {
  requireKnown(`The options of ${kind}`, options, [...common, ...further])
  const never = Number.POSITIVE_INFINITY
  const { maxWorkers = defaultMaxWorkers ?? availableParallelism(), minWorkers = 0, callsPerWorker = 1 } = options
  const { idleTimeout = never, maxTasksPerWorker = never, maxMemoryPerWorker = never, maxQueue = never } = options
  const { onFull = 'throw', replaceDeadWorkers = true, initializer, initargs, finalizer, name } = options
  requireInteger('maxWorkers', maxWorkers, 1)
  requireInteger('minWorkers', minWorkers, 0)
  if (minWorkers > maxWorkers) throw new RangeError(`minWorkers must not be above maxWorkers (${maxWorkers}), got ${minWorkers}`)
  requireInteger('callsPerWorker', callsPerWorker, 1)
  requireDuration('idleTimeout', idleTimeout)
  if (maxTasksPerWorker !== never) requireInteger('maxTasksPerWorker', maxTasksPerWorker, 1)
  if (maxMemoryPerWorker !== never) requireInteger('maxMemoryPerWorker', maxMemoryPerWorker, 1)
  if (maxQueue !== never) requireInteger('maxQueue', maxQueue, 0)
  requireOneOf('onFull', onFull, ['throw', 'wait'])
  requireOneOf('replaceDeadWorkers', replaceDeadWorkers, [true, false])
  if (initializer !== undefined) requireFunction('initializer', initializer)
  if (finalizer !== undefined) requireFunction('finalizer', finalizer)
  if (initargs !== undefined && !Array.isArray(initargs))
    throw new TypeError(`initargs must be an array of arguments, got ${show(initargs)}`)
  if (name !== undefined && typeof name !== 'string') throw new TypeError(`name must be a string, got ${show(name)}`)
  return {
    maxWorkers,
    minWorkers,
    idleTimeout,
    callsPerWorker,
    name: name ?? nextName(kind),
    initializer,
    initargs: initargs ?? [],
    finalizer,
    maxTasksPerWorker,
    maxMemoryPerWorker,
    maxQueue,
    onFull,
    replaceDeadWorkers,
  }
}

function nextName(kind: string): string {
  const number = counters.get(kind) ?? 0
  counters.set(kind, number + 1)
  return `${kind}-${number}`
}
