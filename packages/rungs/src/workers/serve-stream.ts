// Runs a generator where the worker is, as fast as its reader takes the items.
import { type CurrentCall, runInCall } from '../core/current-call.js'
import { show } from '../core/options.js'
import type { AnyFunction } from './work-item.js'

export interface StreamControl {
  /** The reader has taken so many items, or wants no more. */
  credit(count: number | 'stop'): void
  /** When the generator has ended, also early; rejects with what it threw. */
  readonly ended: Promise<undefined>
}

/** Starts at once. At most `credit` items are sent and not yet taken. */
export function runStream(
  call: CurrentCall,
  fn: AnyFunction,
  args: readonly unknown[],
  credit: number,
  send: (value: unknown) => void,
): StreamControl {
  let left = credit
  let stopped = false
  let wake: (() => void) | undefined
  const run = async (): Promise<undefined> => {
    const produced: unknown = await fn(...args)
    const iterator = iteratorOf(produced)
    for (;;) {
      if (left === 0 && !stopped) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      if (stopped) {
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
  return {
    credit(count) {
      if (count === 'stop') stopped = true
      else left += count
      wake?.()
    },
    ended: runInCall(call, run),
  }
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
