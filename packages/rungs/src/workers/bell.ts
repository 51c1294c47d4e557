// Lets a thread wait for messages without its event loop: who posts rings, who waits looks for messages after reading the count and before it
// sleeps, so a ring in between is not missed.
import { atomics } from '../core/platform.js'
import { sharedMemory } from '../core/shared-memory.js'

export class Bell {
  readonly #count: Int32Array

  constructor(readonly buffer: SharedArrayBuffer = sharedMemory(Int32Array.BYTES_PER_ELEMENT)) {
    this.#count = new Int32Array(buffer)
  }

  /** After the message was posted. Pairs with wait(). */
  ring(): void {
    atomics.add(this.#count, 0, 1)
    atomics.notify(this.#count, 0)
  }

  /** Before looking for messages. */
  read(): number {
    return atomics.load(this.#count, 0)
  }

  /** Blocks this thread unless the bell has rung since `count` was read. */
  wait(count: number, ms: number): void {
    atomics.wait(this.#count, 0, count, ms)
  }
}
