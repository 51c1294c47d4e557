import { LocalStart, localSpawner } from '../workers/local.js'
import { WorkerPool } from '../workers/pool.js'
import { checkPoolOptions, type ExecutorOptions, optionsOf } from '../workers/pool-options.js'
import { nextPoolId, PoolExecutor, viewOf } from './pool-executor.js'

/**
 * Runs async functions on this event loop, a bounded number at a time. Take it for what waits: network devices, APIs, disks. Nothing is sent or
 * copied: arguments and results are the same objects. A task that does not look at its `signal` cannot be ended: its future is cancelled, its
 * place stays taken until it ends. The initializer runs once. See {@link Executor} for the methods.
 * @throws {RangeError} or {@link TypeError} from the constructor if an option is wrong or unknown
 * @example
 * await using pool = new TaskPoolExecutor(50)
 * for await (const version of pool.map(showVersion, hosts)) console.log(version)
 */
export class TaskPoolExecutor extends PoolExecutor {
  /** `new TaskPoolExecutor(50)` means `{ maxWorkers: 50 }`. */
  constructor(options?: number | ExecutorOptions, ...none: never[]) {
    const checked = checkPoolOptions('TaskPoolExecutor', optionsOf('TaskPoolExecutor', options, none), [], 20)
    const pool = new WorkerPool(checked, { spawn: localSpawner(new LocalStart(checked)) })
    super(viewOf(pool, nextPoolId(), checked, false))
  }
}
