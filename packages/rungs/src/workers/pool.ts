// A pool: takes calls, and ends. It keeps the parts together: `pool-state` decides who gets the next call and when workers come and go, `pool-calls`
// leads each call from submit to its end, `pool-workers` does what was decided, `pace` gives calls ahead, `pool-batches` keeps those that are one in
// the queue.
import { arePlain, type HeldFunction, whileBlocked } from '../calls/index.js'
import { callerContext, noContext } from '../core/async-context.js'
import { type CheckedCallOptions, defaultCallOptions } from '../core/call-options.js'
import { inCallout, isDone } from '../core/callout.js'
import { CancelledError, ExecutorShutdownError, InvalidStateError, QueueFullError } from '../core/errors.js'
import type { ExecutorStats } from '../core/executor.js'
import type { Future } from '../core/future.js'
import { Runner } from './batch-runner.js'
import type { Bell } from './bell.js'
import { attendOthers, noteBusy, untilOthers } from './blocked-thread.js'
import { IdleWatch } from './idle-watch.js'
import { requireReadable } from './inbox.js'
import { Pace } from './pace.js'
import { PoolBatches } from './pool-batches.js'
import { PoolCalls } from './pool-calls.js'
import { type Origin, PoolCore, type PoolParts, siteFrom } from './pool-core.js'
import type { PoolOptions } from './pool-options.js'
import { type Action, lastRecall } from './pool-state.js'
import { PoolWorkers } from './pool-workers.js'
import { Room } from './room.js'
import { areTiny, isSmall, sharesMemory } from './small.js'
import { argumentsOfThen, copyOf } from './snapshot.js'
import { Batch, Ticket } from './ticket.js'
import { type AnyFunction, type Attempt, itemOf, itemsOf, type Mode, oneCall, WorkItem } from './work-item.js'

/** Milliseconds between two looks whether a worker that was told to end has done so, while this thread is blocked. */
const untilEnded = 5

export class WorkerPool {
  readonly #core: PoolCore
  readonly #calls: PoolCalls
  readonly #workers: PoolWorkers
  readonly #pace: Pace
  readonly #room = new Room()
  readonly #idleWatch: IdleWatch | undefined
  /** Many calls of one function that are submitted at once: a map on tasks. */
  readonly batches: PoolBatches
  /** Whether calls that wait may do so as one: where there is no limit of the queue that somebody may wait for. */
  readonly #joins: boolean
  /** Told, once, when the pool takes no more calls. */
  readonly #closing = new Set<() => void>()
  #draining = false
  readonly #closed = withResolvers<void>()

