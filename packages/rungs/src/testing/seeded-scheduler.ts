import { requireInteger } from '../core/options.js'
import { type Ready, type ReadyOrder, useReadyOrder } from '../sync/ready.js'
import { randomFrom } from './random.js'
import { turn } from './when-idle.js'

/**
 * Decides from a seed which of the tasks and waits that are ready goes on next, one at a time, each until it waits again. The library goes on
 * in the order of arrival, which hides what goes wrong in any other: an `await` more or less somewhere is enough for another one.
 *
 * Same seed, same order, for a program that depends on nothing else that varies. {@link explore} runs a test under many of them.
 * @throws {RangeError} if the seed is no integer of at least 0; {@link TypeError} if it is no number.
 * @example
 * using _ = new SeededScheduler(42).install()
 */
export class SeededScheduler {
  /** What its order is made from. */
  readonly seed: number
  readonly #random: (below: number) => number
  readonly #jobs: Ready[] = []
  #pumping = false

  constructor(seed: number) {
    requireInteger('seed', seed, 0)
    this.seed = seed
    this.#random = randomFrom(seed)
  }

  /**
   * Lets it decide on this thread, until the returned object is disposed.
   * @example
   * using _ = scheduler.install()
   */
  install(): Disposable {
    const jobs = this.#jobs
    const order: ReadyOrder = {
      add: (job) => {
        jobs.push(job)
        if (!this.#pumping) void this.#pump()
      },
      get size() {
        return jobs.length
      },
    }
    return useReadyOrder(order)
  }

  async #pump(): Promise<void> {
    this.#pumping = true
    while (this.#jobs.length > 0) {
      await turn()
      const [job] = this.#jobs.splice(this.#random(this.#jobs.length), 1)
      job?.proceed()
    }
    this.#pumping = false
  }
}
