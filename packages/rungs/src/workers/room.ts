/** Those who wait until a full queue has room. Whoever was told asks again: another may have been faster. */
export class Room {
  #waiters: { resolve(): void; reject(reason: unknown): void }[] = []

  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  get isAwaited(): boolean {
    return this.#waiters.length > 0
  }

  /** There is room, or, with a reason, there will never be. */
  tell(refusal?: Error): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) {
      if (refusal === undefined) waiter.resolve()
      else waiter.reject(refusal)
    }
  }
}
