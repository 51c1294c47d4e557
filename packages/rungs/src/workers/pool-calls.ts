// The way of a call, from submit to its end: shipping, attempts, retries, limits of time, cancelling, the outcome. What a worker does with it is told
// by `pool-workers`; who gets it is decided by `pool-state`.
import type { HeldFunction, Outgoing, ShippedCall } from '../calls/index.js'
import { BytesCall, joinStacks } from '../calls/index.js'
import { framesOf } from '../core/call-site.js'
import { callout } from '../core/callout.js'
import { currentCall } from '../core/current-call.js'
import { CancelledError, NotShippableError, TimeoutError } from '../core/errors.js'
import { type Future, onDone } from '../core/future.js'
import type { Outcome } from '../core/outcome.js'
import { report } from '../core/report.js'
import { reasonOf } from '../core/signal-reason.js'
import { TaskCall } from './local.js'
import type { PoolCore } from './pool-core.js'
import { isPromise } from './running-call.js'
import type { Sending } from './sent-calls.js'
import { SignalWatch } from './signal-watch.js'
import { dropShelved, isSentOnce, repeatable, snapshotOf } from './snapshot.js'
import { Attempt, type ItemOwner, kindOf, labelOf, type Mode, mayGoAhead, type WorkItem } from './work-item.js'
import type { WorkerRecord } from './worker-record.js'

export class PoolCalls implements ItemOwner {
  readonly #core: PoolCore
  readonly #signals = new SignalWatch()
  readonly waitSync: ItemOwner['waitSync']

  /** `waitSync`: blocks this thread until a call is done, or for some milliseconds; undefined where calls need it. */
  constructor(core: PoolCore, waitSync: ItemOwner['waitSync']) {
    this.#core = core
    this.waitSync = waitSync
  }

  /** @returns false if the signal is aborted already; the future is then cancelled. */
  watchSignal(item: WorkItem, signal: AbortSignal): boolean {
    const cancel = (): void => {
      const reason = reasonOf(signal)
      item.stop(new CancelledError('The call was cancelled by its signal', { reason }), reason)
    }
    if (signal.aborted) {
      cancel()
      return false
    }
    this.#signals.add(signal, item, cancel)
    return true
  }

  /** `held`: the function, where it was taken before. @returns false if it cannot cross; the future has then failed. */
  ship(item: WorkItem, outgoing: Outgoing, held: HeldFunction | undefined): boolean {
    try {
      const { transfer } = item.options
      const keeper = item.mode.type === 'call' ? this.#core.parts.bulk : undefined
      item.shipped =
        held === undefined
          ? outgoing.ship(item.fn, item.args, transfer && { transfer }, keeper)
          : outgoing.shipHeld(held, item.args, transfer)
      // Each attempt gets what was submitted, whatever becomes of it here.
      if (item.options.retries !== undefined) item.shipped = snapshotOf(repeatable(item.shipped))
      return true
    } catch (error) {
      joinStacks(error, framesOf(item.site))
      this.#finish(item)
      this.#core.counts.failed++
      item.fail(error)
      return false
    }
  }

  begin(item: WorkItem): void {
    const attempt = new Attempt(item, item.attempts + 1)
    item.attempt = attempt
    attempt.goesAhead = this.#core.parts.hub !== undefined && mayGoAhead(item)
    if (attempt.goesAhead) attempt.kind = kindOf(item)
    this.#core.state.submitted(attempt)
    this.#core.drain()
    // It waits, or may be taken back from a worker that blocks: what is changed in its arguments meanwhile is not meant for it. A chunk's lists were made
    // for it.
    const waits = attempt.place === 'queued' || this.#core.batchNow !== undefined || this.#core.mayTakeBack
    if (waits && item.shipped !== undefined && item.mode.type !== 'chunk' && !isSent(attempt, item.shipped))
      item.shipped = snapshotOf(item.shipped)
  }

  begun(attempt: Attempt, at: number): void {
    const { item } = attempt
    if (attempt.startedAt !== undefined) return
    attempt.startedAt = at
    item.startedAt ??= at
    if (attempt.abandoned) return
    item.attempts = attempt.number
    item.start()
    const { timeout } = item.options
    if (timeout === undefined) return
    this.clear(attempt)
    attempt.timeout = this.#core.deadlines.add(at + timeout, () => this.timedOut(attempt, timeout))
  }

