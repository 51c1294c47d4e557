// Cancellation is a scope. Every task has one, and timeouts and groups open more inside of it; the innermost is found through
// AsyncLocalStorage, so a wait needs not be told. A scope that is cancelled interrupts the waits inside of it, once:
//
//   open ──cancel()──▶ requested ──a wait throws──▶ delivered ──cancel() again──▶ requested        any of them ──end()──▶ ended
//
// If nothing inside is waiting, the next wait throws. Afterwards waits work again, so that `catch` and `finally` can await.
// The signal of a scope stays aborted. Docs: docs/guide/async.md.
import { AsyncLocalStorage } from 'node:async_hooks'
import { callBorder } from '../core/current-call.js'
import type { CancelledError } from '../core/errors.js'
import type { Future } from '../core/future.js'
import { soon } from './ready.js'
import { createScopeSignal, type ScopeSignal } from './scope-signal.js'
import type { Task } from './task.js'

/** A wait that cancelling can end. */
export interface Interruptible {
  /** Ends the wait with `error`. @returns Whether somebody gets to see the error. */
  interrupt(error: CancelledError): boolean
  /** What is waited for, for people: `Lock.acquire()`. */
  describe(): string
  /** The tasks without which the wait cannot end, where they are known. */
  blockers?(): Iterable<Task<unknown>>
  /** Whether something outside of the tasks of this loop ends it: a call on a worker, a promise of the platform. */
  readonly external?: boolean
  /** The task to which it passes a request to end on, instead of ending. */
  readonly awaited?: Task<unknown> | undefined
  /** Whether it has passed one on. */
  readonly hasPassed?: boolean
}

const storage = new AsyncLocalStorage<CancelScope | undefined>()

/** How many open scopes have a cancellation that no wait has thrown yet: while it is 0, a wait needs not look for its scope. */
export let undelivered = 0
/** Counts the cancellations, so that those before the opening of a scope can be told from those after. */
let lastOrder = 0

/** Of a cancellation: those that it follows from. Who has been told of one of them has been told of it. */
const origins = new WeakMap<CancelledError, ReadonlySet<unknown>>()

/** Notes that `error` only passes on that something has ended by one of the cancellations `from`. */
export function followsFrom(error: CancelledError, from: ReadonlySet<unknown>): CancelledError {
  if (from.size > 0) origins.set(error, from)
  return error
}

function isSame(told: CancelledError, error: CancelledError): boolean {
  return told === error || (origins.get(error)?.has(told) ?? false)
}

export class CancelScope {
  /** The scope around this one, within the same task. */
  readonly parent: CancelScope | undefined
  /** The task that runs inside; undefined for a scope opened outside of any. */
  readonly task: Task<unknown> | undefined
  /** The last cancellation. */
  error: CancelledError | undefined
  ended = false
  /** Of a group or a gather, which set it: what ends before it does, also while it does not wait for that. */
  holds: ReadonlySet<Future<unknown>> | undefined
  /** The cancellation has been requested and no wait has thrown it. */
  #undelivered = false
  #order = 0
  readonly #born = lastOrder
  /** A call of a task pool runs in the context of the task that has submitted it, and is no part of it: there this scope is none. */
  readonly border = callBorder()
  readonly #root: CancelScope
  /** On a root: the scope whose cancellation has just been thrown, until that code goes on; more of them in this turn are one with it. */
  #delivering: CancelScope | undefined
  /** The waits directly inside. There is mostly one at a time. */
  #wait: Interruptible | undefined
  #moreWaits: Set<Interruptible> | undefined
  #children: Set<CancelScope> | undefined
  #signal: ScopeSignal | undefined

  /** Nothing runs inside, nor will: it is there for its signal. */
  readonly #isEmpty: boolean

  constructor(parent: CancelScope | undefined, task: Task<unknown> | undefined = parent?.task, isEmpty = false) {
    this.parent = parent
    this.task = task
    this.#isEmpty = isEmpty
    this.#root = parent === undefined ? this : parent.#root
    if (parent !== undefined) {
      parent.#children ??= new Set()
      parent.#children.add(this)
    }
  }

  /** Runs `fn` inside, and all that it awaits and starts. */
  run<R>(fn: () => R): R {
    return storage.run(this, fn)
  }

