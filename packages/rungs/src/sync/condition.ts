import { inspect } from 'node:util'
import { type CancelledError, InvalidStateError } from '../core/errors.js'
import { requireFunction, requireInteger, show } from '../core/options.js'
import { Lock, resumeHold, standInLine, suspendHold } from './lock.js'
import type { Permit } from './permit.js'
import { currentScope } from './scope.js'
import { isThenable } from './task.js'
import { type Place, refusal, signalOf, Waiter, type WaitOptions, WaitQueue } from './wait-queue.js'

/** What is known of a {@link Condition}. */
export interface ConditionStats {
  /** Whether somebody holds its lock. */
  readonly locked: boolean
  /** How many wait to be notified. */
  readonly waiting: number
}

/**
 * Waiting for a state that others change, under a lock: hold the lock, `wait` until notified, look again.
 *
 * `wait` gives up the lock while it waits and holds it again when it returns, also when it throws: after a cancellation too it first stands in
 * line for the lock. Those who wait are notified in the order in which they came; one who is notified and cancelled before it goes on passes
 * the notification on.
 * @throws {TypeError} if `lock` is no {@link Lock}.
 * @example
 * const changed = new Condition()
 * {
 *   using permit = await changed.acquire()
 *   await changed.waitFor(() => stock > 0)
 *   stock--
 * }
 */
export class Condition {
  readonly #lock: Lock
  readonly #waiting: WaitQueue<true>

  constructor(lock: Lock = new Lock()) {
    // By way of unknown: what JavaScript hands in may be anything.
    if (!((lock as unknown) instanceof Lock)) throw new TypeError(`A Condition is made of a Lock, got ${show(lock)}`)
    this.#lock = lock
    this.#waiting = new WaitQueue<true>({ take: () => true, describe: () => 'Condition.wait()' })
  }

  /** Whether somebody holds the lock. */
  get locked(): boolean {
    return this.#lock.locked
  }

  /** Whether somebody holds the lock, and how many wait to be notified. */
  get stats(): ConditionStats {
    return { locked: this.locked, waiting: this.#waiting.size }
  }

  /**
   * Takes the lock, as {@link Lock.acquire}.
   * @throws {CancelledError} (as a rejection) if cancelled first; {@link TypeError} for a wrong option.
   * @example
   * using permit = await condition.acquire()
   */
  acquire(options?: WaitOptions): Promise<Permit> {
    return this.#lock.acquire(options)
  }

  /**
   * Takes the lock if it is free, as {@link Lock.tryAcquire}.
   * @example
   * using permit = condition.tryAcquire()
   */
  tryAcquire(): Permit | undefined {
    return this.#lock.tryAcquire()
  }

  /**
   * Gives back the lock, as {@link Lock.release}.
   * @throws {InvalidStateError} if nobody holds it.
   * @example
   * condition.release()
   */
  release(): void {
    this.#lock.release()
  }

  /**
   * Gives up the lock, waits to be notified, and takes the lock again. Cancelling the task or aborting `signal` ends the wait, with the lock
   * held. Look at the state again afterwards, or use `waitFor`.
   * @returns `true`.
   * @throws {InvalidStateError} (as a rejection) if the lock is not held; {@link CancelledError} if cancelled.
   * @example
   * while (stock === 0) await condition.wait()
   */
  wait(options?: WaitOptions): Promise<true> {
    const signal = signalOf('wait()', options)
    if (!this.#lock.locked) return Promise.reject(new InvalidStateError('Hold the lock of a Condition to wait for it'))
    const error = refusal(signal)
    if (error !== undefined) return Promise.reject(error)
    const permit = suspendHold(this.#lock)
    if (permit === undefined) return Promise.reject(new InvalidStateError('Hold the lock of a Condition to wait for it'))
    const waiter = new Waiter(this.#placeFor(permit), currentScope(), signal)
    this.#waiting.add(waiter)
    return waiter.promise
  }

  /**
   * Waits until `predicate` gives something true; it is called with the lock held, at once and after each notification.
   * @returns What the predicate gave.
   * @throws {InvalidStateError} (as a rejection) if the lock is not held; {@link CancelledError} if cancelled; {@link TypeError} if
   *   the predicate gives a promise; and what the predicate throws.
   * @example
   * await condition.waitFor(() => stock > 0)
   */
  async waitFor<R>(predicate: () => R, options?: WaitOptions): Promise<R> {
    requireFunction('The predicate', predicate)
    signalOf('waitFor()', options)
    if (!this.#lock.locked) throw new InvalidStateError('Hold the lock of a Condition to wait for it')
    for (;;) {
      const result = predicate()
      // An async predicate would be true at once.
      if (isThenable<unknown>(result)) {
        throw new TypeError(`The predicate must not give a promise, got ${show(result)}: it looks at a state that is there, under the lock`)
      }
      if (result) return result
      await this.wait(options)
    }
  }

  /**
   * Wakes the `n` who have waited longest, or as many as there are. They go on one after the other, once the lock is free.
   * @throws {InvalidStateError} if the lock is not held; {@link RangeError} if `n` is no integer of at least 0.
   * @example
   * condition.notify()
   */
  notify(n = 1): void {
    requireInteger('n', n, 0)
    if (!this.#lock.locked) throw new InvalidStateError('Hold the lock of a Condition to notify others')
    this.#notify(n)
  }

  /**
   * Wakes all who wait now. They go on one after the other, once the lock is free.
   * @throws {InvalidStateError} if the lock is not held.
   * @example
   * condition.notifyAll()
   */
  notifyAll(): void {
    this.notify(this.#waiting.size)
  }

  /** Whether the lock is held, and how many wait: what `console.log` shows. */
  [inspect.custom](): string {
    return `Condition { ${this.locked ? 'locked' : 'unlocked'}, waiting: ${this.#waiting.size} }`
  }

  #notify(n: number): void {
    for (let left = Math.min(n, this.#waiting.size); left > 0; left--) {
      const waiter = this.#waiting.shift()
      if (waiter !== undefined) standInLine(this.#lock, waiter)
    }
  }

  /**
   * A waiter stands in the queue of the condition first and then in that of the lock: notified, or with the error that it will throw once it
   * holds the lock.
   */
  #placeFor(permit: Permit): Place<true> {
    let error: CancelledError | undefined
    return {
      take: () => {
        resumeHold(this.#lock, permit)
        if (error !== undefined) throw error
        return true
      },
      keeps: (waiter, cancellation) => {
        const isFirst = error === undefined
        // The last one is thrown, as in Python.
        error = cancellation
        if (!isFirst) return true
        if (waiter.queue === this.#waiting) {
          this.#waiting.remove(waiter)
          standInLine(this.#lock, waiter)
        } else this.#notify(1)
        return true
      },
      describe: () => 'Condition.wait()',
    }
  }
}
