// The deadline of a map. Somebody who waits for it keeps the process alive; a map that nobody iterates does not.
import { clock, type Timer } from '../../core/clock.js'

export class MapTimer {
  readonly #time = clock()
  #timer: Timer | undefined
  #holds = false

  constructor(ms: number, onTime: () => void) {
    this.#timer = this.#time.setTimeout(() => {
      this.#timer = undefined
      onTime()
    }, ms)
    if (typeof this.#timer === 'object') this.#timer.unref?.()
  }

  /** Whether somebody waits. */
  set holds(holds: boolean) {
    if (this.#timer === undefined || this.#holds === holds) return
    this.#holds = holds
    if (typeof this.#timer !== 'object') return
    if (holds) this.#timer.ref?.()
    else this.#timer.unref?.()
  }

  clear(): void {
    if (this.#timer !== undefined) this.#time.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
