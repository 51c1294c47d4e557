import { inspect } from 'node:util'
import { requireNone } from './arguments.js'
import { undelivered } from './scope.js'
import { refusal, signalOf, type WaitOptions, WaitQueue } from './wait-queue.js'

/** What is known of an {@link Event}. */
export interface EventStats {
  /** Whether it is set. */
  readonly isSet: boolean
  /** How many wait for it. */
  readonly waiting: number
}

const isSetAlready = Promise.resolve<true>(true)

/**
 * Something that has happened or not. Many can wait for it.
 *
 * `wait` waits until it is set; cancelling the task or aborting `signal` ends the wait. `set` wakes all who wait then, in the order in which
 * they came, also if `clear` follows before they go on.
 * @throws {TypeError} if it is given an argument.
 * @example
 * const ready = new Event()
 * group.spawn(async () => {
 *   await ready.wait()
 *   console.log('go')
 * })
 * ready.set()
 */
export class Event {
  #isSet = false
  readonly #waiting = new WaitQueue<true>({ take: () => true, describe: () => 'Event.wait()' })

  constructor(...none: []) {
    requireNone('An Event', none, '. It begins unset: call set()')
  }

  /** Whether it has happened. */
  get isSet(): boolean {
    return this.#isSet
  }

  /** Whether it is set, and how many wait. */
  get stats(): EventStats {
    return { isSet: this.#isSet, waiting: this.#waiting.size }
  }

  /**
   * It has happened: wakes all who wait. Doing so again does nothing.
   * @example
   * event.set()
   */
  set(): void {
    if (this.#isSet) return
    this.#isSet = true
    this.#waiting.grantAll()
  }

  /**
   * It has not happened (again): who waits from now on waits for the next `set`.
   * @example
   * event.clear()
   */
  clear(): void {
    this.#isSet = false
  }

  /**
   * Waits until it is set; at once if it is.
   * @returns `true`.
   * @throws {CancelledError} (as a rejection) if cancelled first; {@link TypeError} for a wrong option.
   * @example
   * await event.wait()
   */
  wait(options?: WaitOptions): Promise<true> {
    if (this.#isSet && undelivered === 0 && options === undefined) return isSetAlready
    const signal = signalOf('wait()', options)
    const error = refusal(signal)
    if (error !== undefined) return Promise.reject(error)
    return this.#isSet ? isSetAlready : this.#waiting.join(signal).promise
  }

  /** Whether it is set, and how many wait: what `console.log` shows. */
  [inspect.custom](): string {
    return `Event { ${this.#isSet ? 'set' : 'unset'}, waiting: ${this.#waiting.size} }`
  }
}
