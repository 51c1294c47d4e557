// Waiting calls on this event loop. Runners make them; see batch-runner.ts.
import type { AsyncResource } from 'node:async_hooks'
import { arePrimitive, joinStacks, onlyComputes } from '../calls/index.js'
import { callerContext, noContext } from '../core/async-context.js'
import type { CallSite } from '../core/call-site.js'
import { type CurrentCall, runInCall } from '../core/current-call.js'
import type { CancelledError } from '../core/errors.js'
import { cancelFuture, type Future, failFuture, fulfilFuture, siteOf, startFuture } from '../core/future.js'
import type { Outcome } from '../core/outcome.js'
import { Runner } from './batch-runner.js'
import { ArgumentList, type CallPart, packArguments, settle, WaitingCall, WaitingCalls } from './waiting-calls.js'
import type { AnyFunction, Attempt } from './work-item.js'

class LocalCall extends WaitingCall {
  readonly fn: AnyFunction
  /** In which it runs: that of the submitter, or none if nobody can ask: see {@link onlyComputes}. */
  readonly context: AsyncResource
  /** See {@link argumentsOf}. */
  args: unknown

  constructor(batch: LocalCalls, fn: AnyFunction, args: readonly unknown[], site: CallSite | undefined, context: AsyncResource) {
    super(batch, site)
    this.fn = fn
    this.context = context
    this.args = packArguments(args)
  }

  clear(): void {
    this.args = undefined
  }

  awaited(future: Future<unknown>): void {
    this.batch.owner.awaitedFuture(future)
  }

  isOwn(future: Future<unknown>): boolean {
    return this.batch.owner.isOwn(future)
  }
}

export class LocalCalls extends WaitingCalls<LocalCall> {
  /** Whether the function of the newest call only computes. */
  #computes = false

  override take(): Attempt {
    this.count--
    return this.owner.attemptOf(new CallRunner(this, this.shift()))
  }

  /** In which a call that is added now runs. */
  contextFor(fn: AnyFunction, args: readonly unknown[]): AsyncResource {
    if (this.newest?.fn !== fn) this.#computes = onlyComputes(fn)
    return this.#computes && arePrimitive(args) ? noContext : callerContext()
  }

  add(fn: AnyFunction, args: readonly unknown[], site: CallSite | undefined, context: AsyncResource): Future<unknown> {
    return this.append(new LocalCall(this, fn, args, site, context))
  }
}

/** Makes waiting calls in a place. */
class CallRunner extends Runner implements CallPart {
  readonly batch: LocalCalls
  attempt: Attempt | undefined = undefined
  #call: LocalCall

  constructor(batch: LocalCalls, call: LocalCall) {
    super()
    this.batch = batch
    this.#call = call
    call.runner = this
  }

  get context(): AsyncResource {
    return this.#call.context
  }

  get isQuiet(): boolean {
    return this.#call.context === noContext
  }

  call(task: CurrentCall | undefined): unknown {
    const { context, fn, args, future } = this.#call
    startFuture(future)
    return args instanceof ArgumentList
      ? context.runInAsyncScope(runInCall, undefined, task, fn, ...args.list)
      : context.runInAsyncScope(runInCall, undefined, task, fn, args)
  }

  callQuietly(): unknown {
    const { fn, args, future } = this.#call
    startFuture(future)
    return args instanceof ArgumentList ? fn(...args.list) : fn(args)
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
    settle(this.#call.future, outcome)
  }

  /** Ends the call wherever it is: its future tells {@link cancelled}. */
  stop(error: CancelledError, reason: unknown): void {
    cancelFuture(this.#call.future, error, reason)
  }

  cancelled(reason: unknown): void {
    this.received = true
    if (this.attempt !== undefined) this.batch.owner.stopped(this.attempt, reason)
  }
}
