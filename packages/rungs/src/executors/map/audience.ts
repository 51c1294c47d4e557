// Who waits for results: those who called next(), in the order in which they did, and then whoever called toArray(), who gets all the rest.
import { type CurrentCall, currentCall } from '../../core/current-call.js'
import { CancelledError } from '../../core/errors.js'
import { beginWait, type TaskWait } from '../../core/task-wait.js'
import { Fifo } from './fifo.js'

/** Somebody waits: outside of any call, or in one, whose place the pool may lend to others meanwhile. */
interface Waiting {
  readonly call: CurrentCall | undefined
  reject(reason: unknown): void
}

interface Waiter<R> extends Waiting {
  resolve(result: IteratorResult<R>): void
}

interface Collector extends Waiting {
  readonly promise: Promise<unknown[]>
  resolve(results: unknown[]): void
}

export class Audience<R> {
  readonly #waiters = new Fifo<Waiter<R>>()
  #collector: Collector | undefined
  /** How the task of whoever waits ends the wait. */
  readonly #taskWait: TaskWait

  constructor(taskWait: TaskWait) {
    this.#taskWait = taskWait
  }

  get isWaiting(): boolean {
    return this.#waiters.size > 0 || this.#collector !== undefined
  }

  /** Whether somebody waits for a single result. */
  get wantsNext(): boolean {
    return this.#waiters.size > 0
  }

  /** Who is served next. */
  get first(): Waiting | undefined {
    return this.#waiters.first ?? this.#collector
  }

  /** What toArray() will give, when somebody has called it: nothing is left for those who come after. */
  get collecting(): Promise<unknown[]> | undefined {
    return this.#collector?.promise
  }

  /** Waits for one result. `then`: what to do as soon as that is known. */
  next(then: () => void): Promise<IteratorResult<R>> {
    return beginWait(this.#taskWait, (resolve, reject) => {
      this.#waiters.push({ resolve, reject, call: currentCall() })
      then()
    })
  }

  /** Waits for all results. `then`: what to do as soon as that is known. */
  collect(then: () => void): Promise<unknown[]> {
    let settle!: Pick<Collector, 'resolve' | 'reject'>
    const promise = beginWait<unknown[]>(this.#taskWait, (resolve, reject) => {
      settle = { resolve, reject }
    })
    this.#collector = { ...settle, promise, call: currentCall() }
    then()
    return promise
  }

  /** Gives one result. @returns false if it is for the collector, who takes them all together at the end */
  give(value: R): boolean {
    const waiter = this.#waiters.shift()
    waiter?.resolve({ done: false, value })
    return waiter !== undefined
  }

  /** Gives the error that ends it to whoever comes next. */
  raise(error: unknown): void {
    const first = this.#waiters.shift() ?? this.#collector
    first?.reject(error)
  }

  /** The map was left: nobody gets more, and an array that lacks results is none. */
  leave(): void {
    this.#collector?.reject(new CancelledError('The map was left while toArray() was collecting its results'))
  }

  /** All has been given. */
  end(collected: () => unknown[]): void {
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) waiter.resolve(finished())
    this.#collector?.resolve(collected())
    this.#collector = undefined
  }
}

export function finished(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined }
}
