// One fair wait queue under all primitives: a linked list of waiters, so that joining, leaving and waking the first cost the same at any
// length. A waiter that is woken does not go on at once (see ready.ts); cancelled until then, it gives back what it was woken for:
//
//   waiting ──grant()──▶ granted ──proceed()──▶ settled (value)
//      └──interrupt()──▶ settled (error) ◀──interrupt()──┘ and the grant passes on
import { CancelledError } from '../core/errors.js'
import { isInstance, messageOf } from '../core/foreign.js'
import { onAbort } from '../core/on-abort.js'
import { requireKnown, requireSignal } from '../core/options.js'
import { reasonOf } from '../core/signal-reason.js'
import { addReady, type Ready, someAreReady } from './ready.js'
import { type CancelScope, currentScope, type Interruptible, takeCancellation } from './scope.js'
import { isScopeSignal } from './scope-signal.js'
import type { Task } from './task.js'

/** What every wait takes. */
export interface WaitOptions {
  /** Aborting it ends the wait with {@link CancelledError}, whose `reason` is that of the signal. */
  readonly signal?: AbortSignal | undefined
}

/** Where somebody waits. */
export interface Place<T> {
  /** Gives what the waiter was woken for, when it goes on; throwing fails the wait. */
  take(waiter: Waiter<T>): T
  /** A waiter was woken, and cancelled before it went on: what it was woken for is free again. */
  passOn?(waiter: Waiter<T>): void
  /** A waiter left without being woken. */
  left?(waiter: Waiter<T>): void
  /** A waiter is cancelled. Returning true keeps it waiting all the same: the error has been noted, and `take` will throw it. */
  keeps?(waiter: Waiter<T>, error: CancelledError): boolean
  /** What is waited for, for people: `Lock.acquire()`. */
  describe(): string
  /** The tasks without which nobody here is woken, where they are known. */
  blockers?(): Iterable<Task<unknown>>
  /** As {@link Interruptible.external}. */
  readonly external?: boolean
}

const WAITING = 0
const GRANTED = 1
const SETTLED = 2

export class Waiter<T> implements Interruptible, Ready {
  // Not #private: one is made for each wait, and those take a third longer to set up.
  readonly place: Place<T>
  readonly promise: Promise<T>
  prev: Waiter<T> | undefined = undefined
  next: Waiter<T> | undefined = undefined
  /** The queue that it stands in. */
  queue: WaitQueue<T> | undefined = undefined
  private state = WAITING
  private resolve!: (value: T) => void
  private reject!: (reason: unknown) => void
  private readonly scope: CancelScope | undefined
  /** Stops listening to the signal; undefined without one. */
  private readonly unlisten: (() => void) | undefined

  constructor(place: Place<T>, scope: CancelScope | undefined, signal: AbortSignal | undefined) {
    this.place = place
    this.scope = scope
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    scope?.enter(this)
    if (signal !== undefined) this.unlisten = onAbort(signal, () => this.interrupt(abortError(signal)))
  }

  /** Wakes it. Who calls this has taken it out of its queue. */
  grant(): void {
    if (this.state !== WAITING) return
    this.state = GRANTED
    // Nothing can cancel it, and nobody is before it: no need to come back later.
    if (this.scope === undefined && this.unlisten === undefined && !someAreReady) this.proceed()
    else addReady(this)
  }

  proceed(): void {
    if (this.state !== GRANTED) return
    this.settle()
    try {
      this.resolve(this.place.take(this))
    } catch (error) {
      this.reject(error)
    }
  }

  /** Ends the wait with an error of the primitive's own. */
  fail(error: unknown): void {
    if (this.state === SETTLED) return
    this.queue?.remove(this)
    this.settle()
    this.reject(error)
  }

  interrupt(error: CancelledError): boolean {
    const state = this.state
    if (state === SETTLED) return false
    if (this.place.keeps?.(this, error)) return true
    this.queue?.remove(this)
    this.settle()
    this.reject(error)
    if (state === GRANTED) this.place.passOn?.(this)
    else this.place.left?.(this)
    return true
  }

