// Calls that need nothing of their own (no time limit, no further attempt) run as in a loop written by hand: a runner takes a place of the pool once,
// and makes one call there after the other. After each it asks whether it is still the turn of its batch in this place; when it is not, the runner
// ends as any call does, and the pool decides anew. So the pool sees one call per runner and decides nothing in between, and what is made for a call
// is only what tells it apart: that which `currentCall()` gives there.
//
// That one is entered into an AsyncLocalStorage for each call, and not once per runner: code that a call has left behind must go on seeing its own,
// and a function that awaits before it asks, or before it waits for another call of its pool, must be recognised. It is about half of what an item of
// a map costs. There is no telling beforehand which function will, but that one which calls nothing will not: such calls are quiet, and do without.
import type { AsyncResource } from 'node:async_hooks'
import { isPrimitive, joinStacks } from '../calls/index.js'
import { type CallSite, framesOf } from '../core/call-site.js'
import { type CurrentCall, runInCall } from '../core/current-call.js'
import { CancelledError } from '../core/errors.js'
import type { Future } from '../core/future.js'
import type { Outcome } from '../core/outcome.js'
import type { PoolState } from './pool-state.js'
import type { Batch } from './ticket.js'
import type { AnyFunction, Attempt, Part, WorkItem } from './work-item.js'

/** What runners need of their pool. */
export interface RunnerOwner {
  readonly state: PoolState
  readonly counts: { done: number; failed: number; busyMs: number }
}

/** Takes a place for call after call. */
export abstract class Runner implements Part {
  abstract readonly batch: Batch
  /** The async context in which it waits for its calls. */
  abstract readonly context: AsyncResource
  /** The call that is running has been cancelled. */
  received = false

  /** Whether nobody can ask, while the call runs, where it runs: see {@link onlyComputes}. */
  abstract readonly isQuiet: boolean
  /** Makes the call. */
  abstract call(task: CurrentCall | undefined): unknown
  /** As {@link call}, of a quiet one: it is in no call, and in no context, which nobody can see. */
  abstract callQuietly(): unknown
  /** Of the call, if it has one. */
  abstract readonly future: Future<unknown> | undefined
  /** The call has ended. @returns false if it was the last here: then its end is still to be told */
  abstract goesOn(attempt: Attempt, failed: boolean, result: unknown): boolean
  /** The outcome of the last call, or of one that was cancelled: they end as any call does. */
  abstract receive(outcome: Outcome, item: WorkItem): void

  /** Waits before the call begins. */
  async pause(item: WorkItem, turn: Promise<void>): Promise<void> {
    item.attempts = 0
    await turn
    item.attempts = 1
  }

  /** The call has not begun, and shall not. */
  drop(item: WorkItem): void {
    item.attempts = 0
    item.stop(new CancelledError('The call was cancelled before it began'))
  }
}

/** Told of each call of a batch that has begun, or was cancelled by itself, once. `ms`: how long it ran; 0 where that was not asked for. */
export interface BatchListener {
  fulfilled(index: number, value: unknown, attempts: number, ms: number): void
  rejected(index: number, reason: unknown, attempts: number, ms: number): void
}

/** What all runners of a batch of items have in common. */
export interface ItemRun {
  readonly owner: RunnerOwner
  /** The clock of the pool; undefined when nobody asks how long each item takes. */
  readonly now: (() => number) | undefined
  readonly fn: AnyFunction
  /** Whether it only computes with its arguments. */
  readonly computes: boolean
  readonly items: ArrayLike<unknown>
  readonly listener: BatchListener
  readonly site: CallSite | undefined
  /** The async context of the submitter. */
  readonly context: AsyncResource
}

/** Of a map. */
export class ItemRunner extends Runner {
  readonly batch: Batch
  readonly future = undefined
  readonly #run: ItemRun
  /** Of the item that is running. */
  #index: number

  constructor(run: ItemRun, batch: Batch, index: number) {
    super()
    this.batch = batch
    this.#run = run
    this.#index = index
  }

  get context(): AsyncResource {
    return this.#run.context
  }

  get isQuiet(): boolean {
    const { computes, items } = this.#run
    return computes && isPrimitive(items[this.#index])
  }

  call(task: CurrentCall | undefined): unknown {
    const { fn, items } = this.#run
    const index = this.#index
    return runInCall(task, fn, items[index], index)
  }

  callQuietly(): unknown {
    const { fn, items } = this.#run
    return fn(items[this.#index], this.#index)
  }

  goesOn(attempt: Attempt, failed: boolean, result: unknown): boolean {
    const { owner, items, now, listener, site } = this.#run
    const { state, counts } = owner
    if (!state.follows(attempt, this.batch)) return false
    const index = this.#index
    this.#index = indexOfTaken(this.batch, items)
    let ms = 0
    if (now !== undefined) {
      const at = now()
      ms = at - (attempt.startedAt ?? at)
      counts.busyMs += ms
      attempt.startedAt = at
      attempt.item.startedAt = at
    }
    if (failed) {
      joinStacks(result, framesOf(site))
      counts.failed++
      listener.rejected(index, result, 1, ms)
    } else {
      counts.done++
      listener.fulfilled(index, result, 1, ms)
    }
    return true
  }

  receive(outcome: Outcome, { attempts, ms }: WorkItem): void {
    tell(this.#run.listener, this.#index, outcome, attempts, ms)
  }
}

/** Which item is that of the call that was last taken from the batch. */
export function indexOfTaken(batch: Batch, { length }: ArrayLike<unknown>): number {
  return length - batch.count - 1
}

/** Tells the listener of a batch. */
export function tell(listener: BatchListener, index: number, outcome: Outcome, attempts: number, ms: number): void {
  if (outcome.status === 'fulfilled') listener.fulfilled(index, outcome.value, attempts, ms)
  else listener.rejected(index, outcome.reason, attempts, ms)
}
