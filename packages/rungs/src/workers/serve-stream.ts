// Runs a generator where the worker is, as fast as its reader takes the items.
import { AsyncLocalStorage } from 'node:async_hooks'
import { type CurrentCall, runInCall } from '../core/current-call.js'
import { CancelledError } from '../core/errors.js'
import { show } from '../core/options.js'
import { clearTimeout, setImmediate, setTimeout } from '../core/platform.js'
import type { AnyFunction } from './work-item.js'

export interface StreamControl {
  /** The reader has taken so many items, or wants no more. */
  credit(count: number | 'stop'): void
  /** When the generator has ended, also early; rejects with what it threw. */
  readonly ended: Promise<undefined>
}

/** The place of a call in its pool. */
export interface StreamPlace {
  /** The call waits for its reader: others may run meanwhile. */
  lend(): void
  regain(): void
}

/** Milliseconds that it waits for its reader before it lends its place. Most readers are back sooner. */
const lendsAfter = 1

/** A call whose signal can be aborted. */
export interface AbortableCall extends CurrentCall {
  abort(reason: unknown): void
}

/**
 * Starts at once. At most `credit` items are sent and not yet taken; while it waits for its reader, who may wait for another call of the pool, it has
 * no place there.
 *
 * It is ahead of its reader, and may be in the middle of an item when the reader leaves: then the signal of the call aborts, or leaving
 * would wait for an item that nobody wants and that may never come.
 */
export function runStream(
  call: AbortableCall,
  fn: AnyFunction,
  args: readonly unknown[],
  credit: number,
  send: (value: unknown) => void,
  place: StreamPlace,
): StreamControl {
  let left = credit
  let stopped = false
  /** It has ended, or runs its `finally`. */
  let ending = false
  let wake: (() => void) | undefined
  /** Why the signal was aborted, if the reader has left in the middle of an item. */
  let interruption: CancelledError | undefined
  const inContext = AsyncLocalStorage.snapshot()
  const run = async (): Promise<undefined> => {
    const produced: unknown = await fn(...args)
    const iterator = iteratorOf(produced)
    for (;;) {
      if (left === 0 && !stopped) {
        let hasLent = false
        const timer = setTimeout(() => {
          hasLent = true
          place.lend()
        }, lendsAfter)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = undefined
        clearTimeout(timer)
        if (hasLent) place.regain()
      }
      if (stopped) {
        ending = true
        await iterator.return?.()
        return undefined
      }
      const next = await iterator.next()
      if (next.done) return undefined
      if (stopped) continue
      left--
      send(await next.value)
    }
  }
  const interrupt = (): void => {
    if (ending || call.signal.aborted) return
    interruption = new CancelledError('The reader has left the stream')
    inContext(runInCall, call, () => call.abort(interruption))
  }
  const stop = (): void => {
    if (stopped) return
    stopped = true
    if (wake !== undefined) wake()
    // Not at once: it may be about to give the item, and is then ended as one that waits for its reader.
    else setImmediate(interrupt)
  }
  const ended = runInCall(call, run)
    .catch((error: unknown) => {
      if (interruption === undefined || !isFrom(interruption, error)) throw error
      return undefined
    })
    .finally(() => {
      ending = true
    })
  return {
    credit(count) {
      if (count === 'stop') return stop()
      left += count
      wake?.()
    },
    ended,
  }
}

/** Whether an error only says that what threw it was interrupted. */
function isFrom(interruption: CancelledError, error: unknown): boolean {
  if (error === interruption) return true
  return error instanceof Error && (error.cause === interruption || error.name === 'AbortError')
}

function iteratorOf(produced: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  if (produced !== undefined && produced !== null) {
    // A text is iterable, too.
    const held: object = Object(produced)
    if (Symbol.asyncIterator in held) return (held as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    if (Symbol.iterator in held) return (held as Iterable<unknown>)[Symbol.iterator]()
  }
  throw new TypeError(`stream() takes a function that gives something iterable, such as a generator function; it gave ${show(produced)}`)
}
