// What executors set up alike whose workers share no memory with this thread, so that calls are sent to them: threads and processes.
import { types } from 'node:util'
import { Outgoing } from '../calls/index.js'
import { clock } from '../core/clock.js'
import { HandleTable } from '../workers/handle-table.js'
import type { PoolOptions, ProcessOptions, ThreadOptions } from '../workers/pool-options.js'
import { shipStartup } from '../workers/thread.js'
import { nextPoolId } from './pool-executor.js'

/**
 * What is needed to send, and what every worker is told. `onNewFunction`: a function is going to be looked at that was not submitted before.
 * @throws {NotShippableError} if the initializer or finalizer cannot cross
 */
export function workerSetup(
  boundary: 'thread' | 'process',
  checked: PoolOptions,
  options: ThreadOptions | ProcessOptions,
  onNewFunction?: () => void,
) {
  const { code, execArgv, env, stdio = 'inherit' } = options
  const { callsPerWorker, maxMemoryPerWorker, initializer, initargs, finalizer } = checked
  const handles = new HandleTable()
  const outgoing = new Outgoing({
    boundary,
    handles,
    onWarning: (message) => process.emitWarning(message, { type: 'RungsWarning', code: 'RUNGS_LARGE_CAPTURE' }),
    ...(code !== undefined && { code }),
    ...(onNewFunction !== undefined && { onNewFunction }),
  })
  handles.packReason = (reason) => {
    const { plain, data, uses } = outgoing.packError(reason)
    // One that needs definitions would need them sent before; that an unusual class of error is missed is bearable.
    if (uses.length === 0) return { plain, data }
    const bare = types.isNativeError(reason) ? outgoing.packError(bareError(reason)) : undefined
    return bare?.uses.length === 0 ? { plain: bare.plain, data: bare.data } : { plain: true, data: String(reason) }
  }
  const time = clock()
  return {
    pool: nextPoolId(),
    outgoing,
    handles,
    callsPerWorker,
    measureMemory: maxMemoryPerWorker !== Number.POSITIVE_INFINITY,
    initializer: shipStartup(outgoing, initializer, initargs),
    finalizer: shipStartup(outgoing, finalizer, []),
    code,
    execArgv,
    env,
    stdio,
    now: () => time.now(),
  }
}

/** What an error says, as one of the class that all have. */
function bareError({ name, message, stack }: Error): Error {
  const error = new Error(message)
  Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true })
  return Object.assign(error, { name })
}