  describe(): string {
    return this.place.describe()
  }

  blockers(): Iterable<Task<unknown>> {
    return this.place.blockers?.() ?? []
  }

  get external(): boolean {
    return this.place.external ?? false
  }

  /** Whether a signal may end it. */
  get hasSignal(): boolean {
    return this.unlisten !== undefined
  }

  private settle(): void {
    this.state = SETTLED
    this.scope?.leave(this)
    this.unlisten?.()
  }
}

export class WaitQueue<T> {
  readonly #place: Place<T>
  #first: Waiter<T> | undefined
  #last: Waiter<T> | undefined
  #size = 0

  constructor(place: Place<T>) {
    this.#place = place
  }

  get size(): number {
    return this.#size
  }

  /** Joins the end of the queue. Who may not wait is refused first; see {@link refusal}. */
  join(signal?: AbortSignal): Waiter<T> {
    const waiter = new Waiter(this.#place, currentScope(), signal)
    this.add(waiter)
    return waiter
  }

  add(waiter: Waiter<T>): void {
    waiter.queue = this
    waiter.prev = this.#last
    if (this.#last === undefined) this.#first = waiter
    else this.#last.next = waiter
    this.#last = waiter
    this.#size++
    onBlock?.(waiter)
  }

  remove(waiter: Waiter<T>): void {
    const { prev, next } = waiter
    if (prev === undefined) this.#first = next
    else prev.next = next
    if (next === undefined) this.#last = prev
    else next.prev = prev
    waiter.prev = waiter.next = waiter.queue = undefined
    this.#size--
  }

  /** Takes out the one who has waited longest. */
  shift(): Waiter<T> | undefined {
    const waiter = this.#first
    if (waiter === undefined) return undefined
    const { next } = waiter
    this.#first = next
    if (next === undefined) this.#last = undefined
    else next.prev = undefined
    waiter.next = waiter.queue = undefined
    this.#size--
    return waiter
  }

  /** Wakes the one who has waited longest. @returns Whether there was one. */
  grantNext(): boolean {
    const waiter = this.shift()
    if (waiter === undefined) return false
    waiter.grant()
    return true
  }

  /** Wakes all who wait now. */
  grantAll(): void {
    for (let n = this.#size; n > 0; n--) this.grantNext()
  }

  /** Ends all waits with an error each. */
  failAll(error: () => unknown): void {
    for (let n = this.#size; n > 0; n--) this.shift()?.fail(error())
  }
}

/** Told when somebody joins a queue; for the search for deadlocks. */
export let onBlock: ((waiter: Interruptible) => void) | undefined

export function watchBlocking(fn: (waiter: Interruptible) => void): void {
  onBlock = fn
}

/** Reads the options of a wait. @throws {TypeError} for what is no option or no signal. */
export function signalOf(what: string, options: WaitOptions | undefined): AbortSignal | undefined {
  if (options === undefined) return undefined
  requireKnown(`The options of ${what}`, options, ['signal'])
  if (options.signal !== undefined) requireSignal('signal', options.signal)
  return options.signal
}

/** Why nobody may begin to wait here: the signal is aborted, or the task is cancelled. The latter is thrown once, by this. */
export function refusal(signal: AbortSignal | undefined): CancelledError | undefined {
  return takeCancellation() ?? (signal?.aborted ? abortError(signal) : undefined)
}

export function abortError(signal: AbortSignal): CancelledError {
  const reason = reasonOf(signal)
  // A cancellation of this library is one error object.
  if (isScopeSignal(signal) && isInstance(reason, CancelledError)) return reason
  const message = isInstance(reason, Error) ? messageOf(reason) : undefined
  return new CancelledError(message === undefined ? 'The wait was cancelled' : `The wait was cancelled: ${message}`, { reason })
}
