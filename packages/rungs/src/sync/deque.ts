import type { Store } from './store.js'

const smallest = 16

/** First in, first out, in a ring that doubles when it is full: an item costs the same at any length. */
export class Deque<T> implements Store<T> {
  #ring: (T | undefined)[] = new Array(smallest).fill(undefined)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    if (this.#size === this.#ring.length) this.#resize(this.#size * 2)
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item
    this.#size++
  }

  shift(): T {
    const ring = this.#ring
    const item = ring[this.#head] as T // There is one, says the caller.
    ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (ring.length - 1)
    this.#size--
    // A burst does not keep its memory for ever.
    if (ring.length > smallest && this.#size * 8 < ring.length) this.#resize(ring.length / 2)
    return item
  }

  /** The item that `index` others leave before. */
  at(index: number): T {
    return this.#ring[(this.#head + index) & (this.#ring.length - 1)] as T // Within the size, says the caller.
  }

  clear(): void {
    this.#ring = new Array(smallest).fill(undefined)
    this.#head = 0
    this.#size = 0
  }

  *values(): Iterable<T> {
    for (let i = 0; i < this.#size; i++) yield this.at(i)
  }

  #resize(capacity: number): void {
    const ring: (T | undefined)[] = new Array(capacity).fill(undefined)
    let i = 0
    for (const item of this.values()) ring[i++] = item
    this.#ring = ring
    this.#head = 0
  }
}
