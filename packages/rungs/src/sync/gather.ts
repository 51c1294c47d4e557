import { CancelledError } from '../core/errors.js'
import { isInstance } from '../core/foreign.js'
import { Future, listen, outcomeOf } from '../core/future.js'
import { requireKnown, requireOneOf, requireSignal, show } from '../core/options.js'
import type { Outcome } from '../core/outcome.js'
import { report } from '../core/report.js'
import { cancelGently } from './await-future.js'
import { cancelWith } from './cancel-with.js'
import { noteGatherer } from './circle.js'
import { currentScope, takeCancellation } from './scope.js'
import { abandon, futureOf } from './shield.js'
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
  const all: unknown[] = []
  try {
    for (const thing of given as Iterable<unknown>) all.push(thing)
    requireKnown('The options of gather()', options, ['onError', 'signal'])
    const { onError = 'throw', signal } = options
    requireOneOf('onError', onError, ['throw', 'settle'])
    if (signal !== undefined) requireSignal('signal', signal)
    for (const thing of all) {
      if (typeof thing !== 'function' && !isThenable(thing))
        throw new TypeError(`gather() takes functions and promises, got ${show(thing)}`)
    }
    const gathering = new Gathering(all, onError)
    return startTask({
      name: 'gather',
      parent: currentTask(),
      fn: () => (signal === undefined ? gathering.run() : cancelWith(signal, () => gathering.run())),
      beginsCancelled: true,
      isOver: () => gathering.isOver,
    })
  } catch (error) {
    for (const thing of all) abandon(thing)
    throw error
  }
}

class Gathering {
  /** Of each place: its function, or the future of what was given. */
  readonly #given: readonly ((() => unknown) | Future<unknown>)[]
  readonly #settles: boolean
  #started = false
  #left = 0
  #cancelled: CancelledError | undefined
  #first: { readonly reason: unknown } | undefined
  readonly #unique = new Set<Future<unknown>>()

  /** In the call itself, so that a promise that fails before the task has begun, or when it never does, has somebody who waits for it. */
  constructor(things: readonly unknown[], onError: 'throw' | 'settle') {
    this.#settles = onError === 'settle'
    const futures = new Map<unknown, Future<unknown>>()
    this.#given = things.map((thing) => {
      if (typeof thing === 'function') return thing as () => unknown // A function is called for each place.
      // Whatever is waited for is waited for once. What is no future is a promise, as the caller has checked.
      const future = futures.get(thing) ?? (thing instanceof Future ? thing : futureOf(thing as PromiseLike<unknown>))
      futures.set(thing, future)
      return future
    })
  }

  /** Whether all have ended, by themselves: only the result is to be given. */
  get isOver(): boolean {
    if (this.#cancelled !== undefined) return false
    return this.#started ? this.#left === 0 : this.#given.every((one) => one instanceof Future && one.done)
  }

  async run(): Promise<unknown[]> {
    const cancelledBefore = takeCancellation()
    // Cancelled before it has begun: no function begins, and what was given is cancelled and waited for.
    const begun = cancelledBefore === undefined ? this.#given : this.#given.filter((one) => one instanceof Future)
    const futures = begun.map((one) =>
      one instanceof Future ? one : startTask({ fn: one, name: one.name || undefined, parent: currentTask() }),
    )
    const unique = this.#unique
    for (const future of futures) unique.add(future)
    this.#hold()
    const ended = new WaitQueue<void>({
      take: () => undefined,
      describe: () => `gather of ${unique.size}`,
      blockers: () => tasksOf(unique),
      get external() {
        return futures.some((future) => !future.done && !(future instanceof Task))
      },
    })
    this.#left = unique.size
    this.#started = true
    if (cancelledBefore !== undefined) this.#cancel(cancelledBefore)
    for (const future of unique) {
      listen(future, () => {
        this.#left--
        const outcome = outcomeOf(future)
        if (!this.#settles && outcome.status === 'rejected') this.#failed(outcome.reason, future.cancelled)
        if (this.#left === 0) ended.grantAll()
      })
    }
    while (this.#left > 0) {
      try {
        const error = takeCancellation()
        if (error !== undefined) throw error
        await ended.join().promise
      } catch (error) {
        this.#cancel(error as CancelledError) // Nothing else ends this wait.
      }
    }
    return this.#result(futures)
  }

  /** What is gathered ends before the task does. */
  #hold(): void {
    const scope = currentScope()
    const gathering = scope?.task
    if (scope === undefined || gathering === undefined) return
    scope.holds = this.#unique
    for (const future of this.#unique) if (future instanceof Task && future.parent !== gathering) noteGatherer(future, gathering)
  }

  #stop(error: CancelledError): void {
    for (const future of this.#unique) if (!future.done) cancelGently(future, error)
  }

  #cancel(error: CancelledError): void {
    this.#cancelled ??= error
    this.#stop(error)
  }

  #failed(reason: unknown, isCancelled: boolean): void {
    if (this.#first === undefined && this.#cancelled === undefined) {
      this.#first = { reason }
      // Once: those that are ending because of a cancellation have been told.
      this.#stop(new CancelledError('Cancelled because another one failed', { reason }))
    } else if (!isCancelled && reason !== this.#first?.reason)
      report('RUNGS_TASK', this.#cancelled === undefined ? secondFailure : lateFailure, reason)
  }

  #result(futures: readonly Future<unknown>[]): unknown[] {
    const failure = this.#first
    const cancelled = this.#cancelled
    if (cancelled !== undefined) {
      // The group of what has failed may have cancelled us, and throws it.
      if (failure !== undefined && !isInstance(failure.reason, CancelledError) && !cancellationsIn(cancelled).has(failure.reason))
        report('RUNGS_TASK', lateFailure, failure.reason)
      throw cancelled
    }
    if (failure !== undefined) throw failure.reason
    return futures.map((future) => {
      const outcome = outcomeOf(future)
      if (this.#settles) return outcome
      return outcome.status === 'fulfilled' ? outcome.value : undefined
    })
  }
}

const secondFailure = 'More than one failed in gather(). The first is thrown; this one is not'
const lateFailure = 'One failed in a gather() that was cancelled. The cancellation is thrown; the failure is not'

function* tasksOf(futures: Iterable<Future<unknown>>): Iterable<Task<unknown>> {
  for (const future of futures) if (future instanceof Task) yield future
}
