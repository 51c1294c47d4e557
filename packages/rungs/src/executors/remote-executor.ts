// In a worker: an executor that was handed to a call, or captured by it. Everything is asked of the pool that it belongs to. Loaded by the worker
// itself, which lies below and cannot import it.
import { type CheckedCallOptions, checkCallOptions, defaultCallOptions } from '../core/call-options.js'
import { CancelledError, InvalidStateError } from '../core/errors.js'
import type { CallOptions, Executor, ExecutorStats, MapOptions, MapResults } from '../core/executor.js'
import { cancelFuture, createFuture, type Future, failFuture, fulfilFuture, onDone } from '../core/future.js'
import { requireFunction } from '../core/options.js'
import type { ExecutorFacts, Handle } from '../workers/handle-table.js'
import { type Question, type RemoteObjects, setRemoteExecutors } from '../workers/remote-objects.js'
import type { AnyFunction } from '../workers/work-item.js'
import { mapArgs, starmapArgs } from './map/args.js'
import { runMap } from './map/run-map.js'
import type { Submission, Submitter } from './map/submitter.js'
import { StreamItems } from './stream-items.js'

interface RemoteView {
  readonly handle: Handle
  readonly facts: ExecutorFacts
  readonly remote: RemoteObjects
  readonly options: CheckedCallOptions
  readonly given: CallOptions
}

/** Seen only as {@link Executor}, which says what a map gives: here it is enough that it fits. */
class RemoteExecutor implements Executor {
  readonly #view: RemoteView

  constructor(view: RemoteView) {
    this.#view = view
  }

  get name(): string {
    return this.#view.facts.name
  }

  get stats(): ExecutorStats {
    throw new InvalidStateError(`The figures of ${this.name} are with the thread that made it. Send them along as an argument`)
  }

  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    requireFunction('The first argument of submit()', fn)
    return this.#submit(fn, args, this.#view.given) as Future<Awaited<R>> // What fn gives.
  }

  map<T>(fn: (item: T, index: number) => unknown, items: Iterable<T> | AsyncIterable<T>, options?: MapOptions): MapResults<never> {
    requireFunction('The first argument of map()', fn)
    return runMap(this.#submitter(options), fn, items, mapArgs, options, this.#view.options)
  }

  starmap<A extends unknown[]>(
    fn: (...args: A) => unknown,
    items: Iterable<A> | AsyncIterable<A>,
    options?: MapOptions,
  ): MapResults<never> {
    requireFunction('The first argument of starmap()', fn)
    return runMap(this.#submitter(options), fn, items, starmapArgs, options, this.#view.options)
  }

  stream<A extends unknown[], Y>(fn: (...args: A) => Iterable<Y> | AsyncIterable<Y>, ...args: A): AsyncIterableIterator<Y> {
    requireFunction('The first argument of stream()', fn)
    const { remote, handle, given, facts } = this.#view
    const lend = (): (() => void) => (remote.pool === facts.pool ? remote.lend() : () => {})
    return new RemoteStream<Y>(given.key, lend, (question) =>
      remote.ask(handle.handle, 'stream', fn as AnyFunction, [given, ...args], question),
    )
  }

  with(options: CallOptions): Executor {
    const { transfer: _here, ...given } = { ...this.#view.given, ...options }
    return new RemoteExecutor({ ...this.#view, options: checkCallOptions(options, this.#view.options), given })
  }

  shutdown(): Promise<void> {
    return Promise.reject(this.#notHere('shut down'))
  }

  terminate(): Promise<void> {
    return Promise.reject(this.#notHere('terminated'))
  }

  resize(): void {
    throw this.#notHere('resized')
  }

  /** A handle is not the pool: leaving a block that has one ends nothing. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #notHere(what: string): InvalidStateError {
    return new InvalidStateError(`${this.name} can only be ${what} by the thread that made it; a call has a handle to it`)
  }

  #submit(fn: AnyFunction, args: readonly unknown[], given: CallOptions): Future<unknown> {
    const { remote, handle, facts } = this.#view
    return remote.future({
      key: given.key,
      lends: remote.pool === facts.pool,
      ask: (question) => remote.ask(handle.handle, 'submit', fn, [given, ...args], question),
    })
  }

  #submitter(options: MapOptions | undefined): Submitter {
    const { signal, timeout, deadline, grace, retries, priority, key } = { ...this.#view.given, ...options }
    const given = Object.fromEntries(
      Object.entries({ signal, timeout, deadline, grace, retries, priority, key }).filter(([, value]) => value !== undefined),
    )
    const { maxWorkers } = this.#view.facts
    return {
      maxWorkers,
      // The pool itself is not here to cut chunks for.
      sends: false,
      full: false,
      whenRoom: () => Promise.resolve(),
      check: () => {},
      submit: (fn, args): Submission => measured(this.#submit(fn, args, given)),
      submitChunk: () => {
        throw new InvalidStateError('A handle to an executor sends no chunks')
      },
      reserve: () => {
        throw new InvalidStateError('A handle to an executor reserves nothing')
      },
    }
  }
}

/** What is known here of a call that runs elsewhere. */
function measured(future: Future<unknown>): Submission {
  const started = performance.now()
  let ms = 0
  onDone(future, () => {
    ms = performance.now() - started
  })
  return {
    future,
    get attempts() {
      return future.done && !future.cancelled ? 1 : 0
    },
    get ms() {
      return ms
    },
  }
}

class RemoteStream<Y> implements AsyncIterableIterator<Y> {
  readonly #items = new StreamItems<Y>()
  readonly #lend: () => () => void
  readonly #future: Future<unknown>
  #stop: (reason?: unknown) => void = () => {}

  /** `lend`: the call that reads waits; until what it gives is called. */
  constructor(key: string | undefined, lend: () => () => void, ask: (question: Question) => (reason?: unknown) => void) {
    const future = createFuture<unknown>({ key })
    this.#future = future
    this.#lend = lend
    this.#items.follow(future)
    try {
      this.#stop = ask({
        item: (value) => this.#items.received(value as Y), // What the generator yields.
        fulfilled: (value) => fulfilFuture(future, value),
        rejected: (error) => failFuture(future, error),
        cancelled: (reason) => cancelFuture(future, new CancelledError(undefined, { reason }), reason),
      })
    } catch (error) {
      // It cannot cross: that is told as any failure of the stream.
      failFuture(future, error)
    }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Y>> {
    return this.#items.poll() ?? this.#wait()
  }

  async return(): Promise<IteratorResult<Y>> {
    this.#items.leave()
    if (!this.#future.done) this.#stop()
    return { done: true, value: undefined }
  }

  /** The generator may need the place of the call that reads. */
  #wait(): Promise<IteratorResult<Y>> {
    const over = this.#lend()
    return new Promise((resolve, reject) => {
      this.#items.wait({
        resolve: (result) => {
          over()
          resolve(result)
        },
        reject: (reason) => {
          over()
          reject(reason)
        },
      })
    })
  }
}

setRemoteExecutors((handle, remote) => {
  const facts = handle.facts as ExecutorFacts // Of an executor.
  return new RemoteExecutor({ handle, facts, remote, options: defaultCallOptions, given: {} })
})
