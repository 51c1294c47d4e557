import { InvalidStateError } from '../core/errors.js'
import type { Future } from '../core/future.js'
import { requireFunction } from '../core/options.js'

/** Runs a call on a worker thread. */
export type ThreadRunner = <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => Future<Awaited<R>>

let runner: ThreadRunner | undefined

/** Hands in what runs the calls of {@link toThread}: the executors do so when they are loaded, as they stand above this. */
export function provideThreads(run: ThreadRunner | undefined): void {
  runner = run
}

/**
 * Runs a function that blocks or computes on a worker thread, and leaves this event loop free meanwhile.
 *
 * Cancelling the task that awaits it cancels the call, also when it is running. The calls are run by a pool of the process, in the order in
 * which they were made; see `ThreadPoolExecutor` for which functions can cross.
 * @throws {InvalidStateError} if the package `rungs` has not been imported, which has the threads; {@link TypeError} if `fn` is no function.
 * @example
 * const digest = await toThread(hashFile, path)
 */
export function toThread<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
  requireFunction('What is run on a thread', fn)
  if (runner === undefined) throw new InvalidStateError("toThread() needs the thread pool: import 'rungs' once in the program")
  return runner(fn, ...args)
}
