// A few words of shared memory for each call that a worker has, so that both sides know at once what a message would tell too late: the worker's
// thread may be in a loop that never yields, or dead.
//
//   cell n:  [ begun, abort ]      begun: 0 no, 1 yes, or items of a chunk (written by the worker), -1 taken back (by the pool)
//                                  abort: 0 no, or a code (written by the pool)
//
// A cell belongs to one attempt from the time it is sent until its reply was read.
import { atomics } from '../core/platform.js'
import { sharedMemory } from '../core/shared-memory.js'

const words = 2
const BEGUN = 0
const ABORT = 1

/** `stopped`: what runs goes on; of a chunk, no further item begins. */
export const abortCodes = { cancelled: 1, timedOut: 2, stopped: 3 } as const

export class Cells {
  readonly #words: Int32Array

  constructor(readonly buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer)
  }

  static create(count: number): Cells {
    return new Cells(sharedMemory(count * words * Int32Array.BYTES_PER_ELEMENT))
  }

  get count(): number {
    return this.#words.length / words
  }

  /** Before the call is sent: sending it is what makes this seen. */
  clear(cell: number): void {
    this.#words[cell * words + BEGUN] = 0
    this.#words[cell * words + ABORT] = 0
  }

  // Pairs with begun(): what the pool reads after the worker has died is the last that the worker wrote.
  begin(cell: number, count = 1): void {
    atomics.store(this.#words, cell * words + BEGUN, count)
  }

  /** As begin(), unless the pool has taken the call back. @returns whether the call is this worker's to run */
  claim(cell: number): boolean {
    // Pairs with takeBack(): of the two exchanges one succeeds.
    return atomics.compareExchange(this.#words, cell * words + BEGUN, 0, 1) === 0
  }

  /** As {@link claim}, of a call that somebody still wants. */
  claimWanted(cell: number): boolean {
    return atomics.load(this.#words, cell * words + ABORT) === 0 && this.claim(cell)
  }

  /** @returns whether the call has not begun, and will not */
  takeBack(cell: number): boolean {
    // Pairs with claim().
    return atomics.compareExchange(this.#words, cell * words + BEGUN, 0, -1) === 0
  }

  /** How much has begun: 0 or 1 for a call, the number of items for a chunk. */
  begun(cell: number): number {
    return atomics.load(this.#words, cell * words + BEGUN)
  }

  // Pairs with aborted(): a loop that polls sees it without a message.
  abort(cell: number, code: number): void {
    atomics.store(this.#words, cell * words + ABORT, code)
  }

  aborted(cell: number): number {
    return atomics.load(this.#words, cell * words + ABORT)
  }
}
