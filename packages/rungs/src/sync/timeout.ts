// A deadline as a scope. It cancels what runs inside, and turns that very cancellation into a TimeoutError at the edge:
//
//   active ──the deadline──▶ expiring ──the body ends──▶ expired
//      └─────────────the body ends──────────────────────▶ finished
import { inspect } from 'node:util'
import { clock } from '../core/clock.js'
import { CancelledError, InvalidStateError, TimeoutError } from '../core/errors.js'
import { requireFunction } from '../core/options.js'
import { after, requireDelay } from './after.js'
import { cancelWith } from './cancel-with.js'
import { CancelScope, currentScope } from './scope.js'
import { isCancellation } from './task.js'
import { signalOf, type WaitOptions } from './wait-queue.js'

/** The deadline that {@link timeout} puts around its body. */
export interface TimeoutScope {
  /** When it fires, on the clock of `performance.now()`; `null` is never. */
  readonly when: number | null
  /** Whether it has fired. */
  readonly expired: boolean
  /** Aborts when it fires, or when something around it is cancelled: for calls of the platform. */
  readonly signal: AbortSignal
  /**
   * Moves the deadline; `null` takes it away, and one in the past fires in the next turn.
   * @throws {InvalidStateError} if it has fired, or the body has ended.
   */
  reschedule(when: number | null): void
}

/** How a timeout ends, as data. */
type Exit = { readonly type: 'pass' } | { readonly type: 'timeout' } | { readonly type: 'cancelled'; readonly by: CancelScope }

/**
 * What becomes of an error that leaves the body. A cancellation from around that has come since the body began is stronger than our own,
 * whichever of them the body has seen; any other error passes.
 */
function exitOf(cancelled: boolean, fired: boolean, around: CancelScope | undefined): Exit {
  if (!cancelled || !fired) return { type: 'pass' }
  return around === undefined ? { type: 'timeout' } : { type: 'cancelled', by: around }
}

/** Whose scope it is. */
const timeouts = new WeakMap<CancelScope, Timeout>()

class Timeout implements TimeoutScope {
  #state: 'active' | 'expiring' | 'expired' | 'finished' = 'active'
  #when: number | null = null
  #stop: (() => void) | undefined
  readonly #scope = new CancelScope(currentScope())
  readonly #since = clock().now()
  #error: TimeoutError | undefined
  /** The next one around, in the same task, and those for which this is it. */
  readonly #around: Timeout | undefined
  readonly #inside = new Set<Timeout>()

  constructor(when: number | null) {
    timeouts.set(this.#scope, this)
    for (let scope = this.#scope.parent; scope !== undefined && this.#around === undefined; scope = scope.parent)
      this.#around = timeouts.get(scope)
    if (this.#around !== undefined) this.#around.#inside.add(this)
    this.#schedule(when)
  }

  get when(): number | null {
    return this.#when
  }

  get expired(): boolean {
    return this.#state === 'expiring' || this.#state === 'expired'
  }

  get signal(): AbortSignal {
    return this.#scope.signal
  }

  reschedule(when: number | null): void {
    if (this.#state !== 'active') throw new InvalidStateError(`The timeout is ${this.#state} and cannot be rescheduled`)
    if (when !== null) requireDelay('when', when)
    this.#stop?.()
    this.#schedule(when)
  }

  async run<R>(body: (scope: TimeoutScope) => R): Promise<Awaited<R>> {
    try {
      // Async within the scope, so that a future that the body returns is awaited there.
      const value = await this.#scope.run(async () => await body(this))
      this.#close()
      return value
    } catch (error) {
      const cancelled = isCancellation(error, this.#scope)
      const exit = exitOf(cancelled, this.#state === 'expiring', this.#scope.cancelledAround())
      this.#close()
      switch (exit.type) {
        case 'pass':
          throw error
        case 'timeout':
          throw Object.assign(this.#error ?? new TimeoutError(), { cause: error })
        case 'cancelled':
          exit.by.take()
          throw exit.by.error
      }
    }
  }

  [inspect.custom](): string {
    return `Timeout { ${this.#state}, when: ${this.#when} }`
  }

  #schedule(when: number | null): void {
    this.#when = when
    this.#stop = when === null || when === Number.POSITIVE_INFINITY ? undefined : after(when - clock().now(), () => this.#fire())
  }

  /** A timer may come a little early, and those of one moment in any order: all that are due by then count as fired, and the outermost cancels. */
  #fire(): void {
    const now = Math.max(this.#when ?? 0, clock().now())
    let first: Timeout = this
    for (let around = this.#around; around !== undefined; around = around.#around) if (around.#isDue(now)) first = around
    first.#expire(now)
    // No cause: it will be the cause of the TimeoutError itself.
    first.#scope.cancel(new CancelledError('Cancelled because time was up', { reason: first.#error, cause: undefined }))
  }

  #isDue(now: number): boolean {
    return this.#state === 'active' && this.#when !== null && this.#when <= now
  }

  /** Those inside whose time is up too must not interrupt once more, when the body cleans up. */
  #expire(now: number): void {
    if (this.#isDue(now)) {
      this.#stop?.()
      this.#state = 'expiring'
      this.#error = new TimeoutError(`Time was up after ${Math.max(0, Math.round((this.#when ?? 0) - this.#since))} ms`)
    }
    for (const inner of this.#inside) inner.#expire(now)
  }

  #close(): void {
    this.#stop?.()
    if (this.#around !== undefined) this.#around.#inside.delete(this)
    this.#state = this.#state === 'expiring' ? 'expired' : 'finished'
    this.#scope.end()
  }
}

/**
 * Runs `body` and cancels it after `ms` milliseconds; `null` is never, and 0 or less is the next turn of the event loop.
 *
 * Returns when the body has ended, also after the deadline: cleanup is waited for. Cancelling the task cancels the body too, and that is not
 * turned into a timeout. Nested ones tell apart whose deadline fired. A body that catches the cancellation and returns gives its value.
 * @throws {TimeoutError} (as a rejection) if the deadline ended the body, with the {@link CancelledError} as its `cause`; {@link CancelledError}
 *   if cancelled from outside; and what the body throws. {@link TypeError} or {@link RangeError} at once for a wrong argument.
 * @example
 * const page = await timeout(5_000, ({ signal }) => fetch(url, { signal }))
 */
export function timeout<R>(ms: number | null, body: (scope: TimeoutScope) => R, options?: WaitOptions): Promise<Awaited<R>> {
  if (ms !== null) requireDelay('ms', ms)
  return timeoutAt(ms === null ? null : clock().now() + ms, body, options)
}

/**
 * As {@link timeout}, with the moment of the deadline, on the clock of `performance.now()`.
 * @throws As {@link timeout}.
 * @example
 * const deadline = performance.now() + 5_000
 * for (const url of urls) await timeoutAt(deadline, () => visit(url))
 */
export function timeoutAt<R>(when: number | null, body: (scope: TimeoutScope) => R, options?: WaitOptions): Promise<Awaited<R>> {
  if (when !== null) requireDelay('when', when)
  requireFunction('The body', body)
  const signal = signalOf('timeout()', options)
  if (signal === undefined) return new Timeout(when).run(body)
  return cancelWith(signal, () => new Timeout(when).run(body))
}
