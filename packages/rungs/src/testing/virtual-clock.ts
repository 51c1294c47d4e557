// Time that moves only when a test says so. No test sleeps, and a timeout of an hour takes no longer than one of a millisecond.
import { setImmediate } from 'node:timers'
import { type Clock, type Timer, useClock } from '../core/clock.js'

/** A timer that has not fired. Also what the clock hands out, so that `ref` and `unref` can be called on it as on Node's. */
class VirtualTimer {
  constructor(
    readonly fn: () => void,
    readonly due: number,
    /** The order among timers that are due at the same time. */
    readonly number: number,
  ) {}

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

/** How many timers {@link VirtualClock.runAll} fires before it takes them for endless. */
const many = 100_000

/**
 * A clock whose time stands still until a test moves it. Everything in the library that waits for a time (timeouts, deadlines, pauses
 * between attempts, idle workers) asks the clock that is installed when the wait begins; install this one, and no test sleeps.
 *
 * It rules this thread only: what runs on workers keeps the real time, and so does whatever a test calls from Node itself.
 * @example
 * const time = new VirtualClock()
 * using _ = time.install()
 * const late = assert.rejects(future.result({ timeout: 60_000 }), TimeoutError)
 * await time.advance(60_000)
 * await late
 */
export class VirtualClock implements Clock {
  #now: number
  #timers = new Set<VirtualTimer>()
  #count = 0

  /**
   * @param start what {@link now} gives at first
   */
  constructor(start = 0) {
    if (!Number.isFinite(start)) throw new RangeError(`start must be a number of milliseconds, got ${start}`)
    this.#now = start
  }

  /** Milliseconds, moved on by {@link advance} and {@link runAll} only. */
  now(): number {
    return this.#now
  }

  /** How many timers have neither fired nor been cleared: 0 at the end of a test that leaves nothing behind. */
  get pending(): number {
    return this.#timers.size
  }

  /**
   * As `setTimeout` of Node: `fn` is called once, when {@link advance} reaches the time. One that throws makes that call of `advance` fail.
   */
  setTimeout(fn: () => void, ms: number): Timer {
    const timer = new VirtualTimer(fn, this.#now + Math.max(0, ms || 0), this.#count++)
    this.#timers.add(timer)
    return timer
  }

  /** As `clearTimeout` of Node: does nothing for a timer that has fired or was cleared. */
  clearTimeout(timer: Timer): void {
    this.#timers.delete(timer as VirtualTimer)
  }

  /**
   * Puts this clock in the place of the one that the library uses, until the returned object is disposed; waits that have begun keep the
   * clock with which they began.
   * @example
   * using _ = new VirtualClock().install()
   */
  install(): Disposable {
    return useClock(this)
  }

  /**
   * Moves time on by `ms` and fires what falls due: in the order of time, those due at the same time in the order in which they were set.
   * Between two timers, before the first and after the last, promises and the event loop get their turns, so that timers set meanwhile count
   * too. Time stands at each timer's own moment while it fires.
   * @throws {RangeError} (as a rejection) if `ms` is negative or not a finite number.
   * @example
   * await time.advance(1_000)
   */
  async advance(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`ms must be a number of milliseconds, not negative, got ${ms}`)
    await this.#runUntil(this.#now + ms, Number.POSITIVE_INFINITY)
  }

  /**
   * Fires all timers there are, also those that they set, and moves time on to the last of them.
   * @throws {Error} (as a rejection) after 100,000 timers: one of them keeps setting another.
   * @example
   * await time.runAll()
   */
  async runAll(): Promise<void> {
    await this.#runUntil(Number.POSITIVE_INFINITY, many)
  }

  async #runUntil(end: number, limit: number): Promise<void> {
    await turn()
    for (let fired = 0; ; fired++) {
      const timer = this.#next(end)
      if (timer === undefined) break
      if (fired === limit)
        throw new Error(`${limit} timers have fired and ${this.#timers.size} are left: one of them keeps setting another`)
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.due)
      timer.fn()
      await turn()
    }
    if (end !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, end)
  }

  #next(end: number): VirtualTimer | undefined {
    let next: VirtualTimer | undefined
    for (const timer of this.#timers) {
      if (timer.due > end || timer.due === Number.POSITIVE_INFINITY) continue
      if (next === undefined || timer.due < next.due || (timer.due === next.due && timer.number < next.number)) next = timer
    }
    return next
  }
}

/** A turn of the event loop: what was ready has run after it, microtasks included. Two, as the first may come before waiting I/O. */
async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve))
}
