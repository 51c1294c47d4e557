/** Looks whether workers have been idle for too long: when the first of them may have been, and not more often. Keeps no process alive. */
export class IdleWatch {
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #idleTimeout: number
  readonly #look: () => number | undefined

  /** `look` ends workers that have been idle for too long, and gives the milliseconds until the next one may be. */
  constructor(idleTimeout: number, look: () => number | undefined) {
    this.#idleTimeout = idleTimeout
    this.#look = look
  }

  /** A worker may have become idle. */
  start(): void {
    if (this.#timer === undefined) this.#lookIn(this.#idleTimeout)
  }

  stop(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const next = this.#look()
      if (next !== undefined) this.#lookIn(Math.max(1, next))
    }, Math.ceil(ms))
    this.#timer.unref()
  }
}
