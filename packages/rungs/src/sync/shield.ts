import { CancelledError } from '../core/errors.js'
import { cancelFuture, createFuture, Future, failFuture, fulfilFuture, hasFailed, listen, outcomeOf } from '../core/future.js'
import { show } from '../core/options.js'
import { report } from '../core/report.js'
import { currentTask, isThenable, startTask } from './task.js'

/** A plain promise as a future that can be waited for and given up. */
export function futureOf<T>(promise: PromiseLike<T>): Future<T> {
  const future = createFuture<T>({})
  promise.then(
    (value) => fulfilFuture(future, value),
    (reason) => {
      if (!failFuture(future, reason)) report('RUNGS_UNOBSERVED', 'A promise that nobody waited for any more failed', reason)
    },
  )
  return future
}

/**
 * Protects something from being cancelled by who waits for it. A function is started as a task of its own; a future or promise is used as
 * it is.
 *
 * Cancelling the task that awaits it, or the future that this gives, ends the wait only: what is inside goes on, and a failure of it that
 * nobody sees any more is reported as a warning of the process, once. If what is inside is cancelled, so is what this gives.
 * @throws {TypeError} if it is neither a function nor a promise.
 * @example
 * await shield(() => saveEverything())
 */
export function shield<T>(fnOrPromise: (() => T | PromiseLike<T>) | PromiseLike<T>): Future<T> {
  const inner = innerOf(fnOrPromise)
  const outer = createFuture<T>({})
  listen(inner, () => {
    if (outer.done) {
      if (hasFailed(inner)) report('RUNGS_UNOBSERVED', 'Something shielded failed, and nobody waited for it any more', reasonOf(inner))
      return
    }
    const outcome = outcomeOf(inner)
    if (outcome.status === 'fulfilled')
      fulfilFuture(outer, outcome.value as T) // What the inner one gives.
    else if (inner.cancelled && outcome.reason instanceof CancelledError) cancelFuture(outer, outcome.reason)
    else failFuture(outer, outcome.reason)
  })
  return outer
}

function innerOf<T>(given: (() => T | PromiseLike<T>) | PromiseLike<T>): Future<T> {
  if (given instanceof Future) return given as Future<T> // By its declared type.
  if (typeof given === 'function') return startTask<T>({ fn: given, name: `shield ${given.name}`.trim(), parent: currentTask() })
  if (!isThenable<unknown>(given)) throw new TypeError(`shield() takes a function or a promise, got ${show(given)}`)
  return futureOf(given)
}

function reasonOf(future: Future<unknown>): unknown {
  const outcome = outcomeOf(future)
  return outcome.status === 'rejected' ? outcome.reason : undefined
}
