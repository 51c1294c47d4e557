// A queue of records from one thread to another, in shared memory. One writes, one reads; each has a position that only it moves. A record lies in
// one piece: where it would reach over the end, the rest is left empty and it starts at the beginning.
//
//   position, in words, counted for ever (modulo 2^32):       tail ≤ head,  head − tail ≤ capacity
//
//        ┌──────────────┬─────────────────────────────┬───────────────┐
//        │ free         │ records, oldest first       │ free          │       record: [ length in words, … ]     length 0: nothing more up to the end
//        └──────────────┴─────────────────────────────┴───────────────┘
//                       tail (reader)                 head (writer)
//
// Both start near the end of the memory, and as if it were nearly full, so that the first dozens of records go all ways that a record can go. A way that is
// first gone after thousands of records makes V8 throw away what it has compiled meanwhile, in each thread.
import { atomics } from '../../core/platform.js'
import type { Codec } from './codec.js'

/** The longest record, in words. What would be longer goes another way. */
export const longestRecord = 2048

/** In words: how many are written until all ways have been gone. */
const early = 256

/** Where writer and reader start, in a memory of so many words. */
export function firstPosition(words: number): number {
  return words - longestRecord - 2 * early
}

export class RecordWriter {
  readonly codec: Codec
  readonly #control: Int32Array
  readonly #headWord: number
  readonly #tailWord: number
  readonly #mask: number
  #head: number
  /** The reader is at least here. */
  #tail: number

  constructor(codec: Codec, control: Int32Array, headWord: number, tailWord: number) {
    this.codec = codec
    this.#control = control
    this.#headWord = headWord
    this.#tailWord = tailWord
    this.#mask = codec.words.length - 1
    this.#head = control[headWord] as number // Within the memory.
    // As if it were nearly full: see above.
    this.#tail = (this.#head - this.#mask + longestRecord + early) | 0
  }

  /** Where the next record starts, with room for the longest one; -1 when there is none now. */
  reserve(): number {
    const size = this.#mask + 1
    let at = this.#head & this.#mask
    const skipped = size - at < longestRecord ? size - at : 0
    if (((this.#head - this.#tail) | 0) + skipped + longestRecord > size) {
      // Pairs with the store in RecordReader.release(): what the reader has let go was read before, so it may be written over.
      this.#tail = atomics.load(this.#control, this.#tailWord)
      if (((this.#head - this.#tail) | 0) + skipped + longestRecord > size) return -1
    }
    if (skipped > 0) {
      this.codec.words[at] = 0
      this.#head = (this.#head + skipped) | 0
      at = 0
    }
    return at
  }

  /** The record from `at` to `end` is complete. */
  publish(at: number, end: number): void {
    const length = (end - at + 1) & ~1
    this.codec.words[at] = length
    this.#head = (this.#head + length) | 0
    // Pairs with the load in RecordReader.next(): whoever sees the new head sees the words of the record.
    atomics.store(this.#control, this.#headWord, this.#head)
  }
}

export class RecordReader {
  readonly codec: Codec
  readonly #control: Int32Array
  readonly #headWord: number
  readonly #tailWord: number
  readonly #mask: number
  /** The writer is at least here. */
  #head: number
  #tail: number
  #released: number

  constructor(codec: Codec, control: Int32Array, headWord: number, tailWord: number) {
    this.codec = codec
    this.#control = control
    this.#headWord = headWord
    this.#tailWord = tailWord
    this.#mask = codec.words.length - 1
    this.#tail = control[tailWord] as number // Within the memory.
    this.#head = this.#tail
    // As if much had been read: see above.
    this.#released = (this.#tail - (this.#mask >> 3) + early) | 0
  }

  /** Where the next record starts, or -1. It stays the next one until {@link pass}. */
  next(): number {
    if (this.#tail === this.#head) {
      // Pairs with the store in RecordWriter.publish().
      this.#head = atomics.load(this.#control, this.#headWord)
      if (this.#tail === this.#head) return -1
    }
    const at = this.#tail & this.#mask
    if (this.codec.words[at] !== 0) return at
    this.#tail = (this.#tail + this.#mask + 1 - at) | 0
    return this.next()
  }

  /** It has been read. The writer learns of it by {@link release}. */
  pass(at: number): void {
    this.#tail = (this.#tail + (this.codec.words[at] as number)) | 0 // The length that publish() wrote.
  }

  /** Lets go what has been passed, if it is much. */
  releaseSome(): void {
    if (((this.#tail - this.#released) | 0) > this.#mask >> 3) this.release()
  }

  release(): void {
    if (this.#released === this.#tail) return
    this.#released = this.#tail
    // Pairs with the load in RecordWriter.reserve(): the words up to here are not looked at any more.
    atomics.store(this.#control, this.#tailWord, this.#tail)
  }

  get empty(): boolean {
    // Pairs with the store in RecordWriter.publish(). Also the second look of who goes to sleep: see README.md.
    return this.#tail === this.#head && this.#tail === atomics.load(this.#control, this.#headWord)
  }
}
