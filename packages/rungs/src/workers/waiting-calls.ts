// Calls without options that wait for their turn. Those that were submitted one after the other stand in the queue as one batch that grows, so that
// each is only what it has to be while it waits. Whoever makes the calls of a batch then keeps its ticket for call after call: see local-calls.ts and
// sent-calls.ts.
import type { AsyncResource } from 'node:async_hooks'
import { joinStacks } from '../calls/index.js'
import type { CallSite } from '../core/call-site.js'
import { createFuture, type Driver, type Future, failFuture, fulfilFuture, siteOf } from '../core/future.js'
import type { Outcome } from '../core/outcome.js'
import type { RunnerOwner } from './batch-runner.js'
import { Batch } from './ticket.js'
import type { Attempt, Part } from './work-item.js'

/** Who runs these calls: the pool. */
export interface WaitingOwner extends RunnerOwner {
  /** Tickets of calls that were sent, to be used again. */
  readonly spare: Attempt[]
  /** Makes a ticket for calls that follow one another. */
  attemptOf(part: CallPart): Attempt
  /** A call that has no ticket was cancelled. */
  dropped(batch: Batch): void
  /** The future of the call that has this ticket was cancelled. */
  stopped(attempt: Attempt, reason: unknown): void
  /** Somebody waits for it. */
  awaitedFuture(future: Future<unknown>): void
  /** Whether the code that runs now is a part of the call of this future. */
  isOwn(future: Future<unknown>): boolean
  isRunning(attempt: Attempt): boolean
  /** Blocks this thread; undefined where the calls need it. */
  readonly waitSync: ((future: Future<unknown>, ms: number) => void) | undefined
}

/** Stands for call after call. */
export interface CallPart extends Part {
  /** In which the first call waits. */
  readonly context: AsyncResource
  attempt: Attempt | undefined
  /** The future of the call was cancelled. */
  cancelled(reason: unknown): void
}

/** The arguments of a call that has not just one. */
export class ArgumentList {
  constructor(readonly list: readonly unknown[]) {}
}

/** The only argument, or a list of them: an array for each call would be a tenth of what waits. */
export function packArguments(args: readonly unknown[]): unknown {
  return args.length === 1 ? args[0] : new ArgumentList(args)
}

/** As they were packed. */
export function argumentsOf(packed: unknown): readonly unknown[] {
  if (packed instanceof ArgumentList) return packed.list
  // For V8 of the same shape as a list of arguments, whatever is in it.
  const list: unknown[] = [undefined]
  list[0] = packed
  return list
}

export abstract class WaitingCall implements Driver {
  readonly batch: WaitingCalls<WaitingCall>
  readonly future: Future<unknown>
  /** Who makes the call; undefined while it waits. */
  runner: CallPart | undefined = undefined
  next: WaitingCall | undefined = undefined

  constructor(batch: WaitingCalls<WaitingCall>, site: CallSite | undefined) {
    this.batch = batch
    this.future = createFuture({ driver: this, site })
  }

  /** It was cancelled while it waits: what it was made with is not needed. */
  abstract clear(): void

  cancel(_future: Future<unknown>, reason: unknown): void {
    if (this.runner === undefined) {
      this.clear()
      this.batch.owner.dropped(this.batch)
    } else this.runner.cancelled(reason)
  }

  isRunning(): boolean {
    const attempt = this.runner?.attempt
    return attempt !== undefined && this.batch.owner.isRunning(attempt)
  }

  get waitSync(): Driver['waitSync'] {
    return this.batch.owner.waitSync
  }
}

export abstract class WaitingCalls<Call extends WaitingCall> extends Batch {
  readonly owner: WaitingOwner
  #first: Call | undefined
  #last: Call | undefined

  constructor(owner: WaitingOwner) {
    super(0, 0)
    this.owner = owner
  }

  abstract override take(): Attempt

  protected append(call: Call): Future<unknown> {
    if (this.#last === undefined) this.#first = call
    else this.#last.next = call
    this.#last = call
    return call.future
  }

  /** The one that was added last, while it waits. */
  protected get newest(): Call | undefined {
    return this.#last
  }

  /** The oldest. There is one. */
  shift(): Call {
    for (;;) {
      const call = this.#first as Call
      this.#first = call.next as Call | undefined // Appended here.
      if (this.#first === undefined) this.#last = undefined
      // A dead one that the collector has not found yet would keep all after it alive.
      call.next = undefined
      // One that was cancelled keeps its place in the list until its turn comes.
      if (!call.future.done) return call
    }
  }
}

/** Ends the future of a call; errors get the frames of its submit. */
export function settle(future: Future<unknown>, outcome: Outcome): void {
  if (outcome.status === 'fulfilled') fulfilFuture(future, outcome.value)
  else {
    joinStacks(outcome.reason, siteOf(future))
    failFuture(future, outcome.reason)
  }
}
