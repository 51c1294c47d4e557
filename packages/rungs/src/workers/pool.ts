// Acts: performs what `pool-state` decides. It keeps the work items, settles their futures, measures their times, and talks to the workers. What
// to do next is never decided here.
import type { Keeper, Outgoing } from '../calls/index.js'
import { BytesCall, joinStacks } from '../calls/index.js'
import { callerContext } from '../core/async-context.js'
import { type CheckedCallOptions, defaultCallOptions } from '../core/call-options.js'
import { type CallSite, captureCallSite, framesOf } from '../core/call-site.js'
import { currentCall } from '../core/current-call.js'
import { CancelledError, ExecutorShutdownError, NotShippableError, QueueFullError, TimeoutError } from '../core/errors.js'
import type { ExecutorStats } from '../core/executor.js'
import { type Future, onDone } from '../core/future.js'
import type { Outcome } from '../core/outcome.js'
import { report } from '../core/report.js'
import { type BatchListener, type ItemRun, ItemRunner, indexOfTaken, Runner, tell } from './batch-runner.js'
import type { Bell } from './bell.js'
import { Deadlines } from './deadlines.js'
import { Deaths } from './deaths.js'
import type { Batches, Death, HostEvents, SpawnHost, WorkerHost } from './host.js'
import { IdleWatch } from './idle-watch.js'
import { TaskCall } from './local.js'
import { LocalCalls } from './local-calls.js'
import { aheadFor } from './pace.js'
import type { PoolOptions } from './pool-options.js'
import { type Action, PoolState, type WorkerRecord } from './pool-state.js'
import { Room } from './room.js'
import { Sending, SentCalls } from './sent-calls.js'
import { SignalWatch } from './signal-watch.js'
import { isSmall } from './small.js'
import { isSentOnce, repeatable, snapshotOf } from './snapshot.js'
import { Batch, Ticket } from './ticket.js'
import type { CallPart, WaitingOwner } from './waiting-calls.js'
import {
  type AnyFunction,
  Attempt,
  type ItemOwner,
  itemOf,
  itemsOf,
  labelOf,
  type Mode,
  mayGoAhead,
  oneCall,
  WorkItem,
} from './work-item.js'

/** Calls that were submitted together. */
export type CallBatch = Batch

/** The function whose caller submits, or, for what is submitted later, where that was. */
export type Origin = AnyFunction | { readonly site: CallSite | undefined }

/** Milliseconds that a module may take to load, beyond the timeout of the call that needs it. */
const longestLoad = 10_000

export interface PoolParts {
  readonly spawn: SpawnHost
  /** Turns calls into data; undefined where nothing is sent. */
  readonly outgoing?: Outgoing | undefined
  /** Rung by workers when they have told something. Undefined where they need this thread. */
  readonly news?: Bell | undefined
  /** Of workers that can have calls before they have a place for them. */
  readonly hub?: Batches | undefined
  /** Keeps bytes for workers. */
  readonly bulk?: Keeper | undefined
}

/** Milliseconds after which a worker where nothing has ended is taken to be stuck. */
const stuckAfter = 2

export class WorkerPool implements ItemOwner {
  readonly #options: PoolOptions
  readonly #parts: PoolParts
  readonly #state: PoolState
  readonly #deadlines = new Deadlines()
  readonly #signals = new SignalWatch()
  readonly #hosts = new Map<number, WorkerHost>()
  /** Paused before their next attempt. */
  readonly #paused = new Set<WorkItem>()
  readonly #deaths: Deaths
  readonly #room = new Room()
  readonly #idleWatch: IdleWatch | undefined
  /** Of workers that are to be started in the place of others. */
  readonly #restarting = new Set<number>()
  /** Blocks this thread until the item is done, or for `ms`. */
  readonly waitSync: ItemOwner['waitSync']
  #draining = false
  #referenced = true
  #cancelsFutures = false
  #terminating: { readonly kill: boolean } | undefined
  #counts = { done: 0, failed: 0, cancelled: 0, retried: 0, restarts: 0, busyMs: 0 }
  readonly #runners: WaitingOwner
  /** The last of the calls that wait as one. */
  #waiting: LocalCalls | SentCalls | undefined
  #batchNow: number | undefined
  #sendNow = 0
  #paceCheck: ReturnType<typeof setTimeout> | undefined
  #paceCheckAt = 0
  readonly #closed = withResolvers<void>()

