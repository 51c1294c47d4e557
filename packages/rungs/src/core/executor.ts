// The contract that every rung keeps: the same submit and map, whatever runs the call.
import type { Future } from './future.js'
import type { RetryPolicy } from './retry.js'

/** What can be moved to a thread instead of copied: an `ArrayBuffer`, a `MessagePort`, a stream, … */
export type Transferable = import('node:worker_threads').TransferListItem

/** How each call of {@link Executor.with} is run. */
export interface CallOptions {
  /** Aborting it cancels the call, wherever it is. Its future ends with `CancelledError`, whose `reason` is that of the signal. */
  readonly signal?: AbortSignal | undefined
  /**
   * Milliseconds for each attempt, from its start. Then the call's `signal` aborts, and the future fails with `TimeoutError`; if the call
   * goes on for longer than `grace`, its worker is replaced.
   */
  readonly timeout?: number | undefined
  /**
   * Milliseconds for all of it, from `submit`: waiting in the queue, all attempts, the pauses between them. Then as `timeout`; what
   * the last attempt failed with is the `cause` of the error.
   */
  readonly deadline?: number | undefined
  /** Milliseconds that a call has to end by itself after its `signal` aborted. Default 1,000. */
  readonly grace?: number | undefined
  /** How often a call that failed is tried again; a cancelled one never is. A number, or a policy with pauses and a condition. Default 0. */
  readonly retries?: number | RetryPolicy | undefined
  /** Calls with a higher one start first; those with the same, in the order of their submission. Default 0. */
  readonly priority?: number | undefined
  /** What among the arguments is moved instead of copied. Or wrap a value: `transfer(buffer)`. */
  readonly transfer?: readonly Transferable[] | undefined
  /** A stable name of the call, for errors, logs and dashboards. */
  readonly key?: string | undefined
  /** Gets what the call reports with `currentCall().progress(value)`: in order, before its result settles. */
  readonly onProgress?: ((value: unknown, future: Future<unknown>) => void) | undefined
}

/** How {@link Executor.map} reads, runs and gives. The {@link CallOptions} are meant for each item. */
export interface MapOptions extends CallOptions {
  /** Results in the order of the items (the default), or as they come. */
  readonly ordered?: boolean | undefined
  /**
   * How many items at most are read and not yet given as results. Default: all of an iterable, read before `map` returns; 2 × `maxWorkers`
   * of an async iterable. Needed for a source without an end.
   */
  readonly bufferSize?: number | undefined
  /**
   * How many items go to a worker in one message; `'auto'` measures. Errors, progress and timeouts stay those of single items. As in Python's
   * `Pool.map`, the items of one message are one copy, made when it is sent: what two of them have in common, or the function has captured, is one
   * object for both, and so are their results when they go back. `maxTasksPerWorker` counts messages. Ignored for tasks, which send nothing. Default 1.
   */
  readonly chunkSize?: number | 'auto' | undefined
  /** Milliseconds from the call to `map` until the last result. Then the iteration ends with `TimeoutError`, and what is left is cancelled. */
  readonly mapTimeout?: number | undefined
  /**
   * `'throw'`, the default: the iteration ends with the error of the first item that failed, in order, and calls that have not started are
   * cancelled. `'settle'`: a failure is a result too, and the iteration gives {@link SettledResult} records.
   */
  readonly onError?: 'throw' | 'settle' | undefined
  /** Called with the state of things after each item, at most some times a second; `true` draws a bar on stderr if that is a terminal. */
  readonly progress?: boolean | ((progress: Progress) => void) | undefined
}

/** How far a map is. */
export interface Progress {
  /** Items that have ended, in whichever way. */
  readonly done: number
  /** How many items there are; `undefined` while the source has not ended. */
  readonly total: number | undefined
  /** Items that have failed, of those that have ended. */
  readonly failed: number
  /** Items that are running. */
  readonly running: number
  /** Items that ended per second, lately. */
  readonly ratePerSecond: number
  /** Milliseconds until the end at this rate; `undefined` when that cannot be told. */
  readonly etaMs: number | undefined
}

/** What became of one item of a map with `onError: 'settle'`. */
export type SettledResult<R, T = unknown> = SettledValue<R, T> | SettledFailure<T>

/** An item whose call gave a value. */
export interface SettledValue<R, T = unknown> extends SettledRecord<T> {
  /** It went well. */
  readonly status: 'fulfilled'
  /** What the call gave. */
  readonly value: R
}

/** An item whose call failed. */
export interface SettledFailure<T = unknown> extends SettledRecord<T> {
  /** It went wrong. */
  readonly status: 'rejected'
  /** What the call threw. */
  readonly reason: unknown
}

/** What is known of every item of a map with `onError: 'settle'`. */
export interface SettledRecord<T = unknown> {
  /** Its place in the source, from 0. */
  readonly index: number
  /** The item itself. */
  readonly input: T
  /** How often it was tried. 0 if it never started. */
  readonly attempts: number
  /** Milliseconds from its first start to its end. */
  readonly ms: number
}

/**
 * The results of a map: iterate with `for await`, or collect them. Leaving the loop cancels what has not started. It keeps no result that it
 * has given. Cancelling the task of `rungs/sync` that waits for a result ends the map, and all its calls.
 */
export interface MapResults<R> extends AsyncIterableIterator<R> {
  /**
   * All results that have not been given yet.
   * @throws what the iteration would throw
   */
  toArray(): Promise<R[]>
  /** Ends the iteration: what has not started is cancelled. */
  return(value?: unknown): Promise<IteratorResult<R>>
}

