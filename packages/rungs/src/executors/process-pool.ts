import { requireInteger, requireOneOf, show } from '../core/options.js'
import type { Batches } from '../workers/host.js'
import { Patience } from '../workers/patience.js'
import { WorkerPool } from '../workers/pool.js'
import { checkPoolOptions, optionsOf, type ProcessOptions } from '../workers/pool-options.js'
import { processSpawner } from '../workers/process.js'
import { PoolExecutor, viewOf } from './pool-executor.js'
import { workerSetup } from './worker-setup.js'

/**
 * Runs functions in child processes: in parallel, each with memory of its own. Take it for what may crash, leak or never end, and for what must
 * not share anything; a crash ends the calls of one process and the pool goes on. Arguments and results are copied. See {@link Executor} for the
 * methods.
 *
 * The processes end with this one, also when it is killed and when they never yield. `resultSync()` blocks this thread and looks for results
 * every millisecond at the least.
 * @throws {RangeError} or {@link TypeError} from the constructor if an option is wrong or unknown; {@link NotShippableError} if the initializer or
 *   finalizer cannot cross
 * @example
 * await using pool = new ProcessPoolExecutor({ maxWorkers: 4, execArgv: ['--max-old-space-size=512'] })
 * const pages = await pool.map(render, documents).toArray()
 */
export class ProcessPoolExecutor extends PoolExecutor {
  /** `new ProcessPoolExecutor(3)` means `{ maxWorkers: 3 }`. */
  constructor(given?: number | ProcessOptions, ...none: never[]) {
    const options: ProcessOptions = optionsOf('ProcessPoolExecutor', given, none)
    const further = ['execPath', 'execArgv', 'env', 'cwd', 'stdio', 'uid', 'gid', 'code']
    const checked = checkPoolOptions('ProcessPoolExecutor', options, further)
    checkProcessOptions(options)
    const setup = workerSetup('process', checked, options)
    const { execPath, cwd, uid, gid } = options
    const news = new Patience()
    const hub: Batches = { batch: (run) => run() }
    const spawn = processSpawner({ ...setup, news, hub, execPath, cwd, uid, gid })
    super(viewOf(new WorkerPool(checked, { spawn, outgoing: setup.outgoing, news, hub }), setup.pool, checked, true))
  }
}

function checkProcessOptions({ execPath, execArgv, env, cwd, stdio, uid, gid, code }: ProcessOptions): void {
  for (const [name, value] of Object.entries({ execPath, cwd })) {
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw new TypeError(`${name} must be a path, got ${show(value)}`)
  }
  if (execArgv !== undefined && !(Array.isArray(execArgv) && execArgv.every((flag) => typeof flag === 'string'))) {
    throw new TypeError(`execArgv must be an array of strings, got ${show(execArgv)}`)
  }
  if (env !== undefined && (typeof env !== 'object' || env === null))
    throw new TypeError(`env must be an object of strings, got ${show(env)}`)
  if (stdio !== undefined) requireOneOf('stdio', stdio, ['inherit', 'ignore'])
  if (uid !== undefined) requireInteger('uid', uid, 0)
  if (gid !== undefined) requireInteger('gid', gid, 0)
  if (code !== undefined) requireOneOf('code', code, ['any', 'references-only'])
}
