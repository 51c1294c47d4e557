// Every error of the library, one base, a stable `code` each. A user's own error is never wrapped: it passes through as it is.

import { requireKnown } from './options.js'

/**
 * The base of all errors that the library itself raises. `code` is stable and meant for programs, `message` for people.
 * @example
 * try {
 *   await future
 * } catch (error) {
 *   if (error instanceof RungsError) console.error(error.code)
 *   else throw error
 * }
 */
export class RungsError extends Error {
  /** `'RungsError'`. */
  override readonly name: string = 'RungsError'
  /** Says which error it is, and never changes between versions: `ERR_RUNGS_…`. */
  readonly code: string = 'ERR_RUNGS'
}

/**
 * The call was cancelled: by `future.cancel()`, by an aborted `signal`, or because its pool was terminated. A call that had started may
 * have done a part of its work.
 */
export class CancelledError extends RungsError {
  /** `'CancelledError'`. */
  override readonly name: string = 'CancelledError'
  override readonly code: string = 'ERR_RUNGS_CANCELLED'
  /** What was given to `cancel(reason)`, or the reason of the signal that was aborted. */
  readonly reason: unknown

  /** @throws {TypeError} if `options` is no object with options. */
  constructor(message = 'The call was cancelled', options: { reason?: unknown; cause?: unknown } = {}) {
    requireKnown('The options of a CancelledError', options, ['reason', 'cause'])
    const cause = 'cause' in options ? options.cause : options.reason
    super(message, cause === undefined ? undefined : { cause })
    this.reason = options.reason
  }
}

/** Time was up: a call's `timeout` or `deadline`, the `timeout` of a wait, or the `mapTimeout` of a map. `message` says which. */
export class TimeoutError extends RungsError {
  /** `'TimeoutError'`. */
  override readonly name: string = 'TimeoutError'
  override readonly code: string = 'ERR_RUNGS_TIMEOUT'

  constructor(message = 'Time was up', options?: ErrorOptions) {
    super(message, options)
  }
}

/** A future was settled twice, or asked for something that its state does not allow. */
export class InvalidStateError extends RungsError {
  /** `'InvalidStateError'`. */
  override readonly name: string = 'InvalidStateError'
  override readonly code: string = 'ERR_RUNGS_INVALID_STATE'
}

/** The queue of an executor holds `maxQueue` calls already. The call was not taken. */
export class QueueFullError extends RungsError {
  /** `'QueueFullError'`. */
  override readonly name: string = 'QueueFullError'
  override readonly code: string = 'ERR_RUNGS_QUEUE_FULL'
}

/** The executor was shut down or terminated before `submit` or `map` was called. The call was not taken. */
export class ExecutorShutdownError extends RungsError {
  /** `'ExecutorShutdownError'`. */
  override readonly name: string = 'ExecutorShutdownError'
  override readonly code: string = 'ERR_RUNGS_SHUTDOWN'
}

/**
 * The executor can run no more calls: an initializer failed, workers could not be started, or one died and `replaceDeadWorkers` is
 * false. `cause` tells why. Each future gets an error of its own.
 */
export class BrokenExecutorError extends RungsError {
  /** `'BrokenExecutorError'`. */
  override readonly name: string = 'BrokenExecutorError'
  override readonly code: string = 'ERR_RUNGS_BROKEN'
}

/** What is known of a worker that died. */
export interface WorkerDeath {
  /** With what the thread or process ended; undefined when a signal ended it. */
  readonly exitCode?: number | undefined
  /** The signal that ended the process. */
  readonly signal?: string | undefined
  /** The worker's name. */
  readonly worker?: string | undefined
  /** The `key` of the call that this error is about. */
  readonly key?: string | undefined
  /** The last lines that the process wrote to stderr by itself: what Node and V8 say before they give up. */
  readonly stderr?: string | undefined
  /** The error that ended the worker, when there was one. */
  readonly cause?: unknown
}

/** The worker that was running the call died: it exited, was killed, or ran out of memory. The call may have done a part of its work. */
export class WorkerDiedError extends BrokenExecutorError {
  /** `'WorkerDiedError'`. */
  override readonly name: string = 'WorkerDiedError'
  override readonly code: string = 'ERR_RUNGS_WORKER_DIED'
  /** With what the thread or process ended; undefined when a signal ended it. */
  readonly exitCode: number | undefined
  /** The signal that ended the process. */
  readonly signal: string | undefined
  /** The worker's name. */
  readonly worker: string | undefined
  /** The `key` of the call that this error is about. */
  readonly key: string | undefined
  /** The last lines that the process wrote to stderr by itself: what Node and V8 say before they give up. */
  readonly stderr: string | undefined

  constructor(message: string, death: WorkerDeath = {}) {
    super(message, death.cause === undefined ? undefined : { cause: death.cause })
    this.exitCode = death.exitCode
    this.signal = death.signal
    this.worker = death.worker
    this.key = death.key
    this.stderr = death.stderr
  }
}

/** A value cannot cross to a worker, or back. `path` leads to it, and `message` says what to write instead. The call did not run. */
export class NotShippableError extends RungsError {
  /** `'NotShippableError'`. */
  override readonly name: string = 'NotShippableError'
  override readonly code: string = 'ERR_RUNGS_NOT_SHIPPABLE'
  /** From the function, argument or result to the value that cannot cross: `argument 0.socket`, `captured variable db`. */
  readonly path: string

  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options)
    this.path = path
  }
}
