// Calls that are one in the queue: those of a map on tasks, and those without options that wait for their turn one after the other.
import { onlyComputes } from '../calls/index.js'
import { callerContext } from '../core/async-context.js'
import { type CheckedCallOptions, defaultCallOptions } from '../core/call-options.js'
import type { CallSite } from '../core/call-site.js'
import type { CancelledError } from '../core/errors.js'
import type { Future } from '../core/future.js'
import type { Outcome } from '../core/outcome.js'
import { type BatchListener, type ItemRun, ItemRunner, indexOfTaken, tell } from './batch-runner.js'
import { LocalCalls } from './local-calls.js'
import type { PoolCalls } from './pool-calls.js'
import { type Origin, type PoolCore, siteFrom } from './pool-core.js'
import { Sending, SentCalls } from './sent-calls.js'
import { Batch } from './ticket.js'
import type { CallPart, WaitingOwner } from './waiting-calls.js'
import { type AnyFunction, Attempt, itemOf, oneCall, WorkItem } from './work-item.js'

/** Calls that were submitted together. */
export type CallBatch = Batch

export class PoolBatches {
  readonly #core: PoolCore
  readonly #calls: PoolCalls
  readonly #check: () => void
  readonly waiting: WaitingOwner
  /** The last of the calls that wait as one. */
  #last: LocalCalls | SentCalls | undefined

  /** `check` throws where the pool takes no calls any more. */
  constructor(core: PoolCore, calls: PoolCalls, check: () => void) {
    this.#core = core
    this.#calls = calls
    this.#check = check
    this.waiting = {
      state: core.state,
      counts: core.counts,
      spare: [],
      waitSync: calls.waitSync,
      isRunning: ({ item }) => calls.isRunning(item),
      attemptOf: (part) => this.#attemptOf(part),
      dropped: (batch) => {
        core.counts.cancelled++
        core.state.dropped(batch)
        core.drain()
      },
      stopped: ({ item }, reason) => calls.cancelled(item, reason),
      awaitedFuture: (future) => calls.awaitedFuture(future),
      isOwn: (future) => calls.isOwn(future),
    }
  }

  /** A call on this event loop, which waits at the end of the queue. */
  addLocal(fn: AnyFunction, args: readonly unknown[], site: CallSite | undefined): Future<unknown> {
    const last = this.#last
    const batch = last instanceof LocalCalls && last.isLast ? last : new LocalCalls(this.waiting)
    return this.#join(batch, batch.add(fn, args, site, batch.contextFor(fn, args)))
  }

  /** A call to be sent, which waits at the end of the queue. `args`: plain, and nobody else has them. `kind`: as of {@link Ticket}. */
  addSent(target: number, args: readonly unknown[], site: CallSite | undefined, kind: number): Future<unknown> {
    const last = this.#last
    const goesOn = last instanceof SentCalls && (last.isLast || last.isDone)
    const batch = goesOn ? last : new SentCalls(this.waiting, this.#core.parts.hub !== undefined)
    return this.#join(batch, batch.add(target, args, site, kind))
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
    this.#check()
    const site = siteFrom(from)
    const context = callerContext()
    const now = timed ? () => this.#core.deadlines.now() : undefined
    const run: ItemRun = { owner: this.waiting, now, fn, computes: onlyComputes(fn), items, listener, site, context }
    const runs = options.timeout === undefined && options.retries === undefined && options.onProgress === undefined
    const next = (): Attempt => {
      const index = indexOfTaken(batch, items)
      const receive = (outcome: Outcome, { attempts, ms }: WorkItem): void => tell(listener, index, outcome, attempts, ms)
      const part = runs ? new ItemRunner(run, batch, index) : { batch, receive, received: false }
      const item = new WorkItem(this.#calls, fn, [items[index], index], options, oneCall, site, context, part)
      const attempt = new Attempt(item, 1)
      item.attempt = attempt
      return attempt
    }
    const batch = new Batch(options.priority, items.length, next)
    this.#core.state.submitted(batch)
    this.#core.drain()
    return batch
  }

  #attemptOf(part: CallPart): Attempt {
    const item = new WorkItem(this.#calls, runs, noArgs, defaultCallOptions, oneCall, undefined, part.context, part)
    const attempt = new Attempt(item, 1)
    item.attempt = attempt
    part.attempt = attempt
    if (part instanceof Sending) attempt.sending = part
    return attempt
  }

  /** The calls of a batch that have not begun, or would begin again, shall not. */
  cancelBatch(batch: CallBatch): void {
    if (batch.abandoned) return
    this.#core.counts.cancelled += batch.count
    this.#core.state.abandoned(batch)
    for (const item of [...this.#core.paused])
      if (item.part?.batch === batch) this.#calls.cancelItem(item, 'The map to which the call belongs has ended')
    this.#core.drain()
  }

  /** The calls of a batch that are running are cancelled. */
  stopBatch(batch: CallBatch, error: CancelledError, reason: unknown): void {
    for (const item of [...this.#begunOf(batch)]) item.stop(error, reason)
  }

  /** How many calls of a batch are running. */
  runningOf(batch: CallBatch): number {
    let running = 0
    for (const item of this.#begunOf(batch)) if (!item.done && !this.#core.paused.has(item)) running++
    return running
  }

  *#begunOf(batch: CallBatch): Generator<WorkItem> {
    for (const worker of this.#core.state.workers.values()) {
      for (const ticket of worker.calls) if (itemOf(ticket).part?.batch === batch) yield itemOf(ticket)
    }
    for (const item of this.#core.paused) if (item.part?.batch === batch) yield item
  }

  #join(batch: LocalCalls | SentCalls, future: Future<unknown>): Future<unknown> {
    if (batch.isLast) {
      if (this.#core.state.joined(batch)) this.#core.drain()
      return future
    }
    this.#last = batch
    batch.count = 1
    this.#core.state.submitted(batch)
    this.#core.drain()
    return future
  }
}

const noArgs: readonly unknown[] = []

/** Stands for the functions of calls that follow one another. */
function runs(): void {}
