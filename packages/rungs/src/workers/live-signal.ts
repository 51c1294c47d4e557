// The signal of a call. A message tells it that the call is not wanted any more, and its listeners are called; but a loop that never yields gets
// no message, so `aborted` looks at shared memory as well.
import { CancelledError, TimeoutError } from '../core/errors.js'
import { abortCodes } from './cells.js'

const nativeAborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')?.get
const nativeReason = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'reason')?.get

export class LiveSignal {
  readonly #controller = new AbortController()
  readonly #look: () => number

  /** `look` gives 0, or one of {@link abortCodes}. */
  constructor(look: () => number) {
    this.#look = look
    const { signal } = this.#controller
    Object.defineProperties(signal, {
      aborted: { configurable: true, get: () => this.#poll() },
      reason: {
        configurable: true,
        get: () => {
          this.#poll()
          return nativeReason?.call(signal)
        },
      },
      throwIfAborted: {
        configurable: true,
        value: () => {
          if (this.#poll()) throw signal.reason
        },
      },
    })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    if (!this.#isAborted()) this.#controller.abort(reason)
  }

  #poll(): boolean {
    if (this.#isAborted()) return true
    const code = this.#look()
    if (code === 0 || code === abortCodes.stopped) return false
    this.#controller.abort(code === abortCodes.timedOut ? new TimeoutError('The call ran longer than it may') : new CancelledError())
    return true
  }

  #isAborted(): boolean {
    return nativeAborted?.call(this.#controller.signal) === true
  }
}