/** What an executor has done and is doing. A snapshot: reading it again gives new figures. */
export interface ExecutorStats {
  /** Workers that are there, also starting ones. */
  readonly workers: number
  /** Workers that run nothing. */
  readonly idle: number
  /** Calls that wait for a worker. */
  readonly queued: number
  /** Calls that run, also cancelled ones that have not ended. */
  readonly running: number
  /** Calls that gave a value. */
  readonly done: number
  /** Calls that failed. */
  readonly failed: number
  /** Calls that were cancelled. */
  readonly cancelled: number
  /** Attempts after the first. */
  readonly retried: number
  /** Workers that were started in the place of one that died, or was replaced. */
  readonly restarts: number
  /** Milliseconds that calls have run, all workers together. */
  readonly busyMs: number
  /** The limit: how many workers there may be. */
  readonly maxWorkers: number
}

/** How {@link Executor.shutdown} ends. */
export interface ShutdownOptions {
  /** `false`: the promise does not wait for the calls; they run to their end all the same. Default `true`. */
  readonly wait?: boolean | undefined
  /** Cancels what has not started. Default `false`: it still runs. */
  readonly cancelFutures?: boolean | undefined
}

/** How {@link Executor.terminate} ends. */
export interface TerminateOptions {
  /** Processes: SIGKILL instead of SIGTERM. Threads are always ended at once. */
  readonly kill?: boolean | undefined
}

/**
 * Runs calls: on this event loop, on threads, in processes or on other machines. All rungs have this interface, so a program changes one word
 * to move. Calls start in the order of their submission within a priority.
 * @example
 * await using pool = new ThreadPoolExecutor(4)
 * const future = pool.submit(double, 21)
 * for await (const result of pool.map(double, [1, 2, 3])) console.log(result)
 */
export interface Executor extends AsyncDisposable {
  /** What its workers are named after. */
  readonly name: string
  /** What it has done and is doing. */
  readonly stats: ExecutorStats

  /**
   * Schedules `fn(...args)` and returns at once. The future fails with what `fn` throws, or with `NotShippableError` if the function or a
   * value cannot cross to the worker.
   * @throws {TypeError} if `fn` is not a function; {@link ExecutorShutdownError}, {@link BrokenExecutorError}, {@link QueueFullError}
   * @example
   * const future = pool.submit(Math.max, 1, 2)
   */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>>

  /**
   * Calls `fn(item, index)` for every item. Submits at the call, not at the first `next()`; see `bufferSize` for sources without an end.
   * @throws as `submit`, and what reading an iterable throws
   * @example
   * const lengths = await pool.map((text: string) => text.length, ['a', 'bc']).toArray()
   */
  map<T, R>(
    fn: (item: T, index: number) => R,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions & { readonly onError: 'settle' },
  ): MapResults<SettledResult<Awaited<R>, T>>
  map<T, R>(
    fn: (item: T, index: number) => R,
    items: Iterable<T> | AsyncIterable<T>,
    options?: MapOptions & { readonly onError?: 'throw' | undefined },
  ): MapResults<Awaited<R>>
  map<T, R>(
    fn: (item: T, index: number) => R,
    items: Iterable<T> | AsyncIterable<T>,
    options?: MapOptions,
  ): MapResults<Awaited<R> | SettledResult<Awaited<R>, T>>

  /**
   * `map` for functions of several parameters: each item is the tuple of arguments.
   * @throws as `map`
   * @example
   * const powers = await pool.starmap(Math.pow, [[2, 3], [3, 2]]).toArray()
   */
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    items: Iterable<A> | AsyncIterable<A>,
    options: MapOptions & { readonly onError: 'settle' },
  ): MapResults<SettledResult<Awaited<R>, A>>
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    items: Iterable<A> | AsyncIterable<A>,
    options?: MapOptions & { readonly onError?: 'throw' | undefined },
  ): MapResults<Awaited<R>>
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    items: Iterable<A> | AsyncIterable<A>,
    options?: MapOptions,
  ): MapResults<Awaited<R> | SettledResult<Awaited<R>, A>>

  /**
   * Runs a (async) generator function there and gives here what it yields, with back-pressure: it runs only a few items ahead of the reader.
   * Leaving the loop ends the generator, whose `finally` runs; if it is waiting in
   * the middle of an item, its `signal` aborts first. What has not ended within its `grace` is cancelled. Cancelling the task of `rungs/sync` that waits
   * for an item cancels the call. Starts at the call. While it waits for its reader, its place in the pool is free for other calls.
   * @throws as `submit`; the iteration throws what the generator throws
   * @example
   * for await (const line of pool.stream(readLines, 'big.log')) if (line.includes('error')) break
   */
  stream<A extends unknown[], Y>(fn: (...args: A) => Iterable<Y> | AsyncIterable<Y>, ...args: A): AsyncIterableIterator<Y>

  /**
   * The same pool seen with call options. Options of an earlier `with` stay unless named again.
   * @throws {TypeError} or {@link RangeError} if an option is unknown or wrong
   * @example
   * const answer = await pool.with({ timeout: 5_000, retries: 2 }).submit(ask, device)
   */
  with(options: CallOptions): Executor

  /**
   * Refuses new calls, waits for the queued and running ones, and ends the workers. Calling it again waits for the same. `await using` does it.
   * @throws {InvalidStateError} (as a rejection) in a call of the pool itself, which would wait for its own end. A call on a task may use `wait: false`.
   * @example
   * await pool.shutdown({ cancelFutures: true })
   */
  shutdown(options?: ShutdownOptions): Promise<void>

  /**
   * Ends the workers now. Queued and running calls end with `CancelledError`; nothing is left unsettled.
   * @example
   * await pool.terminate()
   */
  terminate(options?: TerminateOptions): Promise<void>

  /**
   * Changes how many workers there may be. More take waiting calls at once; those too many end after their call.
   * @throws {RangeError} when it is less than 1 or not an integer
   */
  resize(maxWorkers: number): void
}