  constructor(options: PoolOptions, parts: PoolParts) {
    const { news, hub } = parts
    const core = new PoolCore(
      options,
      parts,
      () => this.#drain(),
      () => this.#performAll(),
    )
    this.#core = core
    this.#joins = options.maxQueue === Number.POSITIVE_INFINITY
    this.#calls = new PoolCalls(core, news && ((future, ms) => this.#waitSync(future, ms, news)))
    this.#pace = new Pace(core, this.#calls)
    const attend = (): void => {
      this.#attend()
      this.#checkTimes(core.deadlines.now())
    }
    this.#workers = new PoolWorkers(core, this.#calls, this.#pace, () => {
      this.#idleWatch?.stop()
      // For good: what is done after this counts a pool that takes no calls as one that has something to do.
      this.#workers.onReferenced = undefined
      noteBusy(this, false, attend)
      this.#closed.resolve()
    })
    if (news !== undefined) {
      // Until it is found to have nothing to do.
      noteBusy(this, true, attend)
      this.#workers.onReferenced = (referenced) => noteBusy(this, referenced, attend)
    }
    this.batches = new PoolBatches(core, this.#calls, () => this.check())
    if (options.idleTimeout !== Number.POSITIVE_INFINITY) this.#idleWatch = new IdleWatch(options.idleTimeout, () => this.#endIdle())
    if (hub !== undefined) hub.batch = (run) => this.#together(run)
    this.#drain()
  }

  get maxWorkers(): number {
    return this.#core.state.maxWorkers
  }

  get stats(): ExecutorStats {
    const { maxWorkers, workers, idle, running } = this.#core.state
    const { busyMs } = this
    return {
      workers: workers.size,
      idle,
      queued: this.#core.state.queued + this.#core.paused.size,
      running,
      ...this.#core.counts,
      busyMs,
      maxWorkers,
    }
  }

  /** Whether it takes calls. */
  get isOpen(): boolean {
    return this.#core.state.open && !this.#core.deaths.isBroken
  }

  /** A runner reads the clock when it begins and ends, but not for each item. */
  get busyMs(): number {
    let { busyMs } = this.#core.counts
    if (this.#core.parts.outgoing !== undefined) return busyMs
    const now = this.#core.deadlines.now()
    for (const { calls } of this.#core.state.workers.values()) {
      for (const ticket of calls) {
        const { item, startedAt } = ticket as Attempt // All tickets of this pool are.
        if (item.part instanceof Runner && startedAt !== undefined) busyMs += now - startedAt
      }
    }
    return busyMs
  }

  /** `told` is called once, when the pool takes no more calls. @returns what ends that */
  onClosing(told: () => void): () => void {
    this.#closing.add(told)
    return () => void this.#closing.delete(told)
  }

  /** Whether a call would have to wait for room in the queue. */
  get full(): boolean {
    return this.#core.state.waiting >= this.#core.options.maxQueue
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
      const { name, maxQueue } = this.#core.options
      throw new QueueFullError(
        `The queue of ${name} is full: ${maxQueue} ${maxQueue === 1 ? 'call waits' : 'calls wait'} (maxQueue: ${maxQueue}). Wait for some, or raise maxQueue`,
      )
    }
    return this.#accept(fn, args, options, from, mode)
  }

  /** As {@link submit}, when only the future is wanted. */
  call(fn: AnyFunction, args: readonly unknown[], options: CheckedCallOptions, from: Origin): Future<unknown> {
    const { state, deaths, parts } = this.#core
    if (options !== defaultCallOptions || !this.#joins || !state.open || deaths.isBroken) return this.submit(fn, args, options, from).future
    const { outgoing } = parts
    if (outgoing === undefined) {
      if (!state.saturated) return this.submit(fn, args, options, from).future
      return this.batches.addLocal(fn, args, siteFrom(from))
    }
    const target = outgoing.known(fn)
    if (target !== undefined) {
      if (areTiny(args)) return this.batches.addSent(target, args, siteFrom(from), target)
      // They are copied, which one that need not wait does without.
      if (state.saturated && arePlain(args) && isSmall(args))
        return this.batches.addSent(target, argumentsOfThen(args), siteFrom(from), sharesMemory() ? 0 : target)
    }
    return this.submit(fn, args, options, from).future
  }

  /** Whether {@link submitBatch} can be used: not by a task of this pool, which lends its place for each call that it waits for. */
  get takesBatches(): boolean {
    return this.#joins && this.#calls.callingTask() === undefined
  }

  /** A function as it is now, for calls that come later. */
  hold(fn: AnyFunction): HeldFunction | undefined {
    const held = this.#core.parts.outgoing?.hold(fn)
    return held && { target: held.target, captured: copyOf(held.captured) }
  }

  /** Calls that come later and count as submitted now: while it is not released, the pool does not close. */
  reserve(): { submit: WorkerPool['submit']; release(): void } {
    this.check()
    const ticket = new Ticket(0)
    this.#core.state.held(ticket)
    return {
      submit: (...call) => {
        if (this.#core.deaths.isBroken) throw this.#core.deaths.broken()
        if (this.#core.terminating !== undefined || this.#core.cancelsFutures)
          throw new CancelledError('The executor was shut down before the call began')
        return this.#accept(...call)
      },
      release: () => {
        this.#core.state.released(ticket)
        this.#drain()
      },
    }
  }

  /** @throws what `submit` throws when the pool takes no calls any more */
  check(): void {
    if (this.#core.deaths.isBroken) throw this.#core.deaths.broken()
    if (!this.#core.state.open) {
      const how = this.#core.terminating === undefined ? 'shut down' : 'terminated'
      throw new ExecutorShutdownError(
        `The executor ${this.#core.options.name} was ${how} and takes no new calls. Submit before that, or make a new one`,
      )
    }
  }

  #accept(fn: AnyFunction, args: readonly unknown[], options: CheckedCallOptions, from: Origin, mode: Mode = oneCall): WorkItem {
    const site = siteFrom(from)
    const isAskedHere = options.onProgress !== undefined || options.retries?.when !== undefined
    const context = this.#core.parts.outgoing === undefined || isAskedHere ? callerContext() : noContext
    const item = new WorkItem(this.#calls, fn, args, options, mode, site, context)
    if (options.signal !== undefined && !this.#calls.watchSignal(item, options.signal)) return item
    const held = typeof from === 'function' ? undefined : from.held
    if (this.#core.parts.outgoing !== undefined && !this.#calls.ship(item, this.#core.parts.outgoing, held)) return item
    if (options.deadline !== undefined)
      item.limits = {
        deadline: this.#core.deadlines.add(this.#core.deadlines.now() + options.deadline, () => this.#calls.deadlinePassed(item)),
      }
    this.#calls.begin(item)
    return item
  }

  /** The reader of a stream has taken some items, or wants no more. */
  credit(item: WorkItem, count: number | 'stop'): void {
    const { attempt } = item
    if (attempt?.worker !== undefined) this.#core.hosts.get(attempt.worker.id)?.credit(attempt, count)
  }

  /** The reader of a stream has left. What is still running after its grace is ended as a call that was cancelled and goes on. */
  leaveStream(item: WorkItem): void {
    if (item.attempt?.place !== 'running') {
      item.future.cancel()
      return
    }
    this.credit(item, 'stop')
    item.limits ??= {}
    item.limits.leaving ??= this.#core.deadlines.add(this.#core.deadlines.now() + item.options.grace, () =>
      this.#calls.cancelItem(item, 'The reader has left the stream'),
    )
  }

  /** The items of a chunk that have not begun shall not; the one that runs is not disturbed. */
  stopChunk(item: WorkItem): void {
    if (item.attempt?.place === 'running') this.credit(item, 'stop')
    else item.future.cancel()
  }

  resize(maxWorkers: number): void {
    this.#core.state.resized(maxWorkers)
    this.#drain()
  }

  shutdown(wait: boolean, cancelFutures: boolean): Promise<void> {
    if (wait && this.#calls.callingTask() !== undefined) {
      const { name } = this.#core.options
      const wayOut = 'Use shutdown({ wait: false }), or shut it down outside of its calls'
      return Promise.reject(
        new InvalidStateError(`A call of ${name} cannot wait for the end of ${name}, which waits for the call. ${wayOut}`),
      )
    }
    this.#core.state.closing()
    if (cancelFutures) {
      this.#core.cancelsFutures = true
      for (const item of this.#queuedItems()) this.#calls.cancelItem(item, 'The executor was shut down')
      for (const item of [...this.#core.paused]) this.#calls.cancelItem(item, 'The executor was shut down')
      for (const worker of this.#core.state.workers.values()) {
        const host = this.#core.hosts.get(worker.id)
        if (host?.recall !== undefined) {
          // They are cancelled when they come back. Which ones have begun is known there only.
          host.recall()
          continue
        }
        const calls = [...worker.calls]
        for (const ticket of calls.slice(calls.length - worker.ahead)) {
          const item = itemOf(ticket)
          if (!this.#calls.isRunning(item)) this.#calls.cancelItem(item, 'The executor was shut down')
        }
      }
    }
    this.#drain()
    return wait ? this.#closed.promise : Promise.resolve()
  }

  terminate(kill: boolean): Promise<void> {
    this.#core.terminating ??= { kill }
    const items = this.#queuedItems()
    for (const worker of this.#core.state.workers.values()) for (const ticket of worker.calls) items.push(itemOf(ticket))
    for (const item of items) this.#calls.cancelItem(item, 'The executor was terminated')
    for (const item of [...this.#core.paused]) this.#calls.cancelItem(item, 'The executor was terminated')
    this.#core.state.terminating()
    this.#drain()
    return this.#closed.promise
  }

  /** Those that wait. Those of a batch are taken out of it. */
  #queuedItems(): WorkItem[] {
    const tickets = [...this.#core.state.queue]
    for (const ticket of tickets) if (ticket instanceof Batch) this.#core.state.abandoned(ticket)
    return tickets.flatMap(itemsOf)
  }

  #waitSync(future: Future<unknown>, ms: number, news: Bell): void {
    const until = this.#core.deadlines.now() + ms
    while (!future.done) {
      const heard = news.read()
      const hasOthers = attendOthers(this)
      const someEnding = this.#attend()
      if (future.done) return
      requireReadable(future)
      const now = this.#core.deadlines.now()
      if (now >= until) return
      this.#checkTimes(now)
      const lookAt = hasOthers ? now + untilOthers : someEnding ? now + untilEnded : until
      const next = Math.min(this.#core.deadlines.next ?? until, this.#pace.checkAt ?? until, this.#workers.silence.checkAt ?? until, lookAt)
      news.wait(heard, Math.max(0, Math.min(until, next) - now))
    }
  }

  /** Hears what its workers say, while the event loop is blocked. @returns whether one of them is ending */
  #attend(): boolean {
    // In the middle of a batch: it began before this thread was blocked.
    if (this.#core.batchNow !== undefined) this.#core.batchNow = this.#core.deadlines.now()
    this.#core.deadlines.runDue()
    // The last thing that is done is to say that this thread sleeps. What follows from a batch is performed here too: a callback may have got here
    // in the middle of one.
    let someEnding = false
    do {
      someEnding = false
      for (const host of [...this.#core.hosts.values()]) {
        whileBlocked(() => host.pump?.())
        someEnding ||= host.isEnding === true
      }
    } while (this.#performAll())
    return someEnding
  }

  /** The timers for these do not run while the thread is blocked, and in the middle of a batch none was set. */
  #checkTimes(now: number): void {
    const { checkAt } = this.#pace
    if (checkAt !== undefined && now >= checkAt) this.#pace.check()
    if (this.#pace.checkAt === undefined && this.#core.state.early > 0) this.#pace.watch()
    const { silence } = this.#workers
    if (silence.checkAt !== undefined && now >= silence.checkAt) silence.check()
  }

  // ---- performing what was decided ------------------------------------------------------------------------------

  /** Runs what hands over several outcomes; what follows from them is performed after all of them. */
  #together(run: () => void): void {
    if (this.#core.batchNow !== undefined) {
      run()
      return
    }
    this.#core.batchNow = this.#core.deadlines.now()
    try {
      run()
    } finally {
      this.#core.batchNow = undefined
    }
    this.#pace.setAhead()
    this.#core.state.refill()
    this.#drain()
  }

  #drain(): void {
    // Inside of a batch it comes at its end; code of the program may wait for it.
    if (this.#draining) return
    if (this.#core.batchNow !== undefined) {
      if (inCallout()) this.#performAll()
      else this.#core.putOff()
      return
    }
    this.#performAll()
    this.#workers.reference()
    if (this.#core.state.early > 0 && this.#pace.checkAt === undefined) this.#pace.watch()
    if (this.#room.isAwaited) this.#tellRoom()
    if (this.#closing.size > 0 && !this.isOpen) this.#tellClosing()
    if (this.#idleWatch !== undefined && this.#core.state.workers.size > this.#core.options.minWorkers) this.#idleWatch.start()
  }

  /** @returns whether there was anything to perform */
  #performAll(): boolean {
    const { admitted, actions } = this.#core.state
    if (this.#draining || (admitted.length === 0 && actions.length === 0)) return false
    this.#draining = true
    try {
      while (admitted.length > 0 || actions.length > 0) {
        // Calls first: a worker that retires was given its last one in the same breath.
        if (admitted.length > 0) this.#workers.sendAll(admitted)
        const decided = actions.splice(0)
        const last = lastRecall(decided)
        for (let index = 0; index < decided.length; index++) this.#workers.perform(decided[index] as Action, index < last) // Within the list.
      }
    } finally {
      this.#draining = false
      isDone(this.#core.perform)
    }
    return true
  }

  #tellClosing(): void {
    for (const told of [...this.#closing]) {
      this.#closing.delete(told)
      told()
    }
  }

  #tellRoom(): void {
    if (this.#core.deaths.isBroken) this.#room.tell(this.#core.deaths.broken())
    else if (!this.#core.state.open || !this.full) this.#room.tell()
  }

  /** @returns the milliseconds until another worker may have been idle for too long */
  #endIdle(): number | undefined {
    const now = this.#core.deadlines.now()
    const next = this.#core.state.expired(now)
    this.#drain()
    return next === undefined ? undefined : next - now
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
