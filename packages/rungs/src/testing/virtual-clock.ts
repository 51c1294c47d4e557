// Time that moves only when a test says so, or when nothing else can happen. No test sleeps, and a timeout of an hour takes no longer than
// one of a millisecond.
import { type Clock, realClock, type Timer, useClock } from '../core/clock.js'
import { requireDuration, requireKnown } from '../core/options.js'
import { turn, whenIdle } from './when-idle.js'

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

/** How a {@link VirtualClock} begins, and whether it moves by itself. */
export interface VirtualClockOptions {
  /** What {@link VirtualClock.now} gives at first. Default 0. */
  readonly start?: number | undefined
  /**
   * Whether time jumps to the next timer as soon as every task is blocked (see {@link whenIdle}), as in Trio's `MockClock`. A number: only
   * after so many real milliseconds in which nothing happened, for tests that also wait for a disk, a network or a worker. Default `false`.
   */
  readonly autojump?: boolean | number | undefined
}

/**
 * A clock whose time stands still until a test moves it, or until nothing else can happen ({@link VirtualClockOptions.autojump}). Everything in the library that waits for a time (timeouts, deadlines, pauses
 * between attempts, idle workers) asks the clock that is installed when the wait begins; install this one, and no test sleeps.
 *
 * It rules this thread only: what runs on workers keeps the real time, and so does whatever a test calls from Node itself.
 * @example
 * const time = new VirtualClock()
 * using _ = time.install()
 * const late = assert.rejects(future.result({ timeout: 60_000 }), TimeoutError)
 * await time.advance(60_000)
 * await late
 * @example
 * const time = new VirtualClock({ autojump: true })
 * using _ = time.install()
 * await sleep(3_600_000) // returns at once
 * assert.equal(time.now(), 3_600_000)
 */
export class VirtualClock implements Clock {
  #now: number
  #timers = new Set<VirtualTimer>()
  #count = 0
  /** How many timers were set or cleared. */
  #changes = 0
  /** Real milliseconds of quiet before a jump; undefined: it does not jump. */
  readonly #autojump: number | undefined
  #jumping = false

  /**
   * @param options how it begins, and whether it jumps; a number is `start`
   * @throws {RangeError} if `start` is not finite; {@link TypeError} for what is no option.
   */
  constructor(options: VirtualClockOptions | number = {}) {
    const given = typeof options === 'number' ? { start: options } : options
    requireKnown('The options of VirtualClock', given, ['start', 'autojump'])
    const { start = 0, autojump = false } = given
    if (!Number.isFinite(start)) throw new RangeError(`start must be a number of milliseconds, got ${start}`)
    if (typeof autojump !== 'boolean') requireDuration('autojump', autojump)
    this.#now = start
    this.#autojump = autojump === true ? 0 : autojump === false ? undefined : autojump
  }

  /** Milliseconds. Moved on by {@link advance}, {@link runAll}, {@link block} and jumps only. */
  now(): number {
    return this.#now
  }

  /** How many timers have neither fired nor been cleared: 0 at the end of a test that leaves nothing behind. */
  get pending(): number {
    return this.#timers.size
  }

  /** When the next timer is due, on this clock; `undefined` if none ever is. */
  get nextDue(): number | undefined {
    return this.#next(Number.POSITIVE_INFINITY)?.due
  }

  /**
   * As `setTimeout` of Node: `fn` is called once, when {@link advance} reaches the time. One that throws makes that call of `advance` fail.
   */
  setTimeout(fn: () => void, ms: number): Timer {
    const timer = new VirtualTimer(fn, this.#now + Math.max(0, ms || 0), this.#count++)
    this.#timers.add(timer)
    this.#changes++
    if (this.#autojump !== undefined && !this.#jumping) void this.#jump(this.#autojump)
    return timer
  }

  /** As `clearTimeout` of Node: does nothing for a timer that has fired or was cleared. */
  clearTimeout(timer: Timer): void {
    if (this.#timers.delete(timer as VirtualTimer)) this.#changes++
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
    requireFinite(ms)
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

  /**
   * Lets `ms` pass at once, as code that computes for so long: nothing runs meanwhile, and timers that fall due fire later, one after the
   * other, at the time that it is then.
   * @throws {RangeError} if `ms` is negative or not a finite number.
   * @example
   * time.block(200)
   */
  block(ms: number): void {
    requireFinite(ms)
    this.#now += ms
  }

  /** Moves on to the next timer whenever every task is blocked, while there are timers. */
  async #jump(quietMs: number): Promise<void> {
    this.#jumping = true
    try {
      while (this.nextDue !== undefined) {
        await whenIdle()
        if (quietMs > 0) await this.#quiet(quietMs)
        const first = this.#next(Number.POSITIVE_INFINITY)
        if (first === undefined) break
        this.#now = Math.max(this.#now, first.due)
        // All that is due, with no turn in between: the worst that a busy event loop does.
        for (let timer: VirtualTimer | undefined = first; timer !== undefined; timer = this.#next(this.#now)) {
          this.#timers.delete(timer)
          timer.fn()
        }
      }
    } finally {
      this.#jumping = false
    }
  }

  /** Waits for so many real milliseconds in which no timer was set or cleared. */
  async #quiet(ms: number): Promise<void> {
    for (let seen = -1; seen !== this.#changes; ) {
      seen = this.#changes
      await new Promise<void>((resolve) => realClock.setTimeout(resolve, ms))
    }
    await whenIdle()
  }

  async #runUntil(end: number, limit: number): Promise<void> {
    await turns()
    for (let fired = 0; ; fired++) {
      const timer = this.#next(end)
      if (timer === undefined) break
      if (fired === limit)
        throw new Error(`${limit} timers have fired and ${this.#timers.size} are left: one of them keeps setting another`)
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.due)
      timer.fn()
      await turns()
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

function requireFinite(ms: number): void {
  if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`ms must be a number of milliseconds, not negative, got ${ms}`)
}

/** Two, as the first may come before waiting I/O. */
async function turns(): Promise<void> {
  await turn()
  await turn()
}
