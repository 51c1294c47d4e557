// A Future is what stays here of a call: its state, and at the end its outcome.
//
//   pending ──start()──▶ running ──settle()──▶ finished
//      └──────────── cancel() ──▶ cancelled             finished and cancelled are final
//
// It has a native promise only once somebody awaits it: most futures of a large batch are waited for in groups and never need one.
// Docs: docs/decisions/0001-future-is-awaitable.md, 0002-unobserved-failures.md, 0003-cancel-of-a-running-call.md.
import { inspect } from 'node:util'
import { callerContext } from './async-context.js'
import { type CallSite, framesOf } from './call-site.js'
import { beforeCallout, callout } from './callout.js'
import { CancelledError, InvalidStateError, TimeoutError } from './errors.js'
import { messageOf } from './foreign.js'
import { checkLimits, limitedWait } from './limited-wait.js'
import { requireDuration, requireFunction, requireKey, requireKnown } from './options.js'
import type { Outcome } from './outcome.js'
import { report } from './report.js'
import { areSettlers, type Settler, Settlers } from './settlers.js'
import { type Unobserved, watch, withdraw } from './unobserved.js'

/** What can be asked of a future: whether its call waits, runs, has finished (with a value or an error) or was cancelled. */
export type FutureState = 'pending' | 'running' | 'finished' | 'cancelled'

/** How long to wait, and what ends the wait. The call goes on regardless. */
export interface ResultOptions {
  /** Milliseconds after which the wait ends with {@link TimeoutError}. Default: none. */
  readonly timeout?: number | undefined
  /** Aborting it ends the wait with {@link CancelledError}, whose `reason` is that of the signal. */
  readonly signal?: AbortSignal | undefined
}

/** Who runs the call of a future. */
export interface Driver {
  /** The future has just been cancelled; end the call wherever it is. */
  cancel?(future: Future<unknown>, reason: unknown): void
  /** Whether the call has begun, where that is found out only by looking. */
  isRunning?(future: Future<unknown>): boolean
  /** Blocks this thread until the future is done or `ms` have passed. Absent where the call needs this very thread. */
  readonly waitSync?: ((future: Future<unknown>, ms: number) => void) | undefined
  /** Somebody waits for the future. */
  awaited?(future: Future<unknown>): void
  /** Whether the code that runs now is a part of its call, which would wait for itself. */
  isOwn?(future: Future<unknown>): boolean
}

/** Told once when a future is done; must not throw. */
type Listener = (future: Future<unknown>) => void
/** A listener, or the promise of an `await`. */
type Waiter = Listener | Settlers

export interface FutureInit {
  readonly driver?: Driver | undefined
  readonly key?: string | undefined
  readonly site?: CallSite | undefined
}

const PENDING = 0
const RUNNING = 1
const FULFILLED = 2
const REJECTED = 3
const CANCELLED = 4
const names: readonly FutureState[] = ['pending', 'running', 'finished', 'finished', 'cancelled']

const construction = Symbol('construction')
let lastId = 0

/** The numbers that follow that of the last future are for so many calls without one. */
export function reserveIds(count: number): void {
  lastId += count
}

// For the layers above, which own the futures they make. Not part of the public surface.

/** A pending future that `init.driver` runs. */
export let createFuture: <T>(init: FutureInit) => Future<T>
/** pending → running; false if it was not pending. */
export let startFuture: (future: Future<unknown>) => boolean
/** → finished with a value; false if it was done. */
export let fulfilFuture: <T>(future: Future<T>, value: T) => boolean
/** → finished with a reason; false if it was done. */
export let failFuture: (future: Future<unknown>, reason: unknown) => boolean
/** → cancelled, with this error for whoever awaits it; the driver is told. False if it was done. */
export let cancelFuture: (future: Future<unknown>, error: CancelledError, reason?: unknown) => boolean
/** Calls `listener` when the future is done, at once if it is. Somebody waits: a call that waits for another lends its place. */
export let listen: (future: Future<unknown>, listener: Listener) => void
/** As `listen`, for those who only take note. */
export let onDone: (future: Future<unknown>, listener: Listener) => void
/** Forgets a listener. */
export let unlisten: (future: Future<unknown>, listener: Listener) => void
/** The frames of `submit`, while the call has not ended. */
export let siteOf: (future: Future<unknown>) => string | undefined
/** The outcome of a future that is done; this counts as looking. */
export let outcomeOf: (future: Future<unknown>) => Outcome
/** Whether it has failed, without looking at the failure. */
export let hasFailed: (future: Future<unknown>) => boolean
/** What a subclass of this library hands to the constructor. */
export let constructionToken: symbol

