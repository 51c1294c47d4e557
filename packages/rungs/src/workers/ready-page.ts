// Replies that the main thread of a worker process has ready and has not written yet, as the thread that watches sees them: when a call turns out
// to take long, that thread tells the pool what came before it. The main thread will write the same bytes later; the pool takes no reply twice.
//
// The main thread writes its frames into this memory and tells after each how far it has come. Before it uses the memory again it changes EPOCH,
// so that who copies meanwhile sees that the copy is worth nothing, as it is not needed any more.
import { atomics } from '../core/platform.js'
import { sharedMemory } from '../core/shared-memory.js'

const EPOCH = 0
const START = 1
const END = 2
const headBytes = 16

export class ReadyPage {
  readonly #words: Int32Array
  readonly bytes: Buffer

  constructor(readonly buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, headBytes / Int32Array.BYTES_PER_ELEMENT)
    this.bytes = Buffer.from(buffer, headBytes)
  }

  static create(size: number): ReadyPage {
    return new ReadyPage(sharedMemory(headBytes + size))
  }

  /** By the main thread: between these lie whole frames, and all that was posted before them has been written. */
  publish(start: number, end: number): void {
    atomics.store(this.#words, START, start)
    // Pairs with the load in copy(): the bytes up to there are seen.
    atomics.store(this.#words, END, end)
  }

  /** By the main thread: all was written, and the memory will be used again. */
  withdraw(): void {
    if (atomics.load(this.#words, END) === 0) return
    atomics.store(this.#words, END, 0)
    // Pairs with the looks in copy(): bytes that are written after this are not taken for those before.
    atomics.add(this.#words, EPOCH, 1)
  }

  /** By the thread that watches. */
  copy(): Uint8Array {
    const epoch = atomics.load(this.#words, EPOCH)
    const end = atomics.load(this.#words, END)
    const start = atomics.load(this.#words, START)
    const copy = start < end ? Uint8Array.prototype.slice.call(this.bytes, start, end) : new Uint8Array(0)
    // An exchange, not a load: what was read before it stays before it.
    return atomics.or(this.#words, EPOCH, 0) === epoch ? copy : new Uint8Array(0)
  }
}
