// How long the calls of a pool take, and what follows from that: how many of them a worker is given ahead.
import { mostAhead } from './ring/layout.js'
import type { AnyFunction } from './work-item.js'

/** Nanoseconds of work that a worker is given ahead. */
const aheadNs = 1e6
/** Nanoseconds of work for which no other worker is woken: what that takes. */
const wakeNs = 20_000
/** Nanoseconds that a call takes at most which is short. */
const shortNs = 2_000
/** So many calls of one function have to end one after the other until it is known what it takes. */
const enough = 64

export class Pace {
  readonly #steady: boolean
  #last: AnyFunction | undefined
  #count = 0
  /** How many calls more than it has places a worker may have. */
  ahead = 0
  /** How many of them while another worker has a place. */
  aheadOfFree = 0

  /** `steady`: workers are not replaced after a number of calls. */
  constructor(steady: boolean) {
    this.#steady = steady
  }

  /** A call of this function has ended. */
  ended(fn: AnyFunction): void {
    if (fn === this.#last) this.#count++
    else {
      this.#last = fn
      this.#count = 0
    }
  }

  /** Whether it is this function that was measured. */
  knows(fn: AnyFunction): boolean {
    return fn === this.#last && this.#count >= enough
  }

  /** Nanoseconds of a call at the slowest worker; 0 when nothing is known. */
  measured(slowest: number): void {
    this.ahead = slowest === 0 || !this.#steady ? 0 : Math.min(mostAhead, Math.floor(aheadNs / slowest))
    this.aheadOfFree = this.ahead === 0 || slowest > shortNs ? 0 : Math.min(this.ahead, Math.floor(wakeNs / slowest))
  }
}
