// A call as it runs here: what `currentCall()` gives, and what the server keeps of it.
import { types } from 'node:util'
import type { CurrentCall, WorkerInfo } from '../core/current-call.js'
import { runInCall, setCurrentCall } from '../core/current-call.js'
import { LiveSignal } from './live-signal.js'
import type { Request } from './messages.js'
import type { ChunkRun } from './serve-chunk.js'
import type { StreamControl } from './serve-stream.js'
import type { AnyFunction } from './work-item.js'

/** The worker, as its calls see it. */
export interface CallPlace {
  readonly info: WorkerInfo
  /** Why the call with this cell is not wanted any more, or 0. */
  aborted(cell: number): number
  progress(id: number, value: unknown): void
}

export const { isPromise } = types

/** One object for all of a call: in a worker there is little else than this for each. */
export class RunningCall implements CurrentCall {
  readonly request: Request
  readonly #place: CallPlace
  #signal: LiveSignal | undefined = undefined
  #reason: { readonly reason: unknown } | undefined = undefined
  // What the server keeps of it.
  stream: StreamControl | undefined = undefined
  chunk: ChunkRun | undefined = undefined
  /** Futures of its own pool that it waits for. */
  waits = 0
  lent: 'no' | 'place' | 'thread' = 'no'
  /** When its synchronous part has ended, if it goes on after that. */
  since = 0

  constructor(request: Request, place: CallPlace) {
    this.request = request
    this.#place = place
  }

  get id(): number {
    return this.request.call + (this.chunk?.index ?? 0)
  }

  get key(): string | undefined {
    return this.request.key
  }

  get attempt(): number {
    return this.request.attempt
  }

  get worker(): WorkerInfo {
    return this.#place.info
  }

  /** Made when it is first asked for: most calls never look. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = new LiveSignal(() => this.#place.aborted(this.request.cell))
      if (this.#reason !== undefined) this.#signal.abort(this.#reason.reason)
    }
    return this.#signal.signal
  }

  progress(value: unknown): void {
    this.#place.progress(this.request.id, value)
  }

  abort(reason: unknown): void {
    this.#reason = { reason }
    this.#signal?.abort(reason)
  }
}

/** Functions that gave a value at once whenever they were called. */
const synchronous = new WeakSet<AnyFunction>()

/** Whether it gave a value at once whenever it was called, and has been called. */
export function isSynchronous(fn: AnyFunction): boolean {
  return synchronous.has(fn)
}

/** It gave a promise. */
export function gavePromise(fn: AnyFunction): void {
  synchronous.delete(fn)
}

/**
 * Calls `fn` as `call`. An AsyncLocalStorage makes the call known after an `await` too, but costs several times what a short function takes; a
 * function that has shown that it gives its value at once does without.
 * @returns the value, or a promise of the language
 */
export function runCall(call: CurrentCall, fn: AnyFunction, args: readonly unknown[]): unknown {
  if (!synchronous.has(fn)) {
    const result = runInCall(call, invoke, fn, args)
    if (!isPromise(result) && !isIterator(result)) synchronous.add(fn)
    return result
  }
  const before = setCurrentCall(call)
  try {
    const result = promised(fn(...args))
    if (isPromise(result)) synchronous.delete(fn)
    return result
  } finally {
    setCurrentCall(before)
  }
}

/** The function's value, or a promise of the language. In the context of the call. */
export function invoke(fn: AnyFunction, args: readonly unknown[]): unknown {
  return promised(fn(...args))
}

/**
 * What can be awaited and is no promise of the language is awaited as a part of the call: a future looks at who waits for it, and what it resolves with
 * may have to be awaited in turn. Its `then` is read once, as the language does.
 */
export function promised(result: unknown): unknown {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null || isPromise(result)) return result
  const { then } = result as PromiseLike<unknown>
  if (typeof then !== 'function') return result
  return new Promise((resolve, reject) => {
    then.call(result as PromiseLike<unknown>, resolve, reject)
  })
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
      const result = promised(fn(items[offset], start + offset))
      if (isPromise(result)) {
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

function isIterator(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as Iterator<unknown>).next === 'function'
}
