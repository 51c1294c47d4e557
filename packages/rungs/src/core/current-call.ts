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
   * Aborts when the call is no longer wanted: it was cancelled, its `timeout` or `deadline` has passed, or the reader of its
   * stream has left. A synchronous loop can look at `signal.aborted`: it changes without yielding. `signal.reason` is a {@link CancelledError} or a {@link TimeoutError}.
   */
  readonly signal: AbortSignal
  /** Where it runs. */
  readonly worker: WorkerInfo
  /** Sends `value` to the `onProgress` of whoever submitted the call: in order, and before the result settles. */
  progress(value: unknown): void
}

/** In no call, and in nothing else that has a border; see {@link callBorder}. */
class Apart {}

/** Stands for a call until somebody asks for it: most short calls are never asked for. */
export abstract class LateCall {
  abstract made(): CurrentCall
}

const storage = new AsyncLocalStorage<CurrentCall | Apart | undefined>()
let exclusive: CurrentCall | LateCall | undefined

/**
 * The call that is running here, or `undefined` outside of one. Also after an `await`, also in functions that the call has called.
 * @example
 * export function search(from: number): number {
 *   const signal = currentCall()?.signal
 *   for (let n = from; ; n++) if (signal?.aborted || isPrime(n)) return n
 * }
 */
export function currentCall(): CurrentCall | undefined {
  if (exclusive instanceof LateCall) exclusive = exclusive.made()
  const call = exclusive ?? storage.getStore()
  return call instanceof Apart ? undefined : call
}

/** Runs `fn` as a part of `call`, and whatever it awaits or starts. */
export function runInCall<A extends unknown[], R>(call: CurrentCall | undefined, fn: (...args: A) => R, ...args: A): R {
  return runWithin(call, fn, args)
}

/** Runs `fn` in no call, and as no part of what has asked for it: an initializer is run for whoever submits first. */
export function runApart<R>(fn: () => R): R {
  return runWithin(new Apart(), fn, [])
}

/**
 * Something that changes where a call begins that runs on the event loop of who has submitted it: in its async context, and yet as no part of
 * it. What `sync` finds in that context holds on this side of the border only.
 */
export function callBorder(): unknown {
  return storage.getStore()
}

/** As `run` of the storage does it, but for the list of arguments that it makes twice: that is a good part of what a short task costs. */
function runWithin<A extends unknown[], R>(call: CurrentCall | Apart | undefined, fn: (...args: A) => R, args: A): R {
  const before = exclusive
  const around = storage.getStore()
  exclusive = undefined
  if (around !== call) storage.enterWith(call)
  try {
    return fn(...args)
  } finally {
    if (around !== call) storage.enterWith(around)
    exclusive = before
  }
}

/** Makes `call` the current one until `undefined` is set: for the synchronous part of a call. Gives the one before. */
export function setCurrentCall(call: CurrentCall | LateCall | undefined): CurrentCall | LateCall | undefined {
  const before = exclusive
  exclusive = call
  return before
}
