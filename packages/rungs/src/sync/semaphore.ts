import { inspect } from 'node:util'
import { InvalidStateError } from '../core/errors.js'
import { requireInteger } from '../core/options.js'
import { isNoPromise, type Permit } from './permit.js'
import { someAreReady } from './ready.js'
import { undelivered } from './scope.js'
import { refusal, signalOf, type WaitOptions, WaitQueue } from './wait-queue.js'

/** What is known of a {@link Semaphore}. */
export interface SemaphoreStats {
  /** How many permits are free. */
  readonly value: number
  /** How many wait for one. */
  readonly waiting: number
}

class SemaphorePermit implements Permit {
  #semaphore: Semaphore | undefined

  constructor(semaphore: Semaphore) {
    this.#semaphore = semaphore
  }

  release(): void {
    const semaphore = this.#semaphore
    this.#semaphore = undefined
    semaphore?.release()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

isNoPromise(SemaphorePermit)

/**
 * Lets a number of them through at once, in the order in which they asked.
 *
 * `acquire` waits while no permit is free; cancelling the task or aborting `signal` leaves the queue. Nobody who comes later overtakes; one
 * who is woken and cancelled in the same turn passes the permit on.
 * @throws {RangeError} if `value` is no integer of at least 0; {@link TypeError} if it is no number.
 * @example
 * const connections = new Semaphore(10)
 * {
 *   using permit = await connections.acquire()
 *   await fetchPage(url)
 * }
 */
export class Semaphore {
  #value: number
  readonly #waiting: WaitQueue<Permit>

  constructor(value = 1) {
    requireInteger('The value of a semaphore', value, 0)
    this.#value = value
    this.#waiting = new WaitQueue<Permit>({
      take: () => new SemaphorePermit(this),
      passOn: () => this.#giveBack(1),
      describe: () => `${this.constructor.name}.acquire()`,
    })
  }

  /** How many permits are free. */
  get value(): number {
    return this.#value
  }

  /** Whether `acquire` would have to wait. */
  get locked(): boolean {
    return this.#value === 0
  }

  /** How many permits are free, and how many wait for one. */
  get stats(): SemaphoreStats {
    return { value: this.#value, waiting: this.#waiting.size }
  }

  /**
   * Takes a permit, waiting in arrival order until one is free. Cancelling the task or aborting `signal` leaves the queue without one.
   * @throws {CancelledError} (as a rejection) if cancelled first; {@link TypeError} for a wrong option.
   * @example
   * using permit = await semaphore.acquire()
   */
  acquire(options?: WaitOptions): Promise<Permit> {
    if (undelivered === 0 && options === undefined && !someAreReady) {
      if (this.#value === 0) return this.#waiting.join().promise
      this.#value--
      return Promise.resolve(new SemaphorePermit(this))
    }
    const signal = signalOf('acquire()', options)
    const error = refusal(signal)
    if (error !== undefined) return Promise.reject(error)
    if (this.#value > 0 && !someAreReady) return Promise.resolve(this.tryAcquire() as Permit) // There is one.
    const { promise } = this.#waiting.join(signal)
    if (this.#value > 0) {
      // Free, but those who have been woken go on first.
      this.#value--
      this.#waiting.grantNext()
    }
    return promise
  }

  /**
   * Takes a permit if one is free; never waits.
   * @returns The permit, or `undefined` if none is free.
   * @example
   * using permit = semaphore.tryAcquire()
   */
  tryAcquire(): Permit | undefined {
    if (this.#value === 0) return undefined
    this.#value--
    return new SemaphorePermit(this)
  }

  /**
   * Gives back `n` permits, or adds that many: to those who have waited longest, in their order. For those who do not keep the permit.
   * @throws {RangeError} if `n` is no integer of at least 1.
   * @example
   * semaphore.release()
   */
  release(n = 1): void {
    if (n !== 1) requireInteger('n', n, 1)
    this.#giveBack(n)
  }

  /** How many permits are free, and how many wait: what `console.log` shows. */
  [inspect.custom](): string {
    return `${this.constructor.name} { ${this.locked ? 'locked' : 'unlocked'}, value: ${this.#value}, waiting: ${this.#waiting.size} }`
  }

  #giveBack(n: number): void {
    // A permit that somebody waits for is never free in between, so that nobody overtakes.
    for (let left = n; left > 0; left--) if (!this.#waiting.grantNext()) this.#value++
  }
}

/**
 * A {@link Semaphore} that refuses to be released more often than it was acquired.
 * @throws {RangeError} if `value` is no integer of at least 0; {@link TypeError} if it is no number.
 * @example
 * const places = new BoundedSemaphore(3)
 * places.release() // throws InvalidStateError
 */
export class BoundedSemaphore extends Semaphore {
  readonly #bound: number

  constructor(value = 1) {
    super(value)
    this.#bound = value
  }

  /**
   * As {@link Semaphore.release}.
   * @throws {InvalidStateError} if there would be more permits than at first; none is given back then.
   * @example
   * places.release()
   */
  override release(n = 1): void {
    requireInteger('n', n, 1)
    if (this.value + n > this.#bound) {
      throw new InvalidStateError(`The semaphore has ${this.#bound} permits, and ${this.value} are free: ${n} cannot be given back`)
    }
    super.release(n)
  }
}