  constructor(options: PoolOptions, parts: PoolParts) {
    this.#options = options
    this.#parts = parts
    this.#deaths = new Deaths(options.name)
    if (options.idleTimeout !== Number.POSITIVE_INFINITY) this.#idleWatch = new IdleWatch(options.idleTimeout, () => this.#endIdle())
    const { news } = parts
    this.waitSync = news && ((future, ms) => this.#waitSync(future, ms, news))
    this.#state = new PoolState(options)
    this.#runners = {
      state: this.#state,
      counts: this.#counts,
      waitSync: this.waitSync,
      isRunning: ({ item }) => this.isRunning(item),
      attemptOf: (part) => this.#attemptOf(part),
      dropped: (batch) => {
        this.#counts.cancelled++
        this.#state.dropped(batch)
        this.#drain()
      },
      stopped: ({ item }, reason) => this.cancelled(item, reason),
      awaitedFuture: (future) => this.#awaited(future),
    }
    if (parts.hub !== undefined) parts.hub.batch = (run) => this.#together(run)
    this.#drain()
  }

  get maxWorkers(): number {
    return this.#state.maxWorkers
  }

  get stats(): ExecutorStats {
    const { maxWorkers, workers, idle, running } = this.#state
    const { busyMs } = this
    return { workers: workers.size, idle, queued: this.#state.queued + this.#paused.size, running, ...this.#counts, busyMs, maxWorkers }
  }

  /** A runner reads the clock when it begins and ends, but not for each item. */
  get busyMs(): number {
    let { busyMs } = this.#counts
    if (this.#parts.outgoing !== undefined) return busyMs
    const now = this.#deadlines.now()
    for (const { calls } of this.#state.workers.values()) {
      for (const ticket of calls) {
        const { item, startedAt } = ticket as Attempt // All tickets of this pool are.
        if (item.part instanceof Runner && startedAt !== undefined) busyMs += now - startedAt
      }
    }
    return busyMs
  }

  /** Whether a call would have to wait for room in the queue. */
  get full(): boolean {
    return this.#state.waiting >= this.#options.maxQueue
  }

  /** Resolves when the queue has room. @throws {ExecutorShutdownError} or BrokenExecutorError if it will have none */
  whenRoom(): Promise<void> {
    return this.full ? this.#room.wait() : Promise.resolve()
  }

  /**
   * Takes a call. `from`: the function whose caller submitted it, or where that was.
   * @throws {ExecutorShutdownError}, BrokenExecutorError, {@link QueueFullError}
   */
  submit(fn: AnyFunction, args: readonly unknown[], options: CheckedCallOptions, from: Origin, mode: Mode = oneCall): WorkItem {
    this.check()
    if (this.full) {
      const { name, maxQueue } = this.#options
      throw new QueueFullError(
        `The queue of ${name} is full: ${maxQueue} calls wait (maxQueue: ${maxQueue}). Wait for some, or raise maxQueue`,
      )
    }
    return this.#accept(fn, args, options, from, mode)
  }

  /** As {@link submit}, when only the future is wanted. */
  call(fn: AnyFunction, args: readonly unknown[], options: CheckedCallOptions, from: Origin): Future<unknown> {
    const joins = options === defaultCallOptions && this.#joins && this.#state.saturated && this.#state.open
    if (!joins || this.#deaths.isBroken) return this.submit(fn, args, options, from).future
    const { outgoing } = this.#parts
    if (outgoing === undefined) {
      const batch = this.#waiting instanceof LocalCalls && this.#waiting.isLast ? this.#waiting : new LocalCalls(this.#runners)
      return this.#join(batch, batch.add(fn, args, siteFrom(from), callerContext()))
    }
    const shipped = outgoing.shipKnown(fn, args)
    if (shipped === undefined || !isSmall(args)) return this.submit(fn, args, options, from).future
    const { hub } = this.#parts
    const batch =
      this.#waiting instanceof SentCalls && this.#waiting.isLast ? this.#waiting : new SentCalls(this.#runners, hub !== undefined)
    return this.#join(batch, batch.add(snapshotOf(shipped), siteFrom(from), callerContext()))
  }

  /** Another call waits at the end of the queue. */
  #join(batch: LocalCalls | SentCalls, future: Future<unknown>): Future<unknown> {
    if (batch === this.#waiting) {
      if (this.#state.joined(batch)) this.#drain()
      return future
    }
    this.#waiting = batch
    batch.count = 1
    this.#state.submitted(batch)
    this.#drain()
    return future
  }

  /** Whether calls that wait may do so as one: where there is no limit of the queue that somebody may wait for. */
  get #joins(): boolean {
    return this.#options.maxQueue === Number.POSITIVE_INFINITY
  }

  /** Whether {@link submitBatch} can be used: not by a task of this pool, which lends its place for each call that it waits for. */
  get takesBatches(): boolean {
    return this.#options.maxQueue === Number.POSITIVE_INFINITY && this.#callingTask() === undefined
  }

  /**
   * Takes many calls of one function at once, each with an item and its index; they stand in the queue as one and cost nothing until their turn
   * comes. `listener` is told of each, in the order in which they end. `timed`: also how long it took.
   * @throws as `submit`
   */
  submitBatch(
    fn: AnyFunction,
    items: ArrayLike<unknown>,
    options: CheckedCallOptions,
    from: Origin,
    listener: BatchListener,
    timed: boolean,
  ): CallBatch {
    this.check()
    const site = siteFrom(from)
    const context = callerContext()
    const now = timed ? () => this.#deadlines.now() : undefined
    const run: ItemRun = { owner: this.#runners, now, fn, items, listener, site, context }
    const runs = options.timeout === undefined && options.retries === undefined && options.onProgress === undefined
    const next = (): Attempt => {
      const index = indexOfTaken(batch, items)
      const receive = (outcome: Outcome, { attempts, ms }: WorkItem): void => tell(listener, index, outcome, attempts, ms)
      const part = runs ? new ItemRunner(run, batch, index) : { batch, receive, received: false }
      const item = new WorkItem(this, fn, [items[index], index], options, oneCall, site, context, part)
      const attempt = new Attempt(item, 1)
      item.attempt = attempt
      return attempt
    }
    const batch = new Batch(options.priority, items.length, next)
    this.#state.submitted(batch)
    this.#drain()
    return batch
  }

  #attemptOf(part: CallPart): Attempt {
    const item = new WorkItem(this, runs, noArgs, defaultCallOptions, oneCall, undefined, part.context, part)
    const attempt = new Attempt(item, 1)
    item.attempt = attempt
    part.attempt = attempt
    return attempt
  }

  /** The calls of a batch that have not begun, or would begin again, shall not. */
  cancelBatch(batch: CallBatch): void {
    if (batch.abandoned) return
    this.#counts.cancelled += batch.count
    this.#state.abandoned(batch)
    for (const item of [...this.#paused])
      if (item.part?.batch === batch) this.#cancelItem(item, 'The map to which the call belongs has ended')
    this.#drain()
  }

  /** The calls of a batch that are running are cancelled. */
  stopBatch(batch: CallBatch, error: CancelledError, reason: unknown): void {
    for (const item of [...this.#begunOf(batch)]) item.stop(error, reason)
  }

  /** How many calls of a batch are running. */
  runningOf(batch: CallBatch): number {
    let running = 0
    for (const item of this.#begunOf(batch)) if (!item.done && !this.#paused.has(item)) running++
    return running
  }

  *#begunOf(batch: CallBatch): Generator<WorkItem> {
    for (const worker of this.#state.workers.values()) {
      for (const ticket of worker.calls) if (itemOf(ticket).part?.batch === batch) yield itemOf(ticket)
    }
    for (const item of this.#paused) if (item.part?.batch === batch) yield item
  }

  /** Calls that come later and count as submitted now: while it is not released, the pool does not close. */
  reserve(): { submit: WorkerPool['submit']; release(): void } {
    this.check()
    const ticket = new Ticket(0)
    this.#state.held(ticket)
    return {
      submit: (...call) => {
        if (this.#deaths.isBroken) throw this.#deaths.broken()
        if (this.#terminating !== undefined || this.#cancelsFutures)
          throw new CancelledError('The executor was shut down before the call began')
        return this.#accept(...call)
      },
      release: () => {
        this.#state.released(ticket)
        this.#drain()
      },
    }
  }

  /** @throws what `submit` throws when the pool takes no calls any more */
  check(): void {
    if (this.#deaths.isBroken) throw this.#deaths.broken()
    if (!this.#state.open) {
      const how = this.#terminating === undefined ? 'shut down' : 'terminated'
      throw new ExecutorShutdownError(
        `The executor ${this.#options.name} was ${how} and takes no new calls. Submit before that, or make a new one`,
      )
    }
  }

  #accept(fn: AnyFunction, args: readonly unknown[], options: CheckedCallOptions, from: Origin, mode: Mode = oneCall): WorkItem {
    const site = siteFrom(from)
    const context = callerContext()
    const item = new WorkItem(this, fn, args, options, mode, site, context)
    if (options.signal !== undefined && !this.#watchSignal(item, options.signal)) return item
    if (this.#parts.outgoing !== undefined && !this.#ship(item, this.#parts.outgoing)) return item
    if (options.deadline !== undefined)
      item.limits = { deadline: this.#deadlines.add(this.#deadlines.now() + options.deadline, () => this.#deadlinePassed(item)) }
    this.#begin(item)
    return item
  }

  /** The reader of a stream has taken some items, or wants no more. */
  credit(item: WorkItem, count: number | 'stop'): void {
    const { attempt } = item
    if (attempt?.worker !== undefined) this.#hosts.get(attempt.worker.id)?.credit(attempt, count)
  }

  /** The items of a chunk that have not begun shall not; the one that runs is not disturbed. */
  stopChunk(item: WorkItem): void {
    if (item.attempt?.place === 'running') this.credit(item, 'stop')
    else item.future.cancel()
  }

  resize(maxWorkers: number): void {
    this.#state.resized(maxWorkers)
    this.#drain()
  }

  shutdown(wait: boolean, cancelFutures: boolean): Promise<void> {
    this.#state.closing()
    if (cancelFutures) {
      this.#cancelsFutures = true
      for (const item of this.#queuedItems()) this.#cancelItem(item, 'The executor was shut down')
      for (const item of [...this.#paused]) this.#cancelItem(item, 'The executor was shut down')
      for (const worker of this.#state.workers.values()) {
        const host = this.#hosts.get(worker.id)
        if (host?.recall !== undefined) {
          // They are cancelled when they come back. Which ones have begun is known there only.
          host.recall()
          continue
        }
        const calls = [...worker.calls]
        for (const ticket of calls.slice(calls.length - worker.ahead)) {
          const item = itemOf(ticket)
          if (!this.isRunning(item)) this.#cancelItem(item, 'The executor was shut down')
        }
      }
    }
    this.#drain()
    return wait ? this.#closed.promise : Promise.resolve()
  }

  terminate(kill: boolean): Promise<void> {
    this.#terminating ??= { kill }
    const items = this.#queuedItems()
    for (const worker of this.#state.workers.values()) for (const ticket of worker.calls) items.push(itemOf(ticket))
    for (const item of items) this.#cancelItem(item, 'The executor was terminated')
    for (const item of [...this.#paused]) this.#cancelItem(item, 'The executor was terminated')
    this.#state.terminating()
    this.#drain()
    return this.#closed.promise
  }

  // ---- the way of a call ----------------------------------------------------------------------------------------

  /** @returns false if the signal is aborted already; the future is then cancelled. */
  #watchSignal(item: WorkItem, signal: AbortSignal): boolean {
    const cancel = (): void => {
      item.stop(new CancelledError('The call was cancelled by its signal', { reason: signal.reason }), signal.reason)
    }
    if (signal.aborted) {
      cancel()
      return false
    }
    this.#signals.add(signal, item, cancel)
    return true
  }

  /** @returns false if it cannot cross; the future has then failed. */
  #ship(item: WorkItem, outgoing: Outgoing): boolean {
    try {
      const { transfer } = item.options
      item.shipped = outgoing.ship(item.fn, item.args, transfer && { transfer }, item.mode.type === 'call' ? this.#parts.bulk : undefined)
      if (item.options.retries !== undefined) item.shipped = repeatable(item.shipped)
      return true
    } catch (error) {
      joinStacks(error, framesOf(item.site))
      this.#finish(item)
      this.#counts.failed++
      item.fail(error)
      return false
    }
  }

  #begin(item: WorkItem): void {
    const attempt = new Attempt(item, item.attempts + 1)
    item.attempt = attempt
    attempt.goesAhead = this.#parts.hub !== undefined && mayGoAhead(item)
    this.#state.submitted(attempt)
    this.#drain()
    // It waits: what is changed in its arguments meanwhile is not meant for it. A chunk's lists were made for it.
    const waits = attempt.place === 'queued' || this.#batchNow !== undefined
    if (waits && item.shipped !== undefined && item.mode.type !== 'chunk') item.shipped = snapshotOf(item.shipped)
  }

  #begun(attempt: Attempt, at: number): void {
    const { item } = attempt
    if (attempt.startedAt !== undefined) return
    attempt.startedAt = at
    item.startedAt ??= at
    if (attempt.abandoned) return
    item.attempts = attempt.number
    item.start()
    const { timeout } = item.options
    if (timeout === undefined) return
    this.#clear(attempt)
    attempt.timeout = this.#deadlines.add(at + timeout, () => this.#timedOut(attempt, timeout))
  }

  #ended(attempt: Attempt, worker: WorkerRecord, outcome: Outcome, memory?: number): void {
    const { item } = attempt
    const { part } = item
    const now = this.#now()
    if (part instanceof Sending && memory === undefined) {
      const future = part.next(attempt, now)
      if (future !== undefined) {
        // It is sent before anybody is told, who may want to cancel it.
        this.#hosts.get(worker.id)?.send(attempt)
        part.settle(future, outcome)
        return
      }
    }
    this.#clear(attempt)
    this.#noteStart(attempt, worker.lastEnd)
    worker.lastEnd = now
    this.#counts.busyMs += now - (attempt.startedAt ?? now)
    const recycle = memory !== undefined && memory > this.#options.maxMemoryPerWorker
    const abandoned = attempt.abandoned
    this.#state.ended(attempt, worker, recycle, now)
    if (!abandoned) {
      if (outcome.status === 'fulfilled') this.#succeed(item, outcome.value)
      else this.#failed(item, attempt, outcome.reason)
    } else if (item.done && item.attempt === attempt) this.#release(item)
    this.#drain()
  }

  /** Its beginning was not told: then it is when it was sent, or when the call before it had ended. */
  #noteStart(attempt: Attempt, lastEnd = 0): void {
    const { item } = attempt
    attempt.startedAt ??= attempt.early ? Math.max(attempt.sentAt ?? 0, lastEnd) : attempt.sentAt
    item.startedAt ??= attempt.startedAt
    if (!attempt.abandoned) item.attempts = attempt.number
  }

  #succeed(item: WorkItem, value: unknown): void {
    this.#finish(item)
    this.#counts.done++
    item.fulfil(value)
  }

  #failed(item: WorkItem, attempt: Attempt, reason: unknown): void {
    const { retries } = item.options
    const again =
      retries !== undefined &&
      attempt.number <= retries.limit &&
      !this.#isFinal(item, reason) &&
      this.#wantsRetry(item, reason, attempt.number)
    if (!again || retries === undefined) {
      joinStacks(reason, framesOf(item.site))
      this.#finish(item)
      this.#counts.failed++
      item.fail(reason)
      return
    }
    this.#counts.retried++
    item.attempts = attempt.number
    const pause = retries.pauseAfter(attempt.number, Math.random)
    if (pause === 0) {
      this.#begin(item)
      return
    }
    const next = new Attempt(item, attempt.number + 1)
    item.attempt = next
    this.#state.held(next)
    this.#paused.add(item)
    item.limits ??= {}
    item.limits.pause = this.#deadlines.add(this.#deadlines.now() + pause, () => {
      this.#paused.delete(item)
      // Submitted before it is released: a pool that is closing must not find itself without calls in between.
      this.#begin(item)
      this.#state.released(next)
      this.#drain()
    })
  }

  /** What a further attempt cannot change, or where none is wanted. */
  #isFinal(item: WorkItem, reason: unknown): boolean {
    if (item.isLast || item.part?.batch.abandoned || this.#cancelsFutures) return true
    return reason instanceof NotShippableError || this.#deaths.isBroken || this.#terminating !== undefined
  }

  #wantsRetry(item: WorkItem, reason: unknown, attempt: number): boolean {
    const when = item.options.retries?.when
    if (when === undefined) return true
    try {
      return item.context.runInAsyncScope(when, undefined, reason, attempt)
    } catch (error) {
      report('RUNGS_CALLBACK', 'The condition of retries (when) threw, so the call is not tried again', error)
      return false
    }
  }

  /** Time is up for this attempt. */
  #timedOut(attempt: Attempt, timeout: number): void {
    if (attempt.abandoned) return
    const error = new TimeoutError(`The call did not end within its timeout of ${timeout} ms${labelOf(attempt.item)}`)
    this.#giveUp(attempt, error)
    this.#failed(attempt.item, attempt, error)
    this.#drain()
  }

  /** Time is up for the call as a whole. */
  #deadlinePassed(item: WorkItem): void {
    const { attempt } = item
    if (item.done) return
    const error = new TimeoutError(`The call did not end within its deadline of ${item.options.deadline} ms from submit${labelOf(item)}`)
    if (attempt !== undefined) this.#giveUp(attempt, error)
    joinStacks(error, framesOf(item.site))
    this.#finish(item)
    this.#counts.failed++
    item.fail(error)
    this.#drain()
  }

  /** The future of the item was cancelled. */
  cancelled(item: WorkItem, reason: unknown): void {
    this.#counts.cancelled++
    if (item.attempt !== undefined) this.#giveUp(item.attempt, new CancelledError(undefined, { reason }))
    this.#finish(item)
    this.#drain()
  }

  /** Those that wait. Those of a batch are taken out of it. */
  #queuedItems(): WorkItem[] {
    const tickets = [...this.#state.queue]
    for (const ticket of tickets) if (ticket instanceof Batch) this.#state.abandoned(ticket)
    return tickets.flatMap(itemsOf)
  }

  /** They were on their way when all that had not begun was cancelled, and have come back without having begun. */
  #cancelReturned(attempts: readonly Attempt[]): void {
    for (const { place, item } of attempts) if (place === 'queued') this.#cancelItem(item, 'The executor was shut down')
  }

  #cancelItem(item: WorkItem, message: string): void {
    item.stop(new CancelledError(message))
  }

  #giveUp(attempt: Attempt, reason: unknown): void {
    attempt.abortReason = reason
    if (attempt.timeout !== undefined) this.#deadlines.remove(attempt.timeout)
    this.#state.abandoned(attempt)
  }

  /** Nothing of the call is kept any more, but for the attempt that may still be running. */
  #finish(item: WorkItem): void {
    item.endedAt = this.#now()
    if (item.limits?.deadline !== undefined) this.#deadlines.remove(item.limits.deadline)
    if (item.limits?.pause !== undefined) this.#deadlines.remove(item.limits.pause)
    if (item.options.signal !== undefined) this.#signals.remove(item.options.signal, item)
    if (this.#paused.size > 0) this.#paused.delete(item)
    // A worker that has the call may still read its bytes.
    if (!(item.shipped instanceof BytesCall) || item.attempt?.place !== 'running') this.#release(item)
  }

  /** No worker will read what was sent. */
  #release(item: WorkItem): void {
    const { shipped } = item
    item.shipped = undefined
    if (shipped instanceof BytesCall) this.#parts.bulk?.release(shipped.kept)
  }

  #clear(attempt: Attempt): void {
    if (attempt.timeout !== undefined) this.#deadlines.remove(attempt.timeout)
    if (attempt.grace !== undefined) this.#deadlines.remove(attempt.grace)
  }

  /** Whether the call has begun. */
  isRunning({ attempt }: WorkItem): boolean {
    if (attempt?.place !== 'running' || attempt.worker === undefined) return false
    return this.#hosts.get(attempt.worker.id)?.hasBegun(attempt) ?? false
  }

  /** A task of this pool that waits for another lends its place. */
  awaited(item: WorkItem): void {
    this.#awaited(item.future)
  }

  #awaited(future: Future<unknown>): void {
    const waiter = this.#callingTask()
    if (waiter === undefined || future.done) return
    if (waiter.waits++ === 0) this.#state.lent(waiter, 'place')
    onDone(future, () => {
      if (--waiter.waits === 0) this.#state.regained(waiter)
      this.#drain()
    })
    this.#drain()
  }

