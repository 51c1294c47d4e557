// Waiting calls of a pool that sends them. A ticket that is at a worker takes one of them after the other there: when a call has ended, the next of its
// batch goes to the same worker as the same ticket, which moves to the end of what the worker has. So of the thousands that wait, only as many tickets are
// made as there can be with the workers, and nothing is decided for each call. Tickets that are done with are kept for later ones: to make them is a good
// part of what a short call costs, and when no object of a kind is left at a garbage collection, V8 throws away the code that it has made for them.
import type { AsyncResource } from 'node:async_hooks'
import { PlainCall } from '../calls/index.js'
import { noContext } from '../core/async-context.js'
import type { CallSite } from '../core/call-site.js'
import type { CancelledError } from '../core/errors.js'
import { cancelFuture, type Future, fulfilFuture } from '../core/future.js'
import type { Outcome } from '../core/outcome.js'
import { mostAhead } from './ring/layout.js'
import { argumentsOf, type CallPart, packArguments, settle, WaitingCall, WaitingCalls, type WaitingOwner } from './waiting-calls.js'
import type { Attempt } from './work-item.js'
import type { WorkerRecord } from './worker-record.js'

/** Tickets that are kept: as many as two workers can have. */
const mostSpare = 2 * mostAhead

class SentCall extends WaitingCall {
  readonly target: number
  /** See {@link argumentsOf}. */
  args: unknown

  constructor(batch: SentCalls, target: number, args: readonly unknown[], site: CallSite | undefined) {
    super(batch, site)
    this.target = target
    this.args = packArguments(args)
  }

  clear(): void {
    this.args = undefined
  }
}

export class SentCalls extends WaitingCalls<SentCall> {
  /** `goesAhead`: a worker may have them before it has a place for them. */
  constructor(owner: WaitingOwner, goesAhead: boolean) {
    super(owner)
    this.goesAhead = goesAhead
  }

  override take(): Attempt {
    this.count--
    const call = this.shift()
    const spare = this.owner.spare.pop()
    const attempt = spare ?? this.owner.attemptOf(new Sending())
    attempt.goesAhead = this.goesAhead
    ;(attempt.sending as Sending).begin(attempt, this, call) // All tickets of these calls are.
    return attempt
  }

  /** `args`: plain, and nobody else has them. */
  add(target: number, args: readonly unknown[], site: CallSite | undefined, kind: number): Future<unknown> {
    // Of several functions nobody knows how long the next one takes.
    if (this.count === 0) this.kind = kind
    else if (this.kind !== kind) this.kind = 0
    return this.append(new SentCall(this, target, args, site))
  }
}

/** What a ticket stands for: the call that it is at. */
export class Sending implements CallPart {
  received = false
  attempt: Attempt | undefined = undefined
  /** Undefined when it is at none. */
  #call: SentCall | undefined = undefined
  #batch: SentCalls | undefined = undefined

  get batch(): SentCalls {
    return this.#batch as SentCalls // Asked for only while it is at a call; so is the call below.
  }

  /** Of the calls nothing is run here. */
  get context(): AsyncResource {
    return noContext
  }

  get future(): Future<unknown> {
    return (this.#call as SentCall).future
  }

  /** The first call of those that follow one another. */
  begin(attempt: Attempt, batch: SentCalls, call: SentCall): void {
    this.received = false
    this.#batch = batch
    this.#send(attempt, call)
  }

  /** The last of them has ended. Nothing of it is kept. */
  end(attempt: Attempt): void {
    const { spare } = this.batch.owner
    this.#batch = undefined
    this.#call = undefined
    if (spare.length >= mostSpare) return
    attempt.renew()
    spare.push(attempt)
  }

  /** The call has ended. @returns its future, when the next one has taken its place and is to be sent; otherwise it ends as any call does */
  next(attempt: Attempt, now: number): Future<unknown> | undefined {
    const { batch } = this
    const { worker } = attempt
    if (worker === undefined || this.received || !batch.owner.state.followsThere(attempt, batch)) return undefined
    this.noteEnd(attempt, worker, now)
    const { future } = this
    this.#send(attempt, batch.shift())
    attempt.startedAt = undefined
    attempt.item.startedAt = undefined
    // What the worker still says under the old name is about the call that has ended.
    attempt.rename()
    attempt.sentAt = now
    return future
  }

  /** Its call has ended at this worker: what it has run. */
  noteEnd({ early, sentAt }: Attempt, worker: WorkerRecord, now: number): void {
    const { lastEnd } = worker
    const sent = sentAt ?? now
    const since = early && lastEnd > sent ? lastEnd : sent
    if (now > since) this.batch.owner.counts.busyMs += now - since
    worker.lastEnd = now
  }

  #send(attempt: Attempt, call: SentCall): void {
    this.#call = call
    call.runner = this
    attempt.item.shipped = new PlainCall(call.target, argumentsOf(call.args))
    call.args = undefined
    attempt.kind = this.batch.kind
  }

  /** Of the call that has ended. */
  fulfil(future: Future<unknown>, value: unknown): void {
    this.batch.owner.counts.done++
    fulfilFuture(future, value)
  }

  /** As {@link fulfil}, of any outcome. */
  settle(future: Future<unknown>, outcome: Outcome): void {
    const { counts } = this.batch.owner
    if (outcome.status === 'fulfilled') counts.done++
    else counts.failed++
    settle(future, outcome)
  }

  receive(outcome: Outcome): void {
    settle(this.future, outcome)
  }

  /** Ends the call wherever it is: its future tells {@link cancelled}. */
  stop(error: CancelledError, reason: unknown): void {
    cancelFuture(this.future, error, reason)
  }

  cancelled(reason: unknown): void {
    this.received = true
    if (this.attempt !== undefined) this.batch.owner.stopped(this.attempt, reason)
  }
}
