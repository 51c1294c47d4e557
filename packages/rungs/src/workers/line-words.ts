// How far a worker process has come with the calls that stand in line there: one word, shared by its main thread, which begins them, and by the
// thread that watches, which takes them back when the pool asks for it.
//
//   DECIDED  the highest number of a call that was decided about: begun by the one thread, or taken back by the other.
//
// Calls have numbers in the order in which they were sent, and are begun in that order. So one exchange decides about one call (begin) or about
// all that are left (take back), and what was decided is never changed.
import { atomics } from '../core/platform.js'
import { sharedMemory } from '../core/shared-memory.js'

/** Of numbers that go round: whether `a` comes after `b`. */
export function isAfter(a: number, b: number): boolean {
  return ((a - b) | 0) > 0
}

/** Stands for no number. */
export const noNumber = 0

export function numberAfter(number: number): number {
  const next = (number + 1) | 0
  return next === noNumber ? 1 : next
}

const DECIDED = 0

export class LineWord {
  readonly #words: Int32Array
  /** What the word was when this thread last had to do with it. */
  #known = noNumber

  constructor(readonly buffer: SharedArrayBuffer = sharedMemory(Int32Array.BYTES_PER_ELEMENT)) {
    this.#words = new Int32Array(buffer)
  }

  /** By the main thread, in the order of the numbers. @returns false if the call was taken back */
  begin(number: number): boolean {
    while (isAfter(number, this.#known)) {
      // Pairs with takeBack(): of two exchanges from the same word one succeeds.
      const seen = atomics.compareExchange(this.#words, DECIDED, this.#known, number)
      if (seen === this.#known) {
        this.#known = number
        return true
      }
      this.#known = seen
    }
    return false
  }

  /** Whether it was decided that this call, which the main thread has not begun, will not begin. */
  isTaken(number: number): boolean {
    return !isAfter(number, atomics.load(this.#words, DECIDED))
  }

  /** By the thread that watches. @returns the last that had been decided about: those after it, up to `last`, will not begin */
  takeBack(last: number): number {
    for (;;) {
      const decided = atomics.load(this.#words, DECIDED)
      if (!isAfter(last, decided)) return last
      // Pairs with begin().
      if (atomics.compareExchange(this.#words, DECIDED, decided, last) === decided) return decided
    }
  }
}
