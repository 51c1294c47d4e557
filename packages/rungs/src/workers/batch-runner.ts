// A batch whose calls need nothing of their own (no time limit, no further attempt) runs as a loop written by hand would: a runner takes a place of
// the pool once, and runs one item there after the other. After each item it asks whether it is still this batch's turn in this place; when it is
// not, the runner ends as any call does, and the pool decides anew. So the pool sees one call per runner and decides nothing per item, and what is
// made for an item is only what tells it apart: the call that `currentCall()` gives there.
//
// That call is entered into an AsyncLocalStorage for each item, and not once per runner: code that an item has left behind must go on seeing its own
// call, and a function that awaits before it asks, or before it waits for another call of its pool, must be recognised. There is no telling
// beforehand which function will. It is about half of what an item costs.
import type { AsyncResource } from 'node:async_hooks'
import { joinStacks } from '../calls/index.js'
import { type CallSite, framesOf } from '../core/call-site.js'
import { CancelledError } from '../core/errors.js'
import type { Outcome } from '../core/outcome.js'
import type { PoolState } from './pool-state.js'
import type { Batch } from './ticket.js'
import type { AnyFunction, Attempt, Part, WorkItem } from './work-item.js'

/** Told of each call of a batch that has begun, or was cancelled by itself, once. `ms`: how long it ran; 0 where that was not asked for. */
export interface BatchListener {
  fulfilled(index: number, value: unknown, attempts: number, ms: number): void
  rejected(index: number, reason: unknown, attempts: number, ms: number): void
}

/** What all runners of a batch have in common. */
export interface BatchRun {
  readonly state: PoolState
  /** Of the pool. */
  readonly counts: { done: number; failed: number; busyMs: number }
  /** The clock of the pool; undefined when nobody asks how long each item takes. */
  readonly now: (() => number) | undefined
  readonly fn: AnyFunction
  readonly items: ArrayLike<unknown>
  readonly listener: BatchListener
  readonly site: CallSite | undefined
  /** The async context of the submitter. */
  readonly context: AsyncResource
}

export class Runner implements Part {
  readonly run: BatchRun
  readonly batch: Batch
  /** Of the item that is running. */
  index: number
  received = false

  constructor(run: BatchRun, batch: Batch, index: number) {
    this.run = run
    this.batch = batch
    this.index = index
  }

  /** The outcome of the last item, or of one that was cancelled: they end as any call does. */
  receive(outcome: Outcome, { attempts, ms }: WorkItem): void {
    tell(this.run.listener, this.index, outcome, attempts, ms)
  }

  /** The item has ended. @returns false if it was the last here: then its end is still to be told */
  goesOn(attempt: Attempt, failed: boolean, result: unknown): boolean {
    const { run, index, batch } = this
    if (!run.state.follows(attempt, batch)) return false
    this.index = indexOfTaken(batch, run.items)
    let ms = 0
    if (run.now !== undefined) {
      const now = run.now()
      ms = now - (attempt.startedAt ?? now)
      run.counts.busyMs += ms
      attempt.startedAt = now
      attempt.item.startedAt = now
    }
    if (failed) {
      joinStacks(result, framesOf(run.site))
      run.counts.failed++
      run.listener.rejected(index, result, 1, ms)
    } else {
      run.counts.done++
      run.listener.fulfilled(index, result, 1, ms)
    }
    return true
  }

  /** Waits before the item begins. */
  async pause(item: WorkItem, turn: Promise<void>): Promise<void> {
    item.attempts = 0
    await turn
    item.attempts = 1
  }

  /** The item has not begun, and shall not. */
  stop(item: WorkItem): void {
    item.attempts = 0
    item.stop(new CancelledError('The batch was cancelled before the call began'))
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
