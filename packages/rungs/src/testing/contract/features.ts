// In what the rungs differ, so that a case can say what it expects of which.

/** The options of executors that the contract uses, as the cases pass them to whoever opens one. */
export interface ContractOptions {
  /** How many workers there may be. */
  readonly maxWorkers?: number
  /** How many are kept warm. */
  readonly minWorkers?: number
  /** After how many idle milliseconds a worker above `minWorkers` ends. */
  readonly idleTimeout?: number
  /** How many async calls a worker runs at once. */
  readonly callsPerWorker?: number
  /** What workers are named after. */
  readonly name?: string
  /** Runs once in each worker before its first call; once per pool for tasks. */
  readonly initializer?: (...args: never[]) => unknown
  /** What the initializer is called with. */
  readonly initargs?: readonly unknown[]
  /** Runs once in each worker that ends in peace. */
  readonly finalizer?: (...args: never[]) => unknown
  /** After how many calls a worker is replaced. */
  readonly maxTasksPerWorker?: number
  /** Above how many bytes a worker is replaced. */
  readonly maxMemoryPerWorker?: number
  /** How many calls may wait. */
  readonly maxQueue?: number
  /** What happens when they do. */
  readonly onFull?: 'throw' | 'wait'
  /** Whether a dead worker is replaced. */
  readonly replaceDeadWorkers?: boolean
  /** Limits of a thread. */
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number }
  /** Flags of Node. */
  readonly execArgv?: readonly string[]
}

/** What is promised of the executor under test. All but `kind` follow from it unless given. */
export interface ContractFeatures {
  /** Which rung it is. */
  readonly kind: 'task' | 'thread' | 'process' | 'cluster'
  /** Calls run elsewhere: what they get is a copy, and what they run on can die and be replaced. Default: all but tasks. */
  readonly separate?: boolean
  /** A `SharedArrayBuffer` is the same memory on both sides. Default: tasks and threads. */
  readonly sharedMemory?: boolean
  /** `signal.aborted` changes while a call runs that does not yield. Default: threads. */
  readonly liveSignal?: boolean
  /** Buffers can be moved instead of copied. Default: threads. */
  readonly transfers?: boolean
  /** A call that has not begun is taken back from a worker whose thread another one blocks. Default: threads and processes. */
  readonly takesBack?: boolean
  /** Options under which a call that takes all memory it can get has soon none left. Default: for threads and processes. */
  readonly smallMemory?: ContractOptions | undefined
  /** Bytes that a worker takes at the very most when it does nothing, and 100 MB less than one that has retained much. */
  readonly idleMemory?: number
}

export type Features = Required<ContractFeatures>

export function withDefaults(features: ContractFeatures): Features {
  const { kind } = features
  const smallMemory = {
    task: undefined,
    thread: { resourceLimits: { maxOldGenerationSizeMb: 24 } },
    process: { execArgv: ['--max-old-space-size=24'] },
    cluster: undefined,
  }[kind]
  return {
    separate: kind !== 'task',
    sharedMemory: kind === 'task' || kind === 'thread',
    liveSignal: kind === 'thread',
    transfers: kind === 'thread',
    takesBack: kind === 'thread' || kind === 'process',
    smallMemory,
    // The heap of a thread, or all memory of a process.
    idleMemory: kind === 'thread' ? 40_000_000 : 180_000_000,
    ...features,
  }
}