let awaiting: ((future: Future<unknown>) => Promise<never> | undefined) | undefined

/** `told` hears whenever somebody begins to wait for a future, and may give what to wait for instead: `sync` sets it, which knows tasks. */
export function onAwait(told: typeof awaiting): void {
  awaiting = told
}

/** What {@link Future.withResolvers} gives: a future, and the means to settle it. */
export interface FutureResolvers<T> {
  /** The future itself. */
  readonly future: Future<T>
  /** pending → running. @returns `false` if the future was cancelled: the call must not run. @throws {InvalidStateError} if it runs or is done. */
  start(): boolean
  /** Ends the future with a value; with an error if the value is the future itself. @throws {InvalidStateError} if it is done. */
  resolve(value: T): void
  /** Ends the future with an error, or whatever was thrown. @throws {InvalidStateError} if it is done. */
  reject(reason: unknown): void
}

/**
 * The result of a call that may not have ended yet. `await` it, ask for its state, cancel it.
 *
 * It is seen as a `Promise` by the language, by linters and by types, but a failing future never raises `unhandledRejection` by itself:
 * submit many, then await one after the other. A failure that nobody looked at before the future is collected, or the process ends, is
 * reported as a warning of the process, once, with the place of its `submit`.
 * @example
 * const future = pool.submit(double, 21)
 * future.state // 'pending'
 * await future // 42
 */
export class Future<T> implements Promise<T> {
  /** Unique within this process, ascending in the order of creation. */
  readonly id: number = ++lastId
  /** The stable name that the call was given with `with({ key })`. */
  declare readonly key?: string
  /** `'Future'`: what `Object.prototype.toString` shows. */
  declare readonly [Symbol.toStringTag]: string

  #state = PENDING
  /** The value, the reason of the failure, or the CancelledError, by state. */
  #result: unknown = undefined
  /** Emptied when done: a future must not keep a pool alive. */
  #driver: Driver | undefined
  #site: CallSite | undefined
  /** Of the first `await`, if that came before all else that waits: most futures have no other. */
  #resolve: Settler | undefined = undefined
  #reject: Settler | undefined = undefined
  #listeners: Waiter | Waiter[] | undefined = undefined
  /** Made when somebody asks for more than the two functions of an `await` tell; they settle it. */
  #promise: Promise<T> | undefined = undefined
  #looked = false
  #unobserved: Unobserved | undefined = undefined

  /** @internal Futures come from `submit` and from {@link Future.withResolvers}. */
  constructor(token: unknown, init: FutureInit = {}) {
    if (token !== construction) {
      throw new TypeError('A Future comes from submit() of an executor, or from Future.withResolvers(); it has no public constructor')
    }
    this.#driver = init.driver
    this.#site = init.site
    if (init.key !== undefined) this.key = init.key
  }

