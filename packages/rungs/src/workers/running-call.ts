// A call as it runs here: what `currentCall()` gives, and what the server keeps of it.
import type { CurrentCall, WorkerInfo } from '../core/current-call.js'
import { runInCall, setCurrentCall } from '../core/current-call.js'
import { LiveSignal } from './live-signal.js'
import type { AnyFunction } from './work-item.js'

export interface CallInit {
  readonly id: number
  readonly key: string | undefined
  readonly attempt: number
  readonly worker: WorkerInfo
  readonly aborted: () => number
  readonly progress: (value: unknown) => void
}

export class RunningCall implements CurrentCall {
  readonly id: number
  readonly key: string | undefined
  readonly attempt: number
  readonly worker: WorkerInfo
  /** What the server of a worker keeps of it. */
  served: unknown = undefined
  readonly #aborted: () => number
  readonly #progress: (value: unknown) => void
  #signal: LiveSignal | undefined
  #reason: { readonly reason: unknown } | undefined

  constructor(init: CallInit) {
    this.id = init.id
    this.key = init.key
    this.attempt = init.attempt
    this.worker = init.worker
    this.#aborted = init.aborted
    this.#progress = init.progress
  }

  /** Made when it is first asked for: most calls never look. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = new LiveSignal(this.#aborted)
      if (this.#reason !== undefined) this.#signal.abort(this.#reason.reason)
    }
    return this.#signal.signal
  }

  progress(value: unknown): void {
    this.#progress(value)
  }

  abort(reason: unknown): void {
    this.#reason = { reason }
    this.#signal?.abort(reason)
  }
}

/** Functions that gave a value at once whenever they were called. */
const synchronous = new WeakSet<AnyFunction>()

/**
 * Calls `fn` as `call`. An AsyncLocalStorage makes the call known after an `await` too, but costs several times what a short function takes; a
 * function that has shown that it gives its value at once does without.
 */
export function runCall(call: CurrentCall, fn: AnyFunction, args: readonly unknown[]): unknown {
  if (!synchronous.has(fn)) {
    const result = runInCall(call, fn, ...args)
    if (!isThenable(result) && !isIterator(result)) synchronous.add(fn)
    return result
  }
  const before = setCurrentCall(call)
  try {
    const result = fn(...args)
    if (isThenable(result)) synchronous.delete(fn)
    return result
  } finally {
    setCurrentCall(before)
  }
}

/** The calls of a chunk, to be made one after the other. */
export interface ChunkCalls {
  readonly count: number
  /** Makes the call at this offset. */
  readonly at: (offset: number) => unknown
}

/** `args`: see Mode. */
export function chunkCalls(of: 'items' | 'lists', call: CurrentCall, fn: AnyFunction, args: readonly unknown[]): ChunkCalls {
  if (of === 'lists') {
    const lists = args as readonly (readonly unknown[])[] // So they were packed, and so are those below.
    return { count: lists.length, at: (offset) => runCall(call, fn, lists[offset] ?? []) }
  }
  const [items, start] = args as readonly [ArrayLike<unknown>, number]
  let isSynchronous = synchronous.has(fn)
  const at = (offset: number): unknown => {
    if (!isSynchronous) {
      const result = runCall(call, fn, [items[offset], start + offset])
      isSynchronous = synchronous.has(fn)
      return result
    }
    // As in runCall(), without a list of arguments: a million items are a million of these.
    const before = setCurrentCall(call)
    try {
      const result = fn(items[offset], start + offset)
      if (isThenable(result)) {
        synchronous.delete(fn)
        isSynchronous = false
      }
      return result
    } finally {
      setCurrentCall(before)
    }
  }
  return { count: items.length, at }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as PromiseLike<unknown>).then === 'function'
  )
}

function isIterator(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as Iterator<unknown>).next === 'function'
}
