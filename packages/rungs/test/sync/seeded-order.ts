import { setImmediate } from 'node:timers/promises'
import { type Ready, type ReadyOrder, useReadyOrder } from '../../dist/sync/ready.js'

/** Lets tasks and waits that are ready go on one at a time, in an order made from a seed, each until nothing more happens. */
export class SeededOrder implements ReadyOrder {
  #state: number
  readonly #jobs: Ready[] = []
  #pumping = false

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  add(job: Ready): void {
    this.#jobs.push(job)
    if (!this.#pumping) void this.#pump()
  }

  /** Waits until nothing is ready. */
  async whenIdle(): Promise<void> {
    do await setImmediate()
    while (this.#pumping)
    await setImmediate()
    if (this.#pumping) await this.whenIdle()
  }

  install(): Disposable {
    return useReadyOrder(this)
  }

  async #pump(): Promise<void> {
    this.#pumping = true
    while (this.#jobs.length > 0) {
      await setImmediate()
      const [job] = this.#jobs.splice(this.#random(this.#jobs.length), 1)
      job?.proceed()
    }
    this.#pumping = false
  }

  /** xorshift: the same seed, the same schedule. */
  #random(below: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state % below
  }
}
