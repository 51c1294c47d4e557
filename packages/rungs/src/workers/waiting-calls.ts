// Calls without options that wait for a place on this event loop. Those that were submitted one after the other stand in the queue as one batch that
// grows, so that each is only what it has to be while it waits: a function, its arguments, its context and its future. Runners then make the calls;
// see batch-runner.ts.
import type { AsyncResource } from 'node:async_hooks'
import { joinStacks } from '../calls/index.js'
import type { CallSite } from '../core/call-site.js'
import { type CurrentCall, runInCall } from '../core/current-call.js'
import type { CancelledError } from '../core/errors.js'
import { cancelFuture, createFuture, type Driver, type Future, failFuture, fulfilFuture, siteOf, startFuture } from '../core/future.js'
import type { Outcome } from '../core/outcome.js'
import { Runner, type RunnerOwner } from './batch-runner.js'
import { Batch } from './ticket.js'
import type { AnyFunction, Attempt } from './work-item.js'

/** Who runs these calls: the pool. */
export interface WaitingOwner extends RunnerOwner {
  /** Makes a ticket for a runner. */
  attemptOf(runner: CallRunner): Attempt
  /** A call that no runner has was cancelled. */
  dropped(batch: Batch): void
  /** The future of the call that a runner makes was cancelled. */
  stopped(attempt: Attempt, reason: unknown): void
  /** Somebody waits for it. */
  awaitedFuture(future: Future<unknown>): void
}

/** The arguments of a call that has not just one. */
class ArgumentList {
  constructor(readonly list: readonly unknown[]) {}
}

class WaitingCall implements Driver {
  readonly batch: WaitingCalls
  readonly fn: AnyFunction
  /** The only argument, or a list of them: an array for each call would be a tenth of what waits. */
  args: unknown
  readonly context: AsyncResource
  readonly future: Future<unknown>
  /** Who makes the call; undefined while it waits. */
  runner: CallRunner | undefined = undefined
  next: WaitingCall | undefined = undefined

  constructor(batch: WaitingCalls, fn: AnyFunction, args: readonly unknown[], site: CallSite | undefined, context: AsyncResource) {
    this.batch = batch
    this.fn = fn
    this.args = args.length === 1 ? args[0] : new ArgumentList(args)
    this.context = context
    this.future = createFuture({ driver: this, site, context })
  }

  cancel(_future: Future<unknown>, reason: unknown): void {
    if (this.runner === undefined) this.batch.dropped(this)
    else this.runner.cancelled(reason)
  }

  awaited(future: Future<unknown>): void {
    this.batch.owner.awaitedFuture(future)
  }
}

export class WaitingCalls extends Batch {
  readonly owner: WaitingOwner
  #first: WaitingCall | undefined
  #last: WaitingCall | undefined

  constructor(owner: WaitingOwner) {
    super(0, 0)
    this.owner = owner
  }

  override take(): Attempt {
    this.count--
    return this.owner.attemptOf(new CallRunner(this, this.shift()))
  }

  add(fn: AnyFunction, args: readonly unknown[], site: CallSite | undefined, context: AsyncResource): Future<unknown> {
    const call = new WaitingCall(this, fn, args, site, context)
    if (this.#last === undefined) this.#first = call
    else this.#last.next = call
    this.#last = call
    return call.future
  }

  /** The oldest. There is one. */
  shift(): WaitingCall {
    for (;;) {
      const call = this.#first as WaitingCall
      this.#first = call.next
      if (this.#first === undefined) this.#last = undefined
      // A dead one that the collector has not found yet would keep all after it alive.
      call.next = undefined
      if (!call.future.done) return call
    }
  }

  /** It was cancelled while it waits. It keeps its place in the list until its turn comes. */
  dropped(call: WaitingCall): void {
    call.args = undefined
    this.owner.dropped(this)
  }
}

/** Makes waiting calls in a place. */
export class CallRunner extends Runner {
  readonly batch: WaitingCalls
  #call: WaitingCall
  #attempt: Attempt | undefined

  constructor(batch: WaitingCalls, call: WaitingCall) {
    super()
    this.batch = batch
    this.#call = call
    call.runner = this
  }

  get context(): AsyncResource {
    return this.#call.context
  }

  /** The ticket of this runner. */
  set attempt(attempt: Attempt) {
    this.#attempt = attempt
  }

  call(task: CurrentCall | undefined): unknown {
    const { context, fn, args, future } = this.#call
    startFuture(future)
    return args instanceof ArgumentList
      ? context.runInAsyncScope(runInCall, undefined, task, fn, ...args.list)
      : context.runInAsyncScope(runInCall, undefined, task, fn, args)
  }

  get future(): Future<unknown> {
    return this.#call.future
  }

  goesOn(attempt: Attempt, failed: boolean, result: unknown): boolean {
    const { state, counts } = this.batch.owner
    if (!state.follows(attempt, this.batch)) return false
    const { future } = this.#call
    this.#call = this.batch.shift()
    this.#call.runner = this
    if (failed) {
      joinStacks(result, siteOf(future))
      counts.failed++
      failFuture(future, result)
    } else {
      counts.done++
      fulfilFuture(future, result)
    }
    return true
  }

  receive(outcome: Outcome): void {
    const { future } = this.#call
    if (outcome.status === 'fulfilled') fulfilFuture(future, outcome.value)
    else {
      joinStacks(outcome.reason, siteOf(future))
      failFuture(future, outcome.reason)
    }
  }

  /** Ends the call wherever it is: its future tells {@link cancelled}. */
  stop(error: CancelledError, reason: unknown): void {
    cancelFuture(this.#call.future, error, reason)
  }

  /** The future of the call was cancelled. */
  cancelled(reason: unknown): void {
    this.received = true
    if (this.#attempt !== undefined) this.batch.owner.stopped(this.#attempt, reason)
  }
}
