import { inspect } from 'node:util'
import { clock } from '../core/clock.js'
import { requireDuration, requireInteger, requireKnown } from '../core/options.js'
import { after } from './after.js'
import { Deque } from './deque.js'
import { refusal, signalOf, type WaitOptions, WaitQueue } from './wait-queue.js'

/** How often a {@link RateLimit} lets through. */
export interface RateLimitOptions {
  /** How many at most in any stretch of `per` milliseconds. */
  readonly limit: number
  /** The length of that stretch, in milliseconds. */
  readonly per: number
}

/** What {@link rateLimit} gives. */
export interface RateLimit {
  /**
   * Waits for its turn, in arrival order. Cancelling the task or aborting `signal` leaves the queue without using up the turn.
   * @throws {CancelledError} (as a rejection) if cancelled first.
   */
  acquire(options?: WaitOptions): Promise<void>
  /** Takes a turn if there is one; never waits. @returns Whether there was. */
  tryAcquire(): boolean
  /** How many wait for their turn. */
  readonly waiting: number
}

class SlidingWindow implements RateLimit {
  readonly #limit: number
  readonly #per: number
  /** When the turns of the last `per` milliseconds were taken, at most `limit`, the oldest first. */
  readonly #taken = new Deque<number>()
  /** Turns of those who have been woken and have not gone on. */
  #promised = 0
  #stopTimer: (() => void) | undefined
  readonly #waiting: WaitQueue<void>

  constructor(limit: number, per: number) {
    this.#limit = limit
    this.#per = per
    this.#waiting = new WaitQueue<void>({
      take: () => {
        this.#promised--
        this.#take()
      },
      passOn: () => {
        this.#promised--
        this.#wake()
      },
      left: () => {
        if (this.#waiting.size === 0) this.#stop()
      },
      describe: () => 'RateLimit.acquire()',
    })
  }

  get waiting(): number {
    return this.#waiting.size
  }

  acquire(options?: WaitOptions): Promise<void> {
    const signal = signalOf('acquire()', options)
    const error = refusal(signal)
    if (error !== undefined) return Promise.reject(error)
    // Those who have been woken go first.
    if (this.#promised === 0 && this.tryAcquire()) return Promise.resolve()
    const { promise } = this.#waiting.join(signal)
    this.#wake()
    return promise
  }

  tryAcquire(): boolean {
    if (this.#waiting.size > 0 || this.#delay() > 0) return false
    this.#take()
    return true
  }

  [inspect.custom](): string {
    return `RateLimit { ${this.#limit} per ${this.#per} ms, waiting: ${this.waiting} }`
  }

  /** Milliseconds until there is a turn that is promised to nobody; only looked at before one is given. */
  #delay(): number {
    if (this.#promised >= this.#limit) return this.#per
    const now = clock().now()
    this.#forget(now)
    // So many of those taken have to be over first.
    const over = this.#taken.size + this.#promised + 1 - this.#limit
    return over <= 0 ? 0 : this.#taken.at(over - 1) + this.#per - now
  }

  #take(): void {
    const now = clock().now()
    this.#forget(now)
    this.#taken.push(now)
  }

  /** Only the turns that still count are kept. */
  #forget(now: number): void {
    while (this.#taken.size > 0 && this.#taken.at(0) + this.#per - now <= 0) this.#taken.shift()
  }

  /** Wakes those whose turn it is, and comes back when it is the next one's. */
  #wake(): void {
    this.#stop()
    while (this.#waiting.size > 0) {
      const delay = this.#delay()
      if (delay > 0) {
        this.#stopTimer = after(delay, () => this.#wake())
        return
      }
      this.#promised++
      this.#waiting.grantNext()
    }
  }

  #stop(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
  }
}

/**
 * Lets through at most `limit` in any stretch of `per` milliseconds, in the order in which they asked.
 * @throws {RangeError} if `limit` is no integer of at least 1, or `per` is negative; {@link TypeError} for a wrong option.
 * @example
 * const polite = rateLimit({ limit: 10, per: 1_000 })
 * for (const url of urls) {
 *   await polite.acquire()
 *   group.spawn(visit, url)
 * }
 */
export function rateLimit(options: RateLimitOptions): RateLimit {
  requireKnown('The options of rateLimit()', options, ['limit', 'per'])
  requireInteger('limit', options.limit, 1)
  requireDuration('per', options.per)
  return new SlidingWindow(options.limit, options.per)
}
