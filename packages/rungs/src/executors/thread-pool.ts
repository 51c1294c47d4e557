import { requireKnown, requireOneOf, show } from '../core/options.js'
import { Bell } from '../workers/bell.js'
import { WorkerPool } from '../workers/pool.js'
import { checkPoolOptions, optionsOf, type ThreadOptions } from '../workers/pool-options.js'
import { BulkStore } from '../workers/ring/bulk.js'
import { RingHub } from '../workers/ring/hub.js'
import { type ThreadSpawner, threadSpawner } from '../workers/thread.js'
import { PoolExecutor, viewOf } from './pool-executor.js'
import { workerSetup } from './worker-setup.js'

/**
 * Runs functions on worker threads: in parallel, on all cores. Take it for what computes, and for what blocks. Arguments and results are copied,
 * or moved with `transfer`, or shared with `share` and SharedArrayBuffer. See {@link Executor} for the methods.
 * @throws {RangeError} or {@link TypeError} from the constructor if an option is wrong or unknown; {@link NotShippableError} if the initializer or
 *   finalizer cannot cross
 * @example
 * await using pool = new ThreadPoolExecutor()
 * const hashes = await pool.map(sha256, files).toArray()
 */
export class ThreadPoolExecutor extends PoolExecutor {
  /** `new ThreadPoolExecutor(3)` means `{ maxWorkers: 3 }`. */
  constructor(given?: number | ThreadOptions, ...none: never[]) {
    const options: ThreadOptions = optionsOf('ThreadPoolExecutor', given, none)
    const checked = checkPoolOptions('ThreadPoolExecutor', options, ['resourceLimits', 'execArgv', 'env', 'stdio', 'code'])
    checkThreadOptions(options)
    let threads: ThreadSpawner | undefined
    const setup = workerSetup('thread', checked, options, () => threads?.expect())
    const { outgoing, pool } = setup
    const news = new Bell()
    const hub = usesRing() ? new RingHub() : undefined
    const bulk = hub && new BulkStore()
    threads = threadSpawner({ ...setup, news, resourceLimits: options.resourceLimits, hub, bulk }, `${checked.name}-0`)
    super(viewOf(new WorkerPool(checked, { spawn: threads.spawn, outgoing, news, hub, bulk }), pool, checked, true))
  }
}

/** `RUNGS_TRANSPORT=port` sends everything as messages; see workers/ring/README.md. */
function usesRing(): boolean {
  return process.env.RUNGS_TRANSPORT !== 'port'
}

function checkThreadOptions({ resourceLimits, execArgv, env, stdio, code }: ThreadOptions): void {
  if (resourceLimits !== undefined) {
    requireKnown('The resourceLimits', resourceLimits, [
      'maxYoungGenerationSizeMb',
      'maxOldGenerationSizeMb',
      'codeRangeSizeMb',
      'stackSizeMb',
    ])
  }
  if (execArgv !== undefined && !(Array.isArray(execArgv) && execArgv.every((flag) => typeof flag === 'string'))) {
    throw new TypeError(`execArgv must be an array of strings, got ${show(execArgv)}`)
  }
  if (env !== undefined && (typeof env !== 'object' || env === null))
    throw new TypeError(`env must be an object of strings, got ${show(env)}`)
  if (stdio !== undefined) requireOneOf('stdio', stdio, ['inherit', 'ignore'])
  if (code !== undefined) requireOneOf('code', code, ['any', 'references-only'])
}
