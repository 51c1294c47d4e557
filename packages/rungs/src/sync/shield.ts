import { types } from 'node:util'
import { CancelledError } from '../core/errors.js'
import { isInstance } from '../core/foreign.js'
import {
  cancelFuture,
  createFuture,
  Future,
  failFuture,
  fulfilFuture,
  hasFailed,
  listen,
  onDone,
  outcomeOf,
  unlisten,
} from '../core/future.js'
import { show } from '../core/options.js'
import { report } from '../core/report.js'
import { currentTask, isThenable, startTask, Task } from './task.js'

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

/** What was given to a call that has thrown: nobody waits for it, if it is a promise. A future tells by itself that it failed. */
export function abandon(given: unknown): void {
  if (!types.isPromise(given)) return
  given.then(undefined, (reason) => report('RUNGS_UNOBSERVED', 'A promise that nobody waited for any more failed', reason))
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
  // Its name is for people: for who prints the tasks.
  const outer = createFuture<T>({ key: nameOf(fnOrPromise, inner) })
  const ended = (): void => {
    const outcome = outcomeOf(inner)
    if (outcome.status === 'fulfilled')
      fulfilFuture(outer, outcome.value as T) // What the inner one gives.
    else if (inner.cancelled && isInstance(outcome.reason, CancelledError)) cancelFuture(outer, outcome.reason)
    else failFuture(outer, outcome.reason)
  }
  listen(inner, ended)
  onDone(outer, () => {
    if (inner.done) return
    // What goes on for long may be waited for many times: it keeps none of those that were given up.
    unlisten(inner, ended)
    leaveAlone(inner)
  })
  return outer
}

function nameOf(given: unknown, inner: Future<unknown>): string {
  const name = inner instanceof Task ? inner.name : (inner.key ?? `call ${inner.id}`)
  if (typeof given === 'function') return name
  return `shield of ${given === inner ? name : 'a promise'}`
}

const alone = new WeakSet<Future<unknown>>()

/** Somebody who waited for it does so no more. */
function leaveAlone(inner: Future<unknown>): void {
  if (alone.has(inner)) return
  alone.add(inner)
  onDone(inner, () => {
    if (hasFailed(inner)) report('RUNGS_UNOBSERVED', 'Something shielded failed, and nobody waited for it any more', reasonOf(inner))
  })
}

/** The futures of promises that have been shielded: a promise forgets nobody who waits for it, so it is waited for once. */
const futures = new WeakMap<object, Future<unknown>>()

function innerOf<T>(given: (() => T | PromiseLike<T>) | PromiseLike<T>): Future<T> {
  if (given instanceof Future) return given as Future<T> // By its declared type.
  if (typeof given === 'function') return startTask<T>({ fn: given, name: `shield ${given.name}`.trim(), parent: currentTask() })
  if (!isThenable<unknown>(given)) throw new TypeError(`shield() takes a function or a promise, got ${show(given)}`)
  const known = futures.get(given)
  if (known !== undefined) return known as Future<T> // By the declared type of the promise.
  const future = futureOf(given)
  if (given instanceof Promise) futures.set(given, future)
  return future
}

function reasonOf(future: Future<unknown>): unknown {
  const outcome = outcomeOf(future)
  return outcome.status === 'rejected' ? outcome.reason : undefined
}
