import { inspect } from 'node:util'
import { requireInteger } from '../core/options.js'
import { BrokenBarrierError } from './errors.js'
import { currentScope } from './scope.js'
import { type Place, refusal, signalOf, Waiter, type WaitOptions, WaitQueue } from './wait-queue.js'

/** What is known of a {@link Barrier}. */
export interface BarrierStats {
  /** How many have to come. */
  readonly parties: number
  /** How many are there. */
  readonly waiting: number
  /** Whether it was aborted. */
  readonly broken: boolean
}

/** The place of one who has come. */
class Arrival implements Place<number> {
  index = 0

  take(): number {
    return this.index
  }

  describe(): string {
    return 'Barrier.wait()'
  }
}

/**
 * Lets a number of them go on together: `wait` waits until that many have come. Then it is closed again for the next round; who comes while
 * the others are going on already belongs to that.
 *
 * Cancelling the task or aborting `signal` leaves the barrier; the others go on waiting for one more.
 * @throws {RangeError} if `parties` is no integer of at least 1; {@link TypeError} if it is no number.
 * @example
 * const barrier = new Barrier(3)
 * if ((await barrier.wait()) === 0) console.log('all three are here')
 */
export class Barrier {
  readonly #parties: number
  readonly #arrived: WaitQueue<number>
  #broken = false

  constructor(parties: number) {
    requireInteger('parties', parties, 1)
    this.#parties = parties
    this.#arrived = new WaitQueue<number>(new Arrival())
  }

  /** How many have to come. */
  get parties(): number {
    return this.#parties
  }

  /** How many have come and wait. */
  get waiting(): number {
    return this.#arrived.size
  }

  /** Whether it was aborted, and not reset since. */
  get broken(): boolean {
    return this.#broken
  }

  /** How many have come, of how many. */
  get stats(): BarrierStats {
    return { parties: this.#parties, waiting: this.waiting, broken: this.#broken }
  }

  /**
   * Waits until all have come.
   * @returns From 0 to `parties - 1`, another for each, in the order in which they came.
   * @throws {BrokenBarrierError} (as a rejection) if it is or becomes broken, or is reset meanwhile; {@link CancelledError} if cancelled.
   * @example
   * await barrier.wait()
   */
  wait(options?: WaitOptions): Promise<number> {
    const signal = signalOf('wait()', options)
    const error = refusal(signal) ?? (this.#broken ? new BrokenBarrierError('The barrier is broken') : undefined)
    if (error !== undefined) return Promise.reject(error)
    if (this.#arrived.size === this.#parties - 1) {
      this.#open()
      return Promise.resolve(this.#parties - 1)
    }
    const waiter = new Waiter(new Arrival(), currentScope(), signal)
    this.#arrived.add(waiter)
    return waiter.promise
  }

  /**
   * Sends away all who wait, with an error, and begins anew.
   * @example
   * barrier.reset()
   */
  reset(): void {
    this.#broken = false
    this.#arrived.failAll(() => new BrokenBarrierError('The barrier was reset'))
  }

  /**
   * Breaks it: all who wait, and all who come until it is reset, get an error.
   * @example
   * barrier.abort()
   */
  abort(): void {
    this.#broken = true
    this.#arrived.failAll(() => new BrokenBarrierError('The barrier was aborted'))
  }

  /** How many have come, of how many: what `console.log` shows. */
  [inspect.custom](): string {
    return `Barrier { ${this.#broken ? 'broken' : 'filling'}, waiting: ${this.waiting} of ${this.#parties} }`
  }

  #open(): void {
    for (let index = 0; index < this.#parties - 1; index++) {
      const waiter = this.#arrived.shift()
      if (waiter === undefined) continue
      if (waiter.place instanceof Arrival) waiter.place.index = index
      waiter.grant()
    }
  }
}