  /**
   * A future together with the functions that settle it, for those who write executors. Cancelling it settles it at once: `onCancel` is called
   * first, then the done-callbacks.
   * @throws {InvalidStateError} from `start`, `resolve` and `reject` on a future that is done.
   * @example
   * const { future, start, resolve } = Future.withResolvers<number>()
   * if (start()) resolve(42)
   */
  static withResolvers<T>(
    options: { key?: string | undefined; onCancel?: ((reason: unknown) => void) | undefined } = {},
  ): FutureResolvers<T> {
    requireKnown('The options of withResolvers()', options, ['key', 'onCancel'])
    const { key, onCancel } = options
    requireKey(key)
    if (onCancel !== undefined) requireFunction('onCancel', onCancel)
    const driver = onCancel === undefined ? undefined : { cancel: (_: Future<unknown>, reason: unknown) => onCancel(reason) }
    const future = new Future<T>(construction, { driver, key })
    const settle = (outcome: Outcome<T>): void => {
      if (!future.#settle(outcome)) throw new InvalidStateError(`${inspect(future)} is done and cannot be settled again`)
    }
    return {
      future,
      start: () => {
        if (future.#state === CANCELLED) return false
        if (!future.#start()) throw new InvalidStateError(`${inspect(future)} cannot be started: it is ${future.state}`)
        return true
      },
      resolve: (value) => {
        const isCycle = future.#comesFrom(value)
        settle(isCycle ? { status: 'rejected', reason: new TypeError(chainingCycle) } : { status: 'fulfilled', value })
      },
      reject: (reason) => settle({ status: 'rejected', reason }),
    }
  }

  /** Where the call is. */
  get state(): FutureState {
    if (this.#state === PENDING && this.#driver?.isRunning?.(this)) this.#start()
    return names[this.#state] as FutureState // An index that the constants above are in.
  }

  /** Whether the call has ended in any way: finished or cancelled. */
  get done(): boolean {
    return this.#state >= FULFILLED
  }

  /** Whether the call has begun and not ended. */
  get running(): boolean {
    return this.state === 'running'
  }

  /** Whether the call was cancelled. */
  get cancelled(): boolean {
    return this.#state === CANCELLED
  }

  /**
   * Ends the call wherever it is; the future is cancelled at once. A queued call never runs. A running one sees its `signal` abort, and
   * if it goes on for longer than `grace`, its worker is replaced. (Python cannot cancel what runs.)
   * @returns `false` if the call had finished already, `true` otherwise, also when it was cancelled before.
   * @example
   * future.cancel('no longer needed')
   */
  cancel(reason?: unknown): boolean {
    if (this.#state === CANCELLED) return true
    return this.#cancel(reason === undefined ? new CancelledError() : new CancelledError(cancelMessage(reason), { reason }), reason)
  }

  /**
   * Waits for the value. Without options the same as `await future`. When the wait ends early the call goes on.
   * @throws {TimeoutError} after `timeout`, {@link CancelledError} if the call was cancelled or `signal` is aborted, and what the call threw.
   * @example
   * const value = await future.result({ timeout: 1_000 })
   */
  result(options?: ResultOptions): Promise<T> {
    const instead = awaiting?.(this)
    if (instead !== undefined) return instead
    this.#look()
    return options === undefined ? this.#native().then() : this.#limited(options)
  }

  /**
   * Waits for the end and gives what the call threw; `undefined` after success.
   * @throws {TimeoutError} after `timeout`, {@link CancelledError} if the call was cancelled or `signal` is aborted.
   * @example
   * const error = await future.exception()
   */
  exception(options?: ResultOptions): Promise<unknown> {
    return this.result(options).then(
      () => undefined,
      (reason) => {
        if (this.#state === REJECTED && Object.is(reason, this.#result)) return reason
        throw reason
      },
    )
  }

  /**
   * Blocks this thread until the call is done, as Python's `result()`, and gives its value. For scripts and for code that cannot await;
   * nothing else runs on this thread meanwhile. For calls on threads and processes: a task needs this very thread. A thread that was started
   * while this one was blocked, and whose memory is full, dies without anyone hearing of it: give a `timeout` where that may happen.
   * @throws {TimeoutError} after `timeout`, {@link CancelledError} if the call was cancelled, {@link InvalidStateError} if waiting could
   *   never end, and what the call threw.
   * @example
   * const value = future.resultSync({ timeout: 1_000 })
   */
  resultSync(options: { readonly timeout?: number | undefined } = {}): T {
    requireKnown('The options of resultSync()', options, ['timeout'])
    const { timeout = Number.POSITIVE_INFINITY } = options
    requireDuration('timeout', timeout)
    this.#look(true)
    if (!this.done) {
      if (this.#driver?.waitSync === undefined) {
        throw new InvalidStateError('resultSync() would never return: the call needs this thread, which it would block. Use await')
      }
      this.#driver.waitSync(this, timeout)
    }
    if (this.#state === FULFILLED) return this.#result as T // What it was settled with.
    if (this.done) throw this.#result
    throw new TimeoutError(`The call had not ended after ${timeout} ms`)
  }

  /**
   * Calls `fn` with this future when it is done: in the order in which they were added, once, at once if it is done already, and in the
   * async context in which it was added. An error that `fn` throws is reported as a warning of the process; the other callbacks still run.
   * @throws {TypeError} if `fn` is not a function.
   * @example
   * future.addDoneCallback(({ state }) => console.log(state))
   */
  addDoneCallback(fn: (future: Future<T>) => void): void {
    requireFunction('The callback', fn)
    this.#look()
    const context = callerContext()
    const listener = (): void => {
      try {
        const returned: unknown = callout(() => context.runInAsyncScope(fn, undefined, this))
        // An async callback fails later; that is not lost either.
        if (returned instanceof Promise) returned.then(undefined, (error) => report('RUNGS_CALLBACK', 'A done-callback failed', error))
      } catch (error) {
        report('RUNGS_CALLBACK', 'A done-callback threw', error)
      }
    }
    if (this.done) listener()
    else this.#listen(listener)
  }

  /**
   * As `then` of a promise.
   * @throws {InvalidStateError} as a rejection, when a task awaits its own future.
   */
  // biome-ignore lint/suspicious/noThenProperty: a future is awaitable.
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    // biome-ignore lint/suspicious/noExplicitAny: as declared by Promise, so that a handler may name the error it expects.
    onRejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const instead = awaiting?.(this)
    if (instead !== undefined) return instead.then(onFulfilled, onRejected)
    const settles = areSettlers(onFulfilled, onRejected)
    if (settles && this.#state < FULFILLED && this.#driver?.isOwn?.(this)) {
      ;(onRejected as Settler)(new InvalidStateError('A call cannot await its own future: neither would ever end'))
      return this as unknown as Promise<A | B>
    }
    this.#look()
    if (settles) {
      this.#settles(onFulfilled as Settler, onRejected as Settler)
      // Whoever hands over the two functions of a promise has that promise, and wants none.
      return this as unknown as Promise<A | B>
    }
    return this.#native().then(onFulfilled, onRejected)
  }

  /** As `catch` of a promise. */
  // biome-ignore lint/suspicious/noExplicitAny: as declared by Promise.
  catch<B = never>(onRejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onRejected)
  }

  /** As `finally` of a promise. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    const instead = awaiting?.(this)
    if (instead !== undefined) return instead.finally(onFinally)
    this.#look()
    return this.#native().finally(onFinally)
  }

  /** The state, and the outcome if there is one: what `console.log` shows. */
  [inspect.custom](depth: number, options: Parameters<typeof inspect>[1], show: typeof inspect): string {
    const label = this.key === undefined ? `Future ${this.id}` : `Future ${this.id} ${JSON.stringify(this.key)}`
    if (this.#state === FULFILLED) return `${label} { ${depth < 0 ? '…' : show(this.#result, options)} }`
    if (this.#state === REJECTED) return `${label} { <failed> ${depth < 0 ? '…' : show(this.#result, options)} }`
    return `${label} { <${this.state}> }`
  }

  /** `blocks`: the thread waits, not only the code; `waitSync` of the driver tells for itself. */
  #look(blocks = false): void {
    if (!this.#looked) {
      this.#looked = true
      if (!blocks) this.#driver?.awaited?.(this)
    }
    if (this.#unobserved !== undefined) {
      withdraw(this.#unobserved)
      this.#unobserved = undefined
    }
  }

  #native(): Promise<T> {
    if (this.#promise === undefined) {
      if (this.#state === FULFILLED)
        this.#promise = Promise.resolve(this.#result as T) // What it was settled with.
      else if (this.done) this.#promise = Promise.reject(this.#result)
      else {
        this.#promise = new Promise((resolve, reject) => {
          this.#settles(resolve as Settler, reject) // Called with a T only.
        })
      }
    }
    return this.#promise
  }

  #limited(options: ResultOptions): Promise<T> {
    const native = this.#native()
    // The wait may end before the call does; its failure is then nobody's, and must not end the process.
    native.catch(() => {})
    const limits = checkLimits(options)
    return this.done || limits === undefined ? native.then() : limitedWait(this, native, limits)
  }

  #settles(resolve: Settler, reject: Settler): void {
    if (this.#state === FULFILLED) resolve(this.#result)
    else if (this.done) reject(this.#result)
    else if (this.#resolve === undefined && this.#listeners === undefined) {
      this.#resolve = resolve
      this.#reject = reject
    } else this.#listen(new Settlers(resolve, reject))
  }

  #listen(waiter: Waiter): void {
    if (this.#listeners === undefined) this.#listeners = waiter
    else if (Array.isArray(this.#listeners)) this.#listeners.push(waiter)
    else this.#listeners = [this.#listeners, waiter]
  }

  #tell(waiter: Waiter): void {
    if (typeof waiter === 'function') {
      beforeCallout()
      waiter(this)
    } else this.#settles(waiter.resolve, waiter.reject)
  }

  #start(): boolean {
    if (this.#state !== PENDING) return false
    this.#state = RUNNING
    return true
  }

  /** Whether what it is resolved with, a future, has in turn been resolved with it. */
  #comesFrom(value: unknown): boolean {
    let from = value
    while (typeof from === 'object' && from !== null && #state in from && from !== this) {
      if (from.#state !== FULFILLED) return false
      from = from.#result
    }
    return from === this
  }

  #settle(outcome: Outcome<T>): boolean {
    return outcome.status === 'fulfilled' ? this.#fulfil(outcome.value) : this.#fail(outcome.reason)
  }

  #fulfil(value: T): boolean {
    if (this.#state >= FULFILLED) return false
    this.#state = FULFILLED
    this.#result = value
    this.#ended()
    return true
  }

  #fail(reason: unknown): boolean {
    if (this.#state >= FULFILLED) return false
    this.#state = REJECTED
    this.#result = reason
    if (!this.#looked) {
      const label = this.key === undefined ? 'A call' : `The call ${JSON.stringify(this.key)}`
      this.#unobserved = watch(this, { reason, site: this.#site, label })
    }
    this.#ended()
    return true
  }

  #cancel(error: CancelledError, reason: unknown): boolean {
    if (this.#state >= FULFILLED) return false
    const driver = this.#driver
    this.#state = CANCELLED
    this.#result = error
    // Who runs the call is told first: the callbacks may block for other calls, or end all. Who cancels knows; nobody else need look. A cancelled call is
    // not a failure.
    try {
      driver?.cancel?.(this, reason)
    } finally {
      this.#ended()
    }
    return true
  }

  #ended(): void {
    this.#driver = undefined
    this.#site = undefined
    const resolve = this.#resolve
    if (resolve !== undefined) {
      const reject = this.#reject as Settler // They come together.
      this.#resolve = undefined
      this.#reject = undefined
      if (this.#state === FULFILLED) resolve(this.#result)
      else reject(this.#result)
    }
    const listeners = this.#listeners
    if (listeners === undefined) return
    this.#listeners = undefined
    if (Array.isArray(listeners)) for (const waiter of listeners) this.#tell(waiter)
    else this.#tell(listeners)
  }

  static {
    Object.defineProperty(Future.prototype, Symbol.toStringTag, { value: 'Future', configurable: true })
    // Seen as a promise by instanceof, and by linters that look for floating promises. The native slots are not there.
    Object.setPrototypeOf(Future.prototype, Promise.prototype)
    createFuture = (init) => new Future(construction, init)
    startFuture = (future) => future.#start()
    fulfilFuture = (future, value) => future.#fulfil(value)
    failFuture = (future, reason) => future.#fail(reason)
    cancelFuture = (future, error, reason) => future.#cancel(error, reason)
    listen = (future, listener) => {
      if (!future.done) future.#driver?.awaited?.(future)
      onDone(future, listener)
    }
    onDone = (future, listener) => {
      if (future.done) listener(future)
      else future.#listen(listener)
    }
    unlisten = (future, listener) => {
      const listeners = future.#listeners
      if (listeners === listener) future.#listeners = undefined
      else if (Array.isArray(listeners)) {
        const index = listeners.indexOf(listener)
        if (index >= 0) listeners.splice(index, 1)
      }
    }
    siteOf = (future) => framesOf(future.#site)
    hasFailed = (future) => future.#state === REJECTED
    outcomeOf = (future) => {
      future.#look()
      return future.#state === FULFILLED ? { status: 'fulfilled', value: future.#result } : { status: 'rejected', reason: future.#result }
    }
    constructionToken = construction
  }
}

/** As a promise says it. */
const chainingCycle = 'Chaining cycle detected for a future: it was resolved with itself'

function cancelMessage(reason: unknown): string {
  const message = messageOf(reason)
  return message === undefined ? 'The call was cancelled' : `The call was cancelled: ${message}`
}