  ended(attempt: Attempt, worker: WorkerRecord, outcome: Outcome, memory?: number): void {
    const { item, sending } = attempt
    if (sending !== undefined && !attempt.abandoned && memory === undefined) {
      this.#endedLast(attempt, sending, worker, outcome)
      return
    }
    const now = this.#core.now()
    this.clear(attempt)
    this.noteStart(attempt, worker.lastEnd)
    worker.lastEnd = now
    // Not negative: what is handed over may have begun to be before a callback that blocked for this call.
    this.#core.counts.busyMs += Math.max(0, now - (attempt.startedAt ?? now))
    const recycle = memory !== undefined && memory > this.#core.options.maxMemoryPerWorker
    const abandoned = attempt.abandoned
    this.#core.state.ended(attempt, worker, recycle, now)
    this.#core.putOff()
    if (!abandoned) {
      if (outcome.status === 'fulfilled') this.#succeed(item, outcome.value)
      else this.failed(item, attempt, outcome.reason)
    } else if (item.done && item.attempt === attempt) this.release(item)
    if (sending !== undefined && !abandoned) sending.end(attempt)
    this.#core.drain()
  }

  /** As {@link ended}, of the last of the calls that a ticket has stood for. There is nothing of it but its future. */
  #endedLast(attempt: Attempt, sending: Sending, worker: WorkerRecord, outcome: Outcome): void {
    const now = this.#core.now()
    sending.noteEnd(attempt, worker, now)
    this.#core.state.ended(attempt, worker, false, now)
    this.#core.putOff()
    sending.received = true
    sending.settle(sending.future, outcome)
    sending.end(attempt)
    this.#core.drain()
  }

  /** Its beginning was not told: then it is when it was sent, or when the call before it had ended. */
  noteStart(attempt: Attempt, lastEnd = 0): void {
    const { item } = attempt
    attempt.startedAt ??= attempt.early ? Math.max(attempt.sentAt ?? 0, lastEnd) : attempt.sentAt
    item.startedAt ??= attempt.startedAt
    if (!attempt.abandoned) item.attempts = attempt.number
  }

  #succeed(item: WorkItem, value: unknown): void {
    this.#finish(item)
    // The calls of a chunk were counted as they were told.
    if (item.mode.type !== 'chunk') this.#core.counts.done++
    item.fulfil(value)
  }

  failed(item: WorkItem, attempt: Attempt, reason: unknown): void {
    const { retries } = item.options
    const again =
      retries !== undefined &&
      attempt.number <= retries.limit &&
      !this.#isFinal(item, reason) &&
      this.#wantsRetry(item, reason, attempt.number)
    if (!again || retries === undefined) {
      joinStacks(reason, framesOf(item.site))
      this.#finish(item)
      this.#core.counts.failed++
      item.fail(reason)
      return
    }
    this.#core.counts.retried++
    item.attempts = attempt.number
    item.limits ??= {}
    item.limits.failure = { reason }
    const pause = retries.pauseAfter(attempt.number, Math.random)
    if (pause === 0) {
      this.begin(item)
      return
    }
    const next = new Attempt(item, attempt.number + 1)
    item.attempt = next
    this.#core.state.held(next)
    this.#core.paused.add(item)
    item.limits.pause = this.#core.deadlines.add(this.#core.deadlines.now() + pause, () => {
      this.#core.paused.delete(item)
      // Submitted before it is released: a pool that is closing must not find itself without calls in between.
      this.begin(item)
      this.#core.state.released(next)
      this.#core.drain()
    })
  }

  fail(item: WorkItem, error: Error): void {
    if (item.attempt !== undefined) this.clear(item.attempt)
    joinStacks(error, framesOf(item.site))
    this.#finish(item)
    if (item.fail(error)) this.#core.counts.failed++
  }

  /** What a further attempt cannot change, or where none is wanted. */
  #isFinal(item: WorkItem, reason: unknown): boolean {
    if (item.isLast || item.part?.batch.abandoned || this.#core.cancelsFutures) return true
    return reason instanceof NotShippableError || this.#core.deaths.isBroken || this.#core.terminating !== undefined
  }

  #wantsRetry(item: WorkItem, reason: unknown, attempt: number): boolean {
    const when = item.options.retries?.when
    if (when === undefined) return true
    try {
      const wants: unknown = callout(() => item.context.runInAsyncScope(when, undefined, reason, attempt))
      if (!isPromise(wants)) return Boolean(wants)
      wants.catch(() => {})
      throw new TypeError('it gave a promise, which would count as true; it has to answer at once')
    } catch (error) {
      report('RUNGS_CALLBACK', 'The condition of retries (when) failed, so the call is not tried again', error)
      return false
    }
  }

  /** Time is up for this attempt. */
  timedOut(attempt: Attempt, timeout: number): void {
    if (attempt.abandoned) return
    const error = new TimeoutError(`The call did not end within its timeout of ${timeout} ms${labelOf(attempt.item)}`)
    this.#giveUp(attempt, error)
    this.failed(attempt.item, attempt, error)
    this.#core.drain()
  }

  /** Time is up for the call as a whole. */
  deadlinePassed(item: WorkItem): void {
    const { attempt } = item
    if (item.done) return
    const { failure } = item.limits ?? {}
    const what = `The call did not end within its deadline of ${item.options.deadline} ms from submit${labelOf(item)}`
    const error = new TimeoutError(what, failure && { cause: failure.reason })
    if (attempt !== undefined) this.#giveUp(attempt, error)
    joinStacks(error, framesOf(item.site))
    this.#finish(item)
    this.#core.counts.failed++
    item.fail(error)
    this.#core.drain()
  }

  /** The future of the item was cancelled. */
  cancelled(item: WorkItem, reason: unknown): void {
    this.#core.counts.cancelled += item.mode.type === 'chunk' ? item.mode.left : 1
    // Whoever reads a record of it has to know that it may have done something.
    if (item.attempts === 0 && item.attempt !== undefined && this.isRunning(item)) this.noteStart(item.attempt)
    if (item.attempt !== undefined) this.#giveUp(item.attempt, new CancelledError(undefined, { reason }))
    this.#finish(item)
    this.#core.drain()
  }

  /** They were on their way when all that had not begun was cancelled, and have come back without having begun. */
  cancelReturned(attempts: readonly Attempt[]): void {
    for (const { place, item } of attempts) if (place === 'queued') this.cancelItem(item, 'The executor was shut down')
  }

  cancelItem(item: WorkItem, message: string): void {
    item.stop(new CancelledError(message))
  }

  #giveUp(attempt: Attempt, reason: unknown): void {
    attempt.abortReason = reason
    if (attempt.timeout !== undefined) this.#core.deadlines.remove(attempt.timeout)
    this.#core.state.abandoned(attempt)
  }

  /** Nothing of the call is kept any more, but for the attempt that may still be running. */
  #finish(item: WorkItem): void {
    item.endedAt = this.#core.now()
    if (item.limits?.deadline !== undefined) this.#core.deadlines.remove(item.limits.deadline)
    if (item.limits?.pause !== undefined) this.#core.deadlines.remove(item.limits.pause)
    if (item.limits?.leaving !== undefined) this.#core.deadlines.remove(item.limits.leaving)
    if (item.options.signal !== undefined) this.#signals.remove(item.options.signal, item)
    if (this.#core.paused.size > 0) this.#core.paused.delete(item)
    // A worker that has the call may still read its bytes.
    if (!(item.shipped instanceof BytesCall) || item.attempt?.place !== 'running') this.release(item)
  }

  /** No worker will read what was sent. */
  release(item: WorkItem): void {
    const { shipped } = item
    item.shipped = undefined
    if (shipped instanceof BytesCall) this.#core.parts.bulk?.release(shipped.kept)
    else if (shipped !== undefined) dropShelved(shipped)
  }

  clear(attempt: Attempt): void {
    if (attempt.timeout !== undefined) this.#core.deadlines.remove(attempt.timeout)
    if (attempt.grace !== undefined) this.#core.deadlines.remove(attempt.grace)
  }

  /** Whether the call has begun. */
  isRunning({ attempt }: WorkItem): boolean {
    if (attempt?.place !== 'running' || attempt.worker === undefined) return false
    return this.#core.hosts.get(attempt.worker.id)?.hasBegun(attempt) ?? false
  }

  /** A task of this pool that waits for another lends its place. */
  awaited(item: WorkItem): void {
    this.awaitedFuture(item.future)
  }

  awaitedFuture(future: Future<unknown>): void {
    const waiter = this.callingTask()
    if (waiter === undefined || future.done) return
    if (waiter.waits++ === 0) this.#core.state.lent(waiter, 'place')
    onDone(future, () => {
      if (--waiter.waits === 0) this.#core.state.regained(waiter)
      this.#core.drain()
    })
    this.#core.drain()
  }

  isOwn(future: Future<unknown>): boolean {
    const item = this.callingTask()?.item
    return item !== undefined && (item.part === undefined ? item.future : item.part.future) === future
  }

  /** The task of this pool that is running now. */
  callingTask(): Attempt | undefined {
    if (this.#core.parts.outgoing !== undefined) return undefined
    const call = currentCall()
    const task = call instanceof TaskCall ? call.task : undefined
    return task?.item.owner === this ? task : undefined
  }

  /** So many calls of a chunk have ended. */
  told(mode: Mode & { type: 'chunk' }, outcome: 'done' | 'failed', count: number): void {
    mode.left -= count
    this.#core.counts[outcome] += count
  }

  progress(item: WorkItem, value: unknown): void {
    const { onProgress } = item.options
    if (onProgress === undefined || item.done) return
    try {
      callout(() => item.context.runInAsyncScope(onProgress, undefined, value, item.future))
    } catch (error) {
      report('RUNGS_CALLBACK', 'onProgress threw', error)
    }
  }
}

/** What moved with it is gone. */
function isSent({ place }: Attempt, shipped: ShippedCall): boolean {
  return place === 'running' && isSentOnce(shipped)
}
