// The errors of the primitives. Those that every rung knows are in core.
import { RungsError } from '../core/errors.js'

/**
 * The barrier was reset or aborted while somebody waited at it, or it is broken since. Nobody passed.
 * @example
 * barrier.abort()
 * await barrier.wait() // throws BrokenBarrierError
 */
export class BrokenBarrierError extends RungsError {
  override readonly name: string = 'BrokenBarrierError'
  override readonly code: string = 'ERR_RUNGS_BROKEN_BARRIER'
}

/**
 * The queue was shut down: nothing can be put any more, or it is empty and nothing will come. The item of a `put` was not taken.
 * @example
 * queue.shutdown()
 * await queue.put(1) // throws QueueShutDownError
 */
export class QueueShutDownError extends RungsError {
  override readonly name: string = 'QueueShutDownError'
  override readonly code: string = 'ERR_RUNGS_QUEUE_SHUT_DOWN'
}
