// What all executors of one machine have in common: the interface `Executor` over a pool of workers. `with` gives another view of the same pool.
import { inspect } from 'node:util'
import { type CheckedCallOptions, checkCallOptions, defaultCallOptions } from '../core/call-options.js'
import type {
  CallOptions,
  Executor,
  ExecutorStats,
  MapOptions,
  MapResults,
  SettledResult,
  ShutdownOptions,
  TerminateOptions,
} from '../core/executor.js'
import type { Future } from '../core/future.js'
import { requireFunction, requireInteger, requireKnown, requireOneOf } from '../core/options.js'
import { library } from '../core/places.js'
import { type ExecutorAccess, makeShippable } from '../workers/handle-table.js'
import type { WorkerPool } from '../workers/pool.js'
import type { PoolOptions } from '../workers/pool-options.js'
import type { AnyFunction } from '../workers/work-item.js'
import { mapArgs, starmapArgs } from './map/args.js'
import { runMap } from './map/run-map.js'
import { poolStream } from './pool-stream.js'
import { PoolSubmitter } from './pool-submitter.js'

export interface PoolView {
  readonly pool: WorkerPool
  readonly id: number
  readonly name: string
  /** Whether calls are sent anywhere. */
  readonly sends: boolean
  readonly waits: boolean
  readonly options: CheckedCallOptions
  /** The class of the executor that `with` was called on, for people. */
  readonly kind?: string | undefined
}

/** Loaded by workers to which an executor is handed. */
const executors = new URL('executors/remote-executor.js', library).href

let lastPool = 0

/** Identifies a pool among those of this thread. */
export function nextPoolId(): number {
  return ++lastPool
}

/** An executor over a pool of this process. See {@link Executor}. */
export class PoolExecutor implements Executor {
  readonly #view: PoolView

  constructor(view: PoolView) {
    this.#view = view
  }

  /** What its workers are named after. */
  get name(): string {
    return this.#view.name
  }

  /** What it has done and is doing. */
  get stats(): ExecutorStats {
    return this.#view.pool.stats
  }

  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    requireFunction('The first argument of submit()', fn)
    const { pool, options } = PoolExecutor.#of(this, 'submit')
    return pool.call(fn, args, options, this.submit) as Future<Awaited<R>> // What fn gives.
  }

  // The overloads stand here again because a class takes none from its interface. A property of the type `Executor['map']` would be no method: a
  // subclass could not override it with one.
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
  map<T>(fn: (item: T, index: number) => unknown, items: Iterable<T> | AsyncIterable<T>, options?: MapOptions): MapResults<never> {
    requireFunction('The first argument of map()', fn)
    const { options: given } = PoolExecutor.#of(this, 'map')
    return runMap(this.#submitter(this.map), fn, items, mapArgs, options, given, this.map)
  }

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
  starmap<A extends unknown[]>(
    fn: (...args: A) => unknown,
    items: Iterable<A> | AsyncIterable<A>,
    options?: MapOptions,
  ): MapResults<never> {
    requireFunction('The first argument of starmap()', fn)
    const { options: given } = PoolExecutor.#of(this, 'starmap')
    return runMap(this.#submitter(this.starmap), fn, items, starmapArgs, options, given, this.starmap)
  }

  stream<A extends unknown[], Y>(fn: (...args: A) => Iterable<Y> | AsyncIterable<Y>, ...args: A): AsyncIterableIterator<Y> {
    requireFunction('The first argument of stream()', fn)
    const { pool, options, waits } = PoolExecutor.#of(this, 'stream')
    return poolStream<Y>(pool, fn, args, options, waits, this.stream)
  }

  with(options: CallOptions): Executor {
    const view = PoolExecutor.#of(this, 'with')
    return new PoolExecutor({ ...view, kind: this.#kind, options: checkCallOptions(options, view.options) })
  }

  shutdown(options: ShutdownOptions = {}): Promise<void> {
    requireKnown('The options of shutdown()', options, ['wait', 'cancelFutures'])
    const { wait = true, cancelFutures = false } = options
    requireOneOf('wait', wait, [true, false])
    requireOneOf('cancelFutures', cancelFutures, [true, false])
    return PoolExecutor.#of(this, 'shutdown').pool.shutdown(wait, cancelFutures)
  }

  terminate(options: TerminateOptions = {}): Promise<void> {
    requireKnown('The options of terminate()', options, ['kill'])
    const { kill = false } = options
    requireOneOf('kill', kill, [true, false])
    return PoolExecutor.#of(this, 'terminate').pool.terminate(kill)
  }

  resize(maxWorkers: number): void {
    requireInteger('maxWorkers', maxWorkers, 1)
    PoolExecutor.#of(this, 'resize').pool.resize(maxWorkers)
  }

  /** Shuts down, and waits for the calls that are queued or running. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown()
  }

  /** The name, and how it is with workers and calls: what `console.log` shows. */
  [inspect.custom](): string {
    const { workers, maxWorkers, queued, running, done, failed, cancelled } = this.stats
    const calls = `queued: ${queued}, running: ${running}, done: ${done}, failed: ${failed}, cancelled: ${cancelled}`
    const end = this.#view.pool.isOpen ? '' : ', shut down'
    return `${this.#kind} ${JSON.stringify(this.name)} { workers: ${workers} of ${maxWorkers}, ${calls}${end} }`
  }

  /** What a method works with. @throws {TypeError} if it was taken off its executor, as in `const { submit } = pool` */
  static #of(executor: unknown, method: string): PoolView {
    if (typeof executor === 'object' && executor !== null && #view in executor) return executor.#view
    throw new TypeError(
      `${method}() was called without its executor. Call it as pool.${method}(…), or pass (...args) => pool.${method}(...args)`,
    )
  }

  get #kind(): string {
    return this.#view.kind ?? this.constructor.name
  }

  /** What lets workers use it. */
  get #access(): ExecutorAccess {
    const { pool, name, id } = this.#view
    return {
      module: executors,
      facts: () => ({ name, maxWorkers: pool.maxWorkers, pool: id }),
      submit: (fn, args, options) => (this.with(options) as PoolExecutor).submit(fn, ...args),
      stream: (fn, args, options) => this.with(options).stream(fn as (...args: unknown[]) => Iterable<unknown>, ...args), // Checked where it runs.
    }
  }

  static {
    makeShippable((value) => (#view in value ? value.#access : undefined))
  }

  #submitter(below: AnyFunction): PoolSubmitter {
    const { pool, sends, waits } = this.#view
    return new PoolSubmitter(pool, sends, waits, below)
  }
}

/** The view with no call options. */
export function viewOf(pool: WorkerPool, id: number, { name, onFull }: PoolOptions, sends: boolean): PoolView {
  return { pool, id, name, sends, waits: onFull === 'wait', options: defaultCallOptions }
}
