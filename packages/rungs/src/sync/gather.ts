import { CancelledError } from '../core/errors.js'
import { Future, listen, outcomeOf } from '../core/future.js'
import { requireKnown, requireOneOf, requireSignal, show } from '../core/options.js'
import type { Outcome } from '../core/outcome.js'
import { report } from '../core/report.js'
import { cancelGently } from './await-future.js'
import { cancelWith } from './cancel-with.js'
import { noteGatherer } from './circle.js'
import { currentScope, takeCancellation } from './scope.js'
import { futureOf } from './shield.js'
import { cancellationsIn, currentTask, isThenable, startTask, Task } from './task.js'
import { type WaitOptions, WaitQueue } from './wait-queue.js'

/** What becomes of one thing in {@link gather}: what its function returns, or what the promise gives. */
export type Gathered<X> = X extends (...args: never[]) => infer R ? Awaited<R> : Awaited<X>

/** How {@link gather} takes failures. */
export interface GatherOptions<OnError extends 'throw' | 'settle'> extends WaitOptions {
  /** `'throw'`, the default: the first failure cancels the rest and is thrown. `'settle'`: a failure is a result too. */
  readonly onError?: OnError | undefined
}

type Things<T extends readonly unknown[]> = { -readonly [K in keyof T]: Gathered<T[K]> }
type SettledThings<T extends readonly unknown[]> = { -readonly [K in keyof T]: Outcome<Gathered<T[K]>> }

/**
 * Waits for several things at once, and gives their results in the order of the things. Functions are started by this call, as tasks;
 * futures and promises are waited for, and the same one may be there more than once.
 *
 * The first failure cancels the other functions and futures, and is thrown when they have ended (Python's leaves them running); an
 * error that is not the one that is thrown is reported as a warning of the process. Something cancelled counts as failed with {@link CancelledError}.
 * Cancelling the task, or what this gives, cancels them all, also with `onError: 'settle'`.
 * @throws The first failure (as a rejection); {@link CancelledError} if cancelled. {@link TypeError} at once for a wrong argument.
 * @example
 * const [user, posts] = await gather([() => fetchUser(id), () => fetchPosts(id)])
 */
export function gather<T extends readonly unknown[] | []>(things: T, options?: GatherOptions<'throw'>): Task<Things<T>>
export function gather<T extends readonly unknown[] | []>(things: T, options: GatherOptions<'settle'>): Task<SettledThings<T>>
export function gather<X>(things: Iterable<X>, options?: GatherOptions<'throw'>): Task<Gathered<X>[]>
export function gather<X>(things: Iterable<X>, options: GatherOptions<'settle'>): Task<Outcome<Gathered<X>>[]>
export function gather(things: Iterable<unknown>, options: GatherOptions<'throw' | 'settle'> = {}): Task<unknown> {
  // By way of unknown: what JavaScript hands in may be anything.
  const given: unknown = things
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) {
    throw new TypeError(`gather() takes an iterable of functions and promises, such as gather([f, g]); got ${show(given)}`)
  }
  requireKnown('The options of gather()', options, ['onError', 'signal'])
  const { onError = 'throw', signal } = options
  requireOneOf('onError', onError, ['throw', 'settle'])
  if (signal !== undefined) requireSignal('signal', signal)
  const all = [...things]
  for (const thing of all) {
    if (typeof thing !== 'function' && !isThenable(thing)) throw new TypeError(`gather() takes functions and promises, got ${show(thing)}`)
  }
  return startTask({
    name: 'gather',
    parent: currentTask(),
    fn: () => (signal === undefined ? gatherAll(all, onError) : cancelWith(signal, () => gatherAll(all, onError))),
  })
}

async function gatherAll(things: readonly unknown[], onError: 'throw' | 'settle'): Promise<unknown[]> {
  const started = new Map<unknown, Future<unknown>>()
  const futures = things.map((thing) => {
    // A function is called for each place; whatever is waited for is waited for once.
    const future = (typeof thing === 'function' ? undefined : started.get(thing)) ?? start(thing)
    started.set(thing, future)
    return future
  })
  const unique = new Set(futures)
  const scope = currentScope()
  if (scope !== undefined) scope.holds = unique
  const gathering = currentTask()
  for (const future of unique)
    if (gathering !== undefined && future instanceof Task && future.parent !== gathering) noteGatherer(future, gathering)
  const ended = new WaitQueue<void>({
    take: () => undefined,
    describe: () => `gather of ${unique.size}`,
    blockers: () => tasksOf(unique),
    get external() {
      return futures.some((future) => !future.done && !(future instanceof Task))
    },
  })
  let left = unique.size
  let first: { readonly reason: unknown } | undefined
  let cancelled: CancelledError | undefined
  const stop = (error: CancelledError): void => {
    for (const future of unique) if (!future.done) cancelGently(future, error)
  }
  const failed = (reason: unknown, isCancelled: boolean): void => {
    if (first === undefined && cancelled === undefined) {
      first = { reason }
      // Once: those that are ending because of a cancellation have been told.
      stop(new CancelledError('Cancelled because another one failed', { reason }))
    } else if (!isCancelled && reason !== first?.reason) report('RUNGS_TASK', cancelled === undefined ? secondFailure : lateFailure, reason)
  }
  for (const future of unique) {
    listen(future, () => {
      left--
      const outcome = outcomeOf(future)
      if (onError === 'throw' && outcome.status === 'rejected') failed(outcome.reason, future.cancelled)
      if (left === 0) ended.grantAll()
    })
  }
  while (left > 0) {
    try {
      const error = takeCancellation()
      if (error !== undefined) throw error
      await ended.join().promise
    } catch (error) {
      const cancellation = error as CancelledError // Nothing else ends this wait.
      cancelled ??= cancellation
      stop(cancellation)
    }
  }
  const failure = now(first)
  if (cancelled !== undefined) {
    // The group of what has failed may have cancelled us, and throws it.
    if (failure !== undefined && !(failure.reason instanceof CancelledError) && !cancellationsIn(cancelled).has(failure.reason))
      report('RUNGS_TASK', lateFailure, failure.reason)
    throw cancelled
  }
  if (failure !== undefined) throw failure.reason
  return futures.map((future) => {
    const outcome = outcomeOf(future)
    if (onError === 'settle') return outcome
    return outcome.status === 'fulfilled' ? outcome.value : undefined
  })
}

const secondFailure = 'More than one failed in gather(). The first is thrown; this one is not'
const lateFailure = 'One failed in a gather() that was cancelled. The cancellation is thrown; the failure is not'

/** Keeps the compiler from believing that listeners never run. */
function now<F>(value: F | undefined): F | undefined {
  return value
}

function start(thing: unknown): Future<unknown> {
  if (thing instanceof Future) return thing
  if (typeof thing === 'function') return startTask({ fn: () => thing() as unknown, name: thing.name || undefined, parent: currentTask() })
  return futureOf(thing as PromiseLike<unknown>) // Checked by the caller.
}

function* tasksOf(futures: Iterable<Future<unknown>>): Iterable<Task<unknown>> {
  for (const future of futures) if (future instanceof Task) yield future
}
