import { Bell } from './bell.js'

/**
 * What a thread that waits for results sleeps on: nothing can wake it when bytes arrive on one of several sockets, so it looks again and again,
 * soon at first, and every millisecond after a while.
 */
export class Patience extends Bell {
  #pause = 0

  override ring(): void {
    this.#pause = 0
    super.ring()
  }

  override wait(count: number, ms: number): void {
    this.#pause = Math.min(1, Math.max(0.02, this.#pause * 1.3))
    super.wait(count, Math.min(ms, this.#pause))
  }
}
