import { requireKnown, requireSignal } from '../core/options.js'
import { after, requireDelay } from './after.js'
import { currentScope } from './scope.js'
import { onBlock, refusal, Waiter, type WaitOptions } from './wait-queue.js'

/** How long a sleep may be cut short, and what it gives. */
export interface SleepOptions<T> extends WaitOptions {
  /** What the sleep gives when it is over. */
  readonly value?: T | undefined
}

/**
 * Waits for `ms` milliseconds, and lets others run meanwhile; 0 or less waits for one turn of the event loop. Cancelling the task or aborting
 * `signal` ends it, and its timer.
 * @throws {CancelledError} (as a rejection) if cancelled first. {@link RangeError} if `ms` is NaN, {@link TypeError} if it is no number.
 * @example
 * await sleep(100)
 */
export function sleep<T>(ms: number, options: SleepOptions<T> & { readonly value: T }): Promise<T>
// The last one is what `group.spawn(sleep, 100)` is checked against.
export function sleep(ms: number, options?: WaitOptions): Promise<void>
export function sleep<T>(ms: number, options: SleepOptions<T> = {}): Promise<T | undefined> {
  requireDelay('ms', ms)
  requireKnown('The options of sleep()', options, ['signal', 'value'])
  const { signal, value } = options
  if (signal !== undefined) requireSignal('signal', signal)
  const error = refusal(signal)
  if (error !== undefined) return Promise.reject(error)
  const waiter: Waiter<T | undefined> = new Waiter(
    { take: () => value, left: () => wakeNot(), describe: () => `sleep(${ms})` },
    currentScope(),
    signal,
  )
  const wakeNot = after(ms, () => waiter.grant())
  onBlock?.(waiter)
  return waiter.promise
}