  /**
   * Asks what runs inside to end: waits inside throw `error` now, or the next one does. It may come by several ways, such as a wait for a task and
   * the group of that task; once is enough.
   */
  cancel(error: CancelledError): void {
    if (this.ended || (this.error !== undefined && isSame(this.error, error))) return
    this.error = error
    this.#order = ++lastOrder
    if (this.#interrupt(error)) this.#delivered()
    else if (this.#isEmpty) return void this.#abortSignals(error)
    else if (this.#unwinds()) this.#markDelivered()
    else this.rearm()
    if (this.#abortSignals(error) && this.#undelivered) this.#delivered()
  }

  /** The next wait throws the last cancellation, as if it had not been thrown. */
  rearm(): void {
    if (this.ended || this.#undelivered || this.error === undefined) return
    this.#undelivered = true
    undelivered++
  }

  /** Nothing runs inside any more. */
  end(): void {
    this.ended = true
    this.#markDelivered()
    if (this.parent !== undefined) this.parent.#forget(this)
  }

  /** Whether this very scope has a cancellation that no wait has thrown. */
  get isUndelivered(): boolean {
    return this.#undelivered
  }

  /** Whether this scope or one around it has a cancellation that no wait has thrown. */
  get hasUndelivered(): boolean {
    return this.#undelivered || (this.parent?.hasUndelivered ?? false)
  }

  /** The innermost scope around this one that has been cancelled since this one was opened. */
  cancelledAround(): CancelScope | undefined {
    for (let scope = this.parent; scope !== undefined; scope = scope.parent) {
      if (scope.error !== undefined && !scope.ended && scope.#order > this.#born) return scope
    }
    return undefined
  }

  /** The error that the next wait here must throw, if any; asking counts as throwing it. */
  take(): CancelledError | undefined {
    let error: CancelledError | undefined
    for (let scope: CancelScope | undefined = this; scope !== undefined; scope = scope.parent) {
      if (!scope.#undelivered) continue
      // The outermost is thrown: it unwinds the others as well.
      error = scope.error
      scope.#delivered()
    }
    return error
  }

  /** Aborts when this scope is cancelled, or one around it from now on, and stays aborted. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = createScopeSignal(() => {
        if (isIn(currentScope(), this)) this.take()
      })
      const error = this.error ?? this.#pendingAround() ?? this.cancelledAround()?.error
      if (error !== undefined) this.#signal.abort(error)
    }
    return this.#signal.signal
  }

  enter(wait: Interruptible): void {
    if (this.#wait === undefined) this.#wait = wait
    else {
      this.#moreWaits ??= new Set()
      this.#moreWaits.add(wait)
    }
  }

  leave(wait: Interruptible): void {
    if (this.#wait === wait) this.#wait = undefined
    else this.#moreWaits?.delete(wait)
  }

  /** The waits inside, also those of the scopes inside. */
  *waits(): Iterable<Interruptible> {
    if (this.#wait !== undefined) yield this.#wait
    if (this.#moreWaits !== undefined) yield* this.#moreWaits
    if (this.#children !== undefined) for (const child of this.#children) yield* child.waits()
  }

  /** What groups and gathers inside hold, also those of the scopes inside. */
  *held(): Iterable<ReadonlySet<Future<unknown>>> {
    if (this.holds !== undefined) yield this.holds
    if (this.#children !== undefined) for (const child of this.#children) yield* child.held()
  }

  /** The cancellation that what runs inside was last told of. */
  get told(): CancelledError | undefined {
    return this.error ?? this.parent?.told
  }

  #forget(child: CancelScope): void {
    this.#children?.delete(child)
  }

  #interrupt(error: CancelledError): boolean {
    let delivered = false
    // All at once: what is interrupted may begin to wait again.
    for (const wait of [...this.waits()]) if (wait.interrupt(error)) delivered = true
    return delivered
  }

  /** Whether somebody took the error from one of the signals. */
  #abortSignals(error: CancelledError): boolean {
    let taken = this.#signal?.abort(error) ?? false
    if (this.#children !== undefined) for (const child of [...this.#children]) taken = child.#abortSignals(error) || taken
    return taken
  }

  #pendingAround(): CancelledError | undefined {
    for (let scope = this.parent; scope !== undefined; scope = scope.parent) if (scope.#undelivered) return scope.error
    return undefined
  }

  #markDelivered(): void {
    if (!this.#undelivered) return
    this.#undelivered = false
    undelivered--
  }

  /** Somebody has been given the error and will go on within this turn. */
  #delivered(): void {
    this.#markDelivered()
    const root = this.#root
    root.#delivering = this
    soon(() => {
      if (root.#delivering === this) root.#delivering = undefined
    })
  }

  /** Whether what runs inside has been given an error in this turn, or what runs around it. */
  #unwinds(): boolean {
    const delivering = this.#root.#delivering
    return delivering !== undefined && (isIn(delivering, this) || isIn(this, delivering))
  }
}

function isIn(inner: CancelScope | undefined, outer: CancelScope): boolean {
  return inner !== undefined && (inner === outer || isIn(inner.parent, outer))
}

/** The innermost scope that runs here and has not ended. */
export function currentScope(): CancelScope | undefined {
  let scope = storage.getStore()
  if (scope !== undefined && scope.border !== callBorder()) return undefined
  while (scope?.ended) scope = scope.parent
  return scope
}

/** The error that a wait here must throw instead of waiting, if any. */
export function takeCancellation(): CancelledError | undefined {
  return undelivered === 0 ? undefined : currentScope()?.take()
}
