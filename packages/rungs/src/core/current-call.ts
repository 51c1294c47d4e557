// What a call can know of itself. Kept in a variable for the synchronous part of a call and for a worker that runs one call at a time; an
// AsyncLocalStorage tells calls apart that run beside each other on one event loop.
import { AsyncLocalStorage } from 'node:async_hooks'

/** Where a call runs. */
export interface WorkerInfo {
  /** `name-0`, `name-1`, …: the executor's name and the worker's index. */
  readonly name: string
  /** From 0; a worker that replaces another takes its index. */
  readonly index: number
  /** Which rung. */
  readonly kind: 'task' | 'thread' | 'process' | 'cluster'
}

/** What a call can know of itself, from {@link currentCall}. */
export interface CurrentCall {
  /** The `id` of the call's future. */
  readonly id: number
  /** The name it was given with `with({ key })`. */
  readonly key: string | undefined
  /** From 1; above that it is tried again. */
  readonly attempt: number
  /**
   * Aborts when the call is no longer wanted: it was cancelled, or its `timeout` or `deadline` has passed. A synchronous loop can look at
   * `signal.aborted`: it changes without yielding. `signal.reason` is a {@link CancelledError} or a {@link TimeoutError}.
   */
  readonly signal: AbortSignal
  /** Where it runs. */
  readonly worker: WorkerInfo
  /** Sends `value` to the `onProgress` of whoever submitted the call: in order, and before the result settles. */
  progress(value: unknown): void
}

const storage = new AsyncLocalStorage<CurrentCall | undefined>()
let exclusive: CurrentCall | undefined

/**
 * The call that is running here, or `undefined` outside of one. Also after an `await`, also in functions that the call has called.
 * @example
 * export function search(from: number): number {
 *   const signal = currentCall()?.signal
 *   for (let n = from; ; n++) if (signal?.aborted || isPrime(n)) return n
 * }
 */
export function currentCall(): CurrentCall | undefined {
  return exclusive ?? storage.getStore()
}

/** Runs `fn` as a part of `call`, and whatever it awaits or starts. */
export function runInCall<A extends unknown[], R>(call: CurrentCall | undefined, fn: (...args: A) => R, ...args: A): R {
  const before = exclusive
  exclusive = undefined
  try {
    return storage.run(call, apply<A, R>, fn, args)
  } finally {
    exclusive = before
  }
}

/** Not `fn` itself: the storage would call it with `null` as `this`. */
function apply<A extends unknown[], R>(fn: (...args: A) => R, args: A): R {
  return fn(...args)
}

/** Makes `call` the current one until `undefined` is set: for the synchronous part of a call. Gives the one before. */
export function setCurrentCall(call: CurrentCall | undefined): CurrentCall | undefined {
  const before = exclusive
  exclusive = call
  return before
}