  /** The task of this pool that is running now. */
  #callingTask(): Attempt | undefined {
    if (this.#parts.outgoing !== undefined) return undefined
    const call = currentCall()
    const task = call instanceof TaskCall ? call.task : undefined
    return task?.item.owner === this ? task : undefined
  }

  #waitSync(future: Future<unknown>, ms: number, news: Bell): void {
    const until = this.#deadlines.now() + ms
    while (!future.done) {
      const heard = news.read()
      this.#deadlines.runDue()
      // The last thing that is done is to say that this thread sleeps. What follows from a batch is performed here too: a callback may have got here
      // in the middle of one.
      do {
        for (const host of [...this.#hosts.values()]) host.pump?.()
      } while (this.#performAll())
      if (future.done) return
      const now = this.#deadlines.now()
      if (now >= until) return
      // The timer for this does not run while the thread is blocked here, and in the middle of a batch none was set.
      if (this.#paceCheck !== undefined && now >= this.#paceCheckAt) this.#checkPace()
      if (this.#paceCheck === undefined && this.#state.early > 0) this.#watchPace()
      const next = Math.min(this.#deadlines.next ?? Number.POSITIVE_INFINITY, this.#paceCheck === undefined ? until : this.#paceCheckAt)
      news.wait(heard, Math.max(0, Math.min(until, next) - now))
    }
  }

  // ---- performing what was decided ------------------------------------------------------------------------------

  /** Runs what hands over several outcomes; what follows from them is performed after all of them. */
  #together(run: () => void): void {
    if (this.#batchNow !== undefined) {
      run()
      return
    }
    this.#batchNow = this.#deadlines.now()
    try {
      run()
    } finally {
      this.#batchNow = undefined
    }
    this.#setAhead()
    this.#state.refill()
    this.#drain()
  }

  /** Workers are given about a millisecond of work ahead. */
  #setAhead(): void {
    let slowest = 0
    let fastest = Number.POSITIVE_INFINITY
    for (const { callNs = 0 } of this.#hosts.values()) {
      slowest = Math.max(slowest, callNs)
      if (callNs > 0) fastest = Math.min(fastest, callNs)
    }
    if (this.#parts.hub !== undefined) this.#parts.hub.callNs = slowest === 0 ? 0 : fastest
    const { maxTasksPerWorker, maxMemoryPerWorker } = this.#options
    const steady = maxTasksPerWorker === Number.POSITIVE_INFINITY && maxMemoryPerWorker === Number.POSITIVE_INFINITY
    this.#state.ahead = aheadFor(slowest, steady)
  }

  /** Looks now and then whether calls wait behind one that takes long. */
  #watchPace(): void {
    this.#paceCheckAt = this.#deadlines.now() + stuckAfter
    this.#paceCheck = setTimeout(() => this.#checkPace(), stuckAfter)
  }

  #checkPace(): void {
    clearTimeout(this.#paceCheck)
    this.#paceCheck = undefined
    this.#state.looked()
    this.#drain()
  }

  #recall(worker: WorkerRecord, more: boolean): void {
    const host = this.#hosts.get(worker.id)
    if (host?.recall !== undefined) {
      host.recall()
      return
    }
    const taken: Ticket[] = []
    const calls = [...worker.calls]
    for (const ticket of calls.slice(calls.length - worker.ahead)) {
      const attempt = ticket as Attempt // All tickets of this pool are.
      if (!attempt.early || attempt.abandoned || !host?.takeBack?.(attempt)) continue
      this.#clear(attempt)
      taken.push(attempt)
    }
    this.#state.recalled(worker, taken, 0, more)
  }

  #drain(): void {
    // Inside of a batch it comes at its end.
    if (this.#draining || this.#batchNow !== undefined) return
    this.#performAll()
    this.#reference()
    if (this.#state.early > 0 && this.#paceCheck === undefined) this.#watchPace()
    if (this.#room.isAwaited) this.#tellRoom()
    if (this.#idleWatch !== undefined && this.#state.workers.size > this.#options.minWorkers) this.#idleWatch.start()
  }

  /** @returns whether there was anything to perform */
  #performAll(): boolean {
    const { admitted, actions } = this.#state
    if (this.#draining || (admitted.length === 0 && actions.length === 0)) return false
    this.#draining = true
    try {
      while (admitted.length > 0 || actions.length > 0) {
        // Calls first: a worker that retires was given its last one in the same breath.
        if (admitted.length > 0) this.#sendAll(admitted)
        const decided = actions.splice(0)
        for (let index = 0; index < decided.length; index++) this.#perform(decided[index] as Action, decided[index + 1]) // Within the list.
      }
    } finally {
      this.#draining = false
    }
    return true
  }

  /** Those that are sent together are sent at one time. */
  #sendAll(admitted: Ticket[]): void {
    this.#sendNow = this.#now()
    // What is admitted meanwhile is at the end.
    for (let index = 0; index < admitted.length; index++) this.#send(admitted[index] as Ticket) // Within the list.
    admitted.length = 0
    this.#sendNow = 0
  }

  /** The time, or when the batch began whose outcomes are being handed over. */
  #now(): number {
    return this.#batchNow ?? this.#deadlines.now()
  }

  #send(ticket: Ticket): void {
    const attempt = ticket as Attempt // All tickets of this pool are.
    const { worker } = attempt
    const host = worker && this.#hosts.get(worker.id)
    if (worker === undefined || host === undefined) return
    attempt.sentAt = this.#parts.hub === undefined ? this.#now() : this.#sendNow
    const { timeout } = attempt.item.options
    if (timeout !== undefined) this.#limitLoading(attempt, host, timeout)
    host.send(attempt)
  }

  /** The time of a call runs from its start; the loading of its module before that must not take for ever either. */
  #limitLoading(attempt: Attempt, host: WorkerHost, timeout: number): void {
    attempt.timeout = this.#deadlines.add(this.#deadlines.now() + timeout + longestLoad, () => {
      if (attempt.worker === undefined || attempt.item.done) return
      if (host.hasBegun(attempt)) this.#timedOut(attempt, timeout)
      else this.#limitLoading(attempt, host, timeout)
    })
  }

  /** `next`: what is performed right after it. */
  #perform(action: Action, next?: Action): void {
    switch (action.type) {
      case 'spawn':
        this.#spawn(action.worker)
        return
      case 'recall':
        this.#recall(action.worker, next?.type === 'recall')
        return
      case 'retire':
        this.#hosts.get(action.worker.id)?.retire()
        return
      case 'kill':
        this.#hosts.get(action.worker.id)?.kill(this.#terminating?.kill ?? false)
        return
      case 'abort':
        this.#abort(action.ticket as Attempt) // All tickets of this pool are.
        return
      case 'lost':
        this.#lose(action.ticket as Attempt, action.worker) // All tickets of this pool are.
        return
      case 'broken':
        for (const item of itemsOf(action.ticket)) this.#fail(item, this.#deaths.broken())
        return
      case 'closed':
        this.#idleWatch?.stop()
        this.#closed.resolve()
    }
  }

  #spawn(worker: WorkerRecord): void {
    if (worker.id > 1 && this.#restarting.delete(worker.index)) this.#counts.restarts++
    const name = this.#deaths.nameOf(worker)
    const events: HostEvents = {
      ready: () => {
        this.#state.ready(worker, this.#deadlines.now())
        this.#drain()
      },
      initializerFailed: (cause) => {
        this.#deaths.breaks('initializer', cause)
        report('RUNGS_INITIALIZER', `The initializer failed in worker ${name}, so the executor is broken`, cause)
        this.#state.break()
        this.#drain()
      },
      finalizerFailed: (reason) => report('RUNGS_FINALIZER', `The finalizer failed in worker ${name}`, reason),
      begun: (attempt, at) => this.#begun(attempt, at),
      ended: (attempt, outcome, memory) => this.#ended(attempt, worker, outcome, memory),
      progress: (attempt, value) => this.#progress(attempt.item, value),
      lent: (attempt, what) => {
        this.#state.lent(attempt, what)
        this.#drain()
      },
      regained: (attempt) => {
        this.#state.regained(attempt)
        this.#drain()
      },
      gone: (death) => this.#gone(worker, death),
      recalled: (attempts) => {
        for (const attempt of attempts) this.#clear(attempt)
        this.#state.recalled(worker, attempts, this.#now())
        if (this.#cancelsFutures) this.#cancelReturned(attempts)
        this.#drain()
      },
    }
    try {
      const host = this.#parts.spawn(worker, name, events)
      host.setRef(this.#referenced)
      this.#hosts.set(worker.id, host)
    } catch (cause) {
      // Options that no worker can be started with. Not from here: the decision that led here is still being performed.
      this.#deaths.breaks('start', cause)
      queueMicrotask(() => this.#gone(worker, { inPeace: false, cause }))
    }
  }

  #abort(attempt: Attempt): void {
    const { worker, item } = attempt
    if (worker === undefined || this.#terminating !== undefined) return
    const host = this.#hosts.get(worker.id)
    if (host === undefined) return
    attempt.grace = this.#deadlines.add(this.#deadlines.now() + item.options.grace, () => {
      // One that has not begun will not: it is told before it does, and its worker is busy with another. When there is no other, it is something
      // left behind that keeps the worker busy, for ever as far as anyone can tell.
      if (!host.replaceable || !(host.hasBegun(attempt) || worker.calls.size === 1)) return
      this.#restarting.add(worker.index)
      this.#state.overran(attempt)
      this.#drain()
    })
    host.abort(attempt)
  }

  #gone(worker: WorkerRecord, death: Death): void {
    if (!this.#state.workers.has(worker.id)) return
    const host = this.#hosts.get(worker.id)
    const unexpected = !death.inPeace && (worker.phase === 'ready' || worker.phase === 'starting')
    if (unexpected) this.#restarting.add(worker.index)
    if (unexpected && worker.calls.size === 0 && worker.phase === 'ready') this.#reportIdleDeath(worker, death)
    if (unexpected && !this.#options.replaceDeadWorkers) this.#deaths.breaksBy(worker, death)
    const early: Attempt[] = []
    for (const ticket of worker.calls) {
      const attempt = ticket as Attempt // All tickets of this pool are.
      this.#clear(attempt)
      if (attempt.early) early.push(attempt)
      const { item } = attempt
      if (attempt.abandoned && item.done && item.attempt === attempt) this.#release(item)
    }
    this.#deaths.note(worker, death)
    this.#hosts.delete(worker.id)
    const begun = (ticket: Ticket): boolean => {
      const attempt = ticket as Attempt // All tickets of this pool are.
      const { shipped } = attempt.item
      // What it was sent has moved there, and is gone with it.
      return host?.hasBegun(attempt) || (shipped !== undefined && isSentOnce(shipped))
    }
    this.#state.gone(worker, begun, death.inPeace)
    if (this.#cancelsFutures) this.#cancelReturned(early)
    this.#drain()
  }

  /** The worker died while it ran the call. */
  #lose(attempt: Attempt, worker: WorkerRecord): void {
    const { item } = attempt
    this.#noteStart(attempt)
    this.#failed(item, attempt, this.#deaths.lost(worker, item))
  }

  #fail(item: WorkItem, error: Error): void {
    if (item.attempt !== undefined) this.#clear(item.attempt)
    joinStacks(error, framesOf(item.site))
    this.#finish(item)
    if (item.fail(error)) this.#counts.failed++
  }

  #reportIdleDeath(worker: WorkerRecord, death: Death): void {
    if (death.cause === undefined) return
    report('RUNGS_WORKER_DIED', `The idle worker ${this.#deaths.nameOf(worker)} died and is replaced when it is needed`, death.cause)
  }

  #progress(item: WorkItem, value: unknown): void {
    const { onProgress } = item.options
    if (onProgress === undefined || item.done) return
    try {
      item.context.runInAsyncScope(onProgress, undefined, value, item.future)
    } catch (error) {
      report('RUNGS_CALLBACK', 'onProgress threw', error)
    }
  }

  /** Pending work keeps the process alive, and so does an end that somebody waits for; an idle pool does not. */
  #reference(): void {
    const wanted = this.#state.busy || !this.#state.open
    if (wanted === this.#referenced) return
    if (wanted) this.#setReferenced(true)
    // Not at once: between one call and the next there is often less than a turn.
    else setImmediate(() => this.#setReferenced(this.#state.busy || !this.#state.open))
  }

  #setReferenced(referenced: boolean): void {
    if (referenced === this.#referenced) return
    this.#referenced = referenced
    for (const host of this.#hosts.values()) host.setRef(referenced)
  }

  #tellRoom(): void {
    if (this.#deaths.isBroken) this.#room.tell(this.#deaths.broken())
    else if (!this.#state.open || !this.full) this.#room.tell()
  }

  /** @returns the milliseconds until another worker may have been idle for too long */
  #endIdle(): number | undefined {
    const now = this.#deadlines.now()
    const next = this.#state.expired(now)
    this.#drain()
    return next === undefined ? undefined : next - now
  }
}

const noArgs: readonly unknown[] = []

/** Stands for the functions of calls that follow one another. */
function runs(): void {}

function withResolvers<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

function siteFrom(from: Origin): CallSite | undefined {
  return typeof from === 'function' ? captureCallSite(from) : from.site
}
