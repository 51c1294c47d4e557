import { TimeoutError } from '../core/errors.js'
import { Future } from '../core/future.js'
import { show } from '../core/options.js'
import { requireDelay } from './after.js'
import { interruptible } from './interruptible.js'
import { abandon } from './shield.js'
import { isThenable } from './task.js'
import { type TimeoutScope, timeout } from './timeout.js'
import { refusal, signalOf, type WaitOptions } from './wait-queue.js'

/** What {@link waitFor} and others take: a function to be started, or something to wait for. */
export type FnOrPromise<T> = ((scope: TimeoutScope) => T | PromiseLike<T>) | PromiseLike<T>

/**
 * Waits for something, but no longer than `ms` milliseconds; `null` is for ever.
 *
 * A function is started by this call, and cancelled when time is up; with no time at all it never starts. A future is cancelled. Both are
 * waited for until they have really ended: what their cleanup throws comes out, and a value that they return all the same is given. A
 * plain promise is only waited for. Cancelling the task does the same as the end of the time.
 * @throws {TimeoutError} (as a rejection) if time was up; {@link CancelledError} if cancelled; and what the function throws.
 * @example
 * const answer = await waitFor(() => ask(device), 1_000)
 */
export function waitFor<T>(fnOrPromise: FnOrPromise<T>, ms: number | null, options?: WaitOptions): Promise<T> {
  // By way of unknown: what JavaScript hands in may be anything.
  const given: unknown = fnOrPromise
  try {
    if (ms !== null) requireDelay('ms', ms)
    signalOf('waitFor()', options)
  } catch (error) {
    abandon(given)
    throw error
  }
  if (typeof fnOrPromise === 'function') {
    if (ms === null || ms > 0) return timeout(ms, (scope) => fnOrPromise(scope), options) as Promise<T> // Awaited<T> of a T that is none.
    const error = refusal(signalOf('waitFor()', options)) ?? new TimeoutError('There was no time to start it')
    return Promise.reject(error)
  }
  if (!isThenable(given)) throw new TypeError(`waitFor() takes a function or a promise, got ${show(given)}`)
  if (fnOrPromise instanceof Future) return timeout(ms, () => fnOrPromise, options) as Promise<T> // As above.
  return timeout(ms, () => interruptible(fnOrPromise, 'a promise'), options) as Promise<T> // As above.
}
