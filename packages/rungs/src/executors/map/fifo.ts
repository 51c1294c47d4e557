// A queue whose shift does not move what is left.
export class Fifo<T> {
  #entries: (T | undefined)[] = []
  #head = 0

  get size(): number {
    return this.#entries.length - this.#head
  }

  /** The oldest, which stays there; undefined if there is none. */
  get first(): T | undefined {
    return this.#entries[this.#head]
  }

  push(entry: T): void {
    this.#entries.push(entry)
  }

  /** The oldest; undefined if there is none. */
  shift(): T | undefined {
    if (this.#head === this.#entries.length) return undefined
    const entry = this.#entries[this.#head]
    this.#entries[this.#head++] = undefined
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0
      this.#head = 0
    } else if (this.#head >= 64 && this.#head * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#head)
      this.#head = 0
    }
    return entry
  }
}
