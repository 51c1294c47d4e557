// What a map needs of a pool. The pool implements it; a test drives one by hand.
import type { CheckedCallOptions } from '../../core/call-options.js'
import type { CancelledError } from '../../core/errors.js'
import type { Future } from '../../core/future.js'

/** Any function; only its caller knows what it takes. */
// biome-ignore lint/suspicious/noExplicitAny: parameters are checked where map() is called.
export type Callee = (...args: any[]) => unknown

/** One submitted item. The figures are those of now, so read them when the future is done. */
export interface Submission {
  readonly future: Future<unknown>
  /** Attempts that have started so far. */
  readonly attempts: number
  /** Milliseconds from the first start to the end; 0 if it never started. */
  readonly ms: number
  /** Whether it runs now: not while it pauses before its next attempt, when its future still does. Absent where that is not known. */
  isRunning?(): boolean
  /** The attempt that runs is the last, whatever the options say. */
  tryNoMore?(): void
}

/** Several submitted items, in one message. */
export interface ChunkSubmission {
  /**
   * Done after the listener was told of the last item. It fails when the chunk as a whole did, as with `WorkerDiedError`. Cancelling it ends all of it, as that of a
   * single call does: items not begun never run, and the one that runs is aborted and, after `grace`, its worker replaced.
   */
  readonly future: Future<unknown>
  /** Items from this offset on have not begun, and may be submitted again when the future has failed. Read when the future is done. */
  readonly firstNotBegun: number
  /** Items not begun shall not run; the one that runs goes on unharmed, and the future is done after it. */
  cancelNotBegun(): void
}

/** The calls of a chunk. Items: the function gets each with its index, the first of which is `start`. Lists: of arguments, one for each call. */
export type ChunkCalls =
  | { readonly of: 'items'; readonly items: ArrayLike<unknown>; readonly start: number }
  | { readonly of: 'lists'; readonly lists: readonly (readonly unknown[])[] }

/** Told of each item of a chunk once, in order of the offsets, before the chunk's future is done. `ms`: how long each of them took. */
export interface ChunkListener {
  /** Values of consecutive items: the first is that of the item at `from`. */
  values(from: number, values: ArrayLike<unknown>, ms: number): void
  failed(offset: number, reason: unknown, ms: number): void
}

/**
 * Calls that count as submitted, though they are handed over later: those of chunks that are cut late, to fit in size, and what comes back
 * unharmed from a worker that died. While it is not released, the pool does not finish a `shutdown()`.
 */
export interface Reservation {
  /**
   * As that of the {@link Submitter}, but it is accepted after a shutdown too, and whether or not the queue is full.
   * @throws what the futures of these calls would have failed with, had they been in the queue all the time: `CancelledError` after
   *   `shutdown({ cancelFutures: true })` and `terminate()`, `BrokenExecutorError` when the pool is broken.
   */
  submitChunk: Submitter['submitChunk']
  /** No more calls come. Called once. */
  release(): void
}

/** Told of each call of a batch that was not cancelled while it waited, once, as it ends. `ms`: 0 where that was not asked for. */
export interface BatchListener {
  fulfilled(index: number, value: unknown, attempts: number, ms: number): void
  rejected(index: number, reason: unknown, attempts: number, ms: number): void
}

/** Many calls that were submitted together. */
export interface BatchSubmission {
  /** How many are running. */
  readonly running: number
  /** Those that have not begun shall not. */
  cancelPending(): void
  /** Those that are running are cancelled too. */
  cancelAll(error: CancelledError, reason: unknown): void
}

/** Where a map puts its calls. */
export interface Submitter {
  /** That of now; `resize` may change it. */
  readonly maxWorkers: number
  /** Whether calls travel. False for tasks: nothing is gained by chunks there. */
  readonly sends: boolean
  /** Whether the queue holds `maxQueue` calls and `onFull` is `'wait'`. */
  readonly full: boolean
  /** Resolves when it is not full any more. @throws (as a rejection) the error that `submit` would throw, when the pool takes no more calls. */
  whenRoom(): Promise<void>
  /** `told` is called once, when the pool takes no more calls. @returns what ends that. Absent where that is not known */
  readonly onClosing?: ((told: () => void) => () => void) | undefined
  /** All calls of this function have the values that it has captured now. Absent where nothing is sent, or nothing comes later. */
  hold?(fn: Callee): void
  /** Throws what `submit` would throw because the pool takes no calls any more; says nothing about a full queue. */
  check(): void
  /** @throws {ExecutorShutdownError}, {@link BrokenExecutorError}, {@link QueueFullError} */
  submit(fn: Callee, args: readonly unknown[], options: CheckedCallOptions): Submission
  /**
   * Calls of the same function in one message, run one after the other on one worker. Counts as one call in the queue. What cannot be sent
   * because of an argument fails the future with a `NotShippableError` whose `path` begins with `argument`; the map then tries smaller chunks.
   * @throws as `submit`
   */
  submitChunk(fn: Callee, calls: ChunkCalls, options: CheckedCallOptions, listener: ChunkListener): ChunkSubmission
  /**
   * Calls of the same function for all items at once, each with its item and index, which stand in the queue as one. An item is read when its turn
   * comes, and may be dropped by the listener. `timed`: the listener is told how long each took. Absent where each call has to be submitted by itself.
   * @throws as `submit`
   */
  readonly submitBatch?:
    | ((fn: Callee, items: ArrayLike<unknown>, options: CheckedCallOptions, listener: BatchListener, timed: boolean) => BatchSubmission)
    | undefined
  /** @throws as `submit`, but not because of a full queue */
  reserve(): Reservation
}
