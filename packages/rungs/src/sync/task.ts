// A task is a call that runs here, beside others, as a child of the one that started it. It ends when its code has ended: cancelling asks.
import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'
import { clock } from '../core/clock.js'
import { CancelledError } from '../core/errors.js'
import { isInstance, messageOf, propertyOf } from '../core/foreign.js'
import { cancelFuture, constructionToken, Future, failFuture, fulfilFuture, type ResultOptions, startFuture } from '../core/future.js'
import { areSettlers } from '../core/settlers.js'
import { addReady, hasReadyOrder, soon } from './ready.js'
import { CancelScope, currentScope, type Interruptible } from './scope.js'

export interface TaskInit<T> {
  readonly fn: () => T | PromiseLike<T>
  readonly name?: string | undefined
  readonly parent?: Task<unknown> | undefined
  /** Begins also when it was cancelled before, to pass that on to what it was given. Its first wait throws it. */
  readonly beginsCancelled?: boolean
  /** Whether it is too late to be cancelled by {@link Task.cancel}: only the result is to be given. */
  readonly isOver?: () => boolean
}

const live = new Set<Task<unknown>>()
/** What main has left over: `run` reports the failures of these, and nobody else has to. */
export const leftOver = new WeakSet<Task<unknown>>()
/** Told one after the other: a chain of tasks that await each other may be longer than the stack is deep. */
const toCancel: { readonly task: Task<unknown>; readonly error: CancelledError }[] = []
let lastName = 0

/** Starts `init.fn` as a task, in the context of the caller, after what is running now. */
export let startTask: <T>(init: TaskInit<T>) => Task<T>
/** Asks a task to end, with this error. */
export let cancelTask: (task: Task<unknown>, error: CancelledError) => void
/** The cancellation that the task was last told of. */
export let cancellationOf: (task: Task<unknown>) => CancelledError | undefined
/** What the task waits for now. */
export let waitsOf: (task: Task<unknown>) => Iterable<Interruptible>
/** What ends before the task does, by its groups and gathers. */
export let heldBy: (task: Task<unknown>) => Iterable<ReadonlySet<Future<unknown>>>
/** How many tasks are around it. */
export let depthOf: (task: Task<unknown>) => number
/** While somebody begins to wait for a task: what ends that wait before the task has ended. */
export let rejectWait: Reject | undefined

type Resolve = (value: unknown) => void
type Reject = (reason: unknown) => void

/**
 * A function that runs beside others on this event loop: what {@link TaskGroup.spawn} gives. A {@link Future}, with a name and a parent.
 *
 * `cancel` asks: what the task waits for throws a {@link CancelledError}, and the task is cancelled once it has unwound. Before it has
 * started, it never runs.
 * @example
 * const task = group.spawn(fetchPage, url)
 * task.cancel('not needed')
 * await task // throws CancelledError when its cleanup is done
 */
export class Task<T> extends Future<T> {
  /** Given with `group.with({ name })`, or `Task-1`, `Task-2`, … */
  readonly name: string
  /** The task whose group it belongs to; `undefined` for the `main` of {@link run}, and outside of any task. */
  readonly parent: Task<unknown> | undefined
  /** When it was made, on the clock of `performance.now()`. */
  readonly createdAt: number = clock().now()
  readonly #scope: CancelScope
  readonly #depth: number
  readonly #beginsCancelled: boolean
  #isOver: (() => boolean) | undefined
  #fn: (() => T | PromiseLike<T>) | undefined

  /** @internal Tasks come from {@link TaskGroup.spawn}. */
  constructor(token: unknown, init: TaskInit<T>) {
    if (token !== constructionToken)
      throw new TypeError('A Task comes from spawn() of a TaskGroup, or is that of run(); it has no public constructor')
    super(token, { key: init.name })
    this.name = init.name ?? `Task-${++lastName}`
    this.parent = init.parent
    this.#depth = init.parent === undefined ? 0 : init.parent.#depth + 1
    this.#beginsCancelled = init.beginsCancelled ?? false
    this.#isOver = init.isOver
    this.#fn = init.fn
    this.#scope = new CancelScope(undefined, this)
  }

  /** Aborts when the task is asked to end, and stays aborted: for calls of the platform inside of it. */
  get signal(): AbortSignal {
    return this.#scope.signal
  }

  /**
   * Asks the task to end: what it waits for throws a {@link CancelledError}, once, and its `signal` aborts. It may clean up, waiting as
   * it needs; if it goes on and returns a value, it was not cancelled. Asking again interrupts it again.
   * @returns `false` if it had finished already, `true` otherwise. A gather has finished when all that it waits for has.
   * @example
   * task.cancel('the user left')
   */
  override cancel(reason?: unknown): boolean {
    if (this.done || this.#isOver?.()) return this.cancelled
    this.#scope.cancel(new CancelledError(cancelMessage(reason), { reason }))
    return true
  }

  // A wait inside of a task for another can be ended before that has: see await-future.ts. What ends it is handed there by `rejectWait`.

  /**
   * As {@link Future.result}.
   * @throws {TimeoutError} after `timeout`, {@link CancelledError} if the task was cancelled or `signal` is aborted, and what the task threw.
   * @example
   * const page = await task.result({ timeout: 1_000 })
   */
  override result(options?: ResultOptions): Promise<T> {
    if (!this.#isBreakable()) return super.result(options)
    if (options === undefined) return this.#breakable().then()
    let reject: Reject = () => {}
    const broken = new Promise<never>((_, rejectBroken) => {
      reject = rejectBroken
    })
    return Promise.race([within(reject, () => super.result(options)), broken])
  }

  /** As `then` of a promise. */
  // biome-ignore lint/suspicious/noThenProperty: a future is awaitable.
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    // biome-ignore lint/suspicious/noExplicitAny: as declared by Promise.
    onRejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (!this.#isBreakable()) return super.then(onFulfilled, onRejected)
    if (!areSettlers(onFulfilled, onRejected)) return this.#breakable().then(onFulfilled, onRejected)
    return within(onRejected as Reject, () => super.then(onFulfilled, onRejected))
  }

  /** As `finally` of a promise. */
  override finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#isBreakable() ? this.#breakable().finally(onFinally) : super.finally(onFinally)
  }

  #isBreakable(): boolean {
    return !this.done && currentScope() !== undefined
  }

