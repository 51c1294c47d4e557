// The pool's side of the calls that stand in line at a worker process: which numbers they have, which of them may have begun.
import { isAfter, noNumber, numberAfter } from './line-words.js'
import type { Attempt } from './work-item.js'

export class PoolLine {
  /** How long a call takes there, in nanoseconds; 0 when that is not known. */
  callNs = 0
  readonly #callsPerWorker: number
  readonly #ask: (last: number) => void
  #last = noNumber
  /** The worker tells it before it begins the first of a lot. */
  #announced = noNumber
  /** Up to where calls are being taken back. */
  #asked: number | undefined

  /** `ask` sends an order to take back what has not begun. */
  constructor(callsPerWorker: number, ask: (last: number) => void) {
    this.#callsPerWorker = callsPerWorker
    this.#ask = ask
  }

  /** The number for a call that is sent now. Only what can be taken back has one. */
  next({ early, goesAhead }: Attempt): number {
    // The worker begins what it has the only place for at once, and the pool takes that for true without being told. With several places it may be
    // blocked by another call.
    if (!goesAhead || (!early && this.#callsPerWorker === 1)) return noNumber
    this.#last = numberAfter(this.#last)
    return this.#last
  }

  /** The worker has said that those up to this number may begin now; at its end, that no others have. */
  told(announced: number, callNs: number): void {
    this.#announced = announced
    this.callNs = callNs
  }

  ended(announced: number): void {
    this.#announced = announced
  }

  mayHaveBegun({ line }: Attempt): boolean {
    return !isAfter(line, this.#announced)
  }

  /** Of a worker that is alive: of those that may have begun, the first that have not ended have, and the others wait for their places. */
  hasBegun(attempt: Attempt): boolean {
    const { worker } = attempt
    if (worker === undefined || !this.mayHaveBegun(attempt)) return false
    let places = this.#callsPerWorker + worker.extra
    for (const ticket of worker.calls) {
      if (ticket === attempt) return true
      if (--places <= 0) return false
    }
    return false
  }

  /** Asks for what has not begun, unless the answer to that is on its way. */
  recall(): void {
    if (this.#asked === this.#last || this.#last === noNumber) return
    this.#asked = this.#last
    this.#ask(this.#last)
  }

  /** @returns whether a call with this number has been taken back, now that those after `decided` up to `last` have been */
  answered(last: number, decided: number): (attempt: Attempt) => boolean {
    if (this.#asked === last) this.#asked = undefined
    return ({ line }) => line !== noNumber && isAfter(line, decided) && !isAfter(line, last)
  }
}
