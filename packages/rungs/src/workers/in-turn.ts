// What was said of one call is heard in the order in which it was said, also where some of it can be read only after a module was imported: its items
// before its end, an early item before a later one.

export class InTurn<Key> {
  /** What was said since of those of whom something is being read. */
  readonly #waiting = new Map<Key, (() => void)[]>()
  #whenNone: (() => void)[] = []

  /** Whether anything is being read. */
  get isReading(): boolean {
    return this.#waiting.size > 0
  }

  /** @returns whether something of `key` is being read; then `hear` is called after that, otherwise not at all */
  defer(key: Key, hear: () => void): boolean {
    const waiting = this.#waiting.get(key)
    waiting?.push(hear)
    return waiting !== undefined
  }

  /** Something of `key` is being read, of whom nothing was. @returns what to call once when it has been read and heard */
  begin(key: Key): () => void {
    const waiting: (() => void)[] = []
    this.#waiting.set(key, waiting)
    return () => {
      this.#waiting.delete(key)
      while (waiting.length > 0) {
        waiting.shift()?.()
        const next = this.#waiting.get(key)
        if (next !== undefined) {
          // What was heard just now is being read itself.
          next.push(...waiting)
          return
        }
      }
      if (!this.isReading) for (const tell of this.#whenNone.splice(0)) tell()
    }
  }

  /** Calls `tell` when nothing is being read; at once if that is so now. */
  whenNone(tell: () => void): void {
    if (this.isReading) this.#whenNone.push(tell)
    else tell()
  }
}