  /** One promise for one wait. */
  #breakable(): Promise<T> {
    return new Promise((resolve, reject) => void within(reject, () => super.then(resolve as Resolve, reject)))
  }

  /** The name and the state, and the outcome if there is one: what `console.log` shows. */
  override [inspect.custom](depth: number, options: Parameters<typeof inspect>[1], show: typeof inspect): string {
    return super
      [inspect.custom](depth, options, show)
      .replace(/^Future \d+( "(?:[^"\\]|\\.)*")?/, () => `Task ${JSON.stringify(this.name)}`)
  }

  #begin(): void {
    const fn = this.#fn
    this.#fn = undefined
    if (fn === undefined) return
    if (this.#scope.isUndelivered && !this.#beginsCancelled) {
      this.#endCancelled(this.#scope.error)
      return
    }
    startFuture(this)
    try {
      this.#scope.run(() => {
        const result = fn()
        if (!isThenable(result)) this.#endWith(result)
        else {
          // A future is awaited within the scope, so that cancelling the task reaches it.
          const promise = result instanceof Promise ? result : Promise.resolve(result)
          promise.then(
            (value) => this.#endWith(value),
            (error) => this.#endFailed(error),
          )
        }
      })
    } catch (error) {
      this.#endFailed(error)
    }
  }

  #endWith(value: T): void {
    // Asked to end, and no wait has thrown it: the end is the last chance.
    if (this.#scope.isUndelivered) this.#endCancelled(this.#scope.error)
    else {
      this.#end()
      fulfilFuture(this, value)
    }
  }

  #endFailed(error: unknown): void {
    if (isCancellation(error, this.#scope)) this.#endCancelled(error)
    else {
      this.#end()
      failFuture(this, error)
    }
  }

  #endCancelled(error: unknown): void {
    this.#end()
    cancelFuture(this, isInstance(error, CancelledError) ? error : (this.#scope.error ?? new CancelledError('The task was cancelled')))
  }

  #end(): void {
    this.#isOver = undefined
    this.#scope.end()
    live.delete(this)
  }

  static {
    startTask = (init) => {
      const task = new Task(constructionToken, init)
      live.add(task)
      if (hasReadyOrder()) {
        const inContext = AsyncLocalStorage.snapshot()
        addReady({ proceed: () => inContext(() => task.#begin()) })
      } else soon(() => task.#begin())
      return task
    }
    cancelTask = (task, error) => {
      if (toCancel.push({ task, error }) > 1) return
      try {
        // By index: one may wait for the next.
        for (let i = 0; i < toCancel.length; i++) {
          const { task, error } = toCancel[i] as (typeof toCancel)[number] // Within the list.
          task.#scope.cancel(error)
        }
      } finally {
        toCancel.length = 0
      }
    }
    cancellationOf = (task) => task.#scope.error
    waitsOf = (task) => task.#scope.waits()
    depthOf = (task) => task.#depth
    heldBy = (task) => task.#scope.held()
  }
}

function within<R>(reject: Reject, wait: () => R): R {
  rejectWait = reject
  try {
    return wait()
  } finally {
    rejectWait = undefined
  }
}

/**
 * The task that runs here, or `undefined` outside of any. Also after an `await`, also in functions that it has called.
 * @example
 * console.log(currentTask()?.name)
 */
export function currentTask(): Task<unknown> | undefined {
  return currentScope()?.task
}

/**
 * The tasks of this thread that have not ended, in the order of their start.
 * @example
 * for (const task of allTasks()) console.log(task.name)
 */
export function allTasks(): Set<Task<unknown>> {
  return new Set(live)
}

/**
 * Whether an error says that its thrower was cancelled. A platform's own error for that counts if it names a cancellation as its cause, or if
 * `scope` or one around it has one that nothing has thrown: not for a cancellation that was caught long ago.
 */
export function isCancellation(error: unknown, scope: CancelScope): boolean {
  if (isInstance(error, CancelledError)) return true
  if (!isInstance(error, Error) || propertyOf(error, 'name') !== 'AbortError') return false
  return isInstance(propertyOf(error, 'cause'), CancelledError) || scope.hasUndelivered
}

/** The cancellations of which these errors tell: themselves, or what they name as their cause or reason. */
export function cancellationsIn(...errors: readonly unknown[]): ReadonlySet<unknown> {
  const found = new Set(errors)
  // A set gives what is added meanwhile, too, and nothing twice.
  for (const error of found) {
    if (isInstance(error, Error)) found.add(propertyOf(error, 'cause'))
    if (isInstance(error, CancelledError)) found.add(propertyOf(error, 'reason'))
  }
  return found
}

export function cancelMessage(reason: unknown): string {
  const message = messageOf(reason)
  return message === undefined ? 'The task was cancelled' : `The task was cancelled: ${message}`
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && 'then' in value && typeof value.then === 'function'
}
