// Decides: who gets the next call, when a worker is started, replaced or ended, what becomes of the calls of one that died. Events in (the
// methods), decisions out (`admitted` and `actions`); no clock, no channel, no future. The pool performs what is decided.
//
// A call is admitted to a worker as late as it can be, so that order, priority and cancelling are decided here.
//
// What is decided about workers (which there are, who has a place) is in `worker-roster`, what is decided about calls that workers have before they
// have a place for them in `calls-ahead`. Both are parts of this state and nobody else's.
import { CallsAhead } from './calls-ahead.js'
import { type Batch, type Ticket, TicketQueue } from './ticket.js'
import type { WorkerRecord } from './worker-record.js'
import { WorkerRoster } from './worker-roster.js'

export interface PoolConfig {
  readonly maxWorkers: number
  readonly minWorkers: number
  /** How many calls a worker has at once. */
  readonly callsPerWorker: number
  /** After this many calls a worker is replaced. */
  readonly maxTasksPerWorker: number
  /** Whether the pool survives the death of a worker. */
  readonly replaceDeadWorkers: boolean
  /** Milliseconds; above `minWorkers`, a worker that is idle for this long ends. */
  readonly idleTimeout: number
}

export type Action =
  | { readonly type: 'spawn'; readonly worker: WorkerRecord }
  /** What it has not begun and has no place for is taken back. */
  | { readonly type: 'recall'; readonly worker: WorkerRecord }
  /** Ends after its calls, in peace. */
  | { readonly type: 'retire'; readonly worker: WorkerRecord }
  | { readonly type: 'kill'; readonly worker: WorkerRecord }
  /** The call is no longer wanted: tell it. */
  | { readonly type: 'abort'; readonly ticket: Ticket }
  /** Its worker died while it ran. */
  | { readonly type: 'lost'; readonly ticket: Ticket; readonly worker: WorkerRecord }
  /** The pool can run no more calls. */
  | { readonly type: 'broken'; readonly ticket: Ticket }
  /** All is done after a shutdown. Comes once. */
  | { readonly type: 'closed' }

/** Where the last recall is among what was decided: what is given back before that one may have to come after what that one gives back. */
export function lastRecall(decided: readonly Action[]): number {
  for (let index = decided.length - 1; index >= 0; index--) if (decided[index]?.type === 'recall') return index
  return -1
}

/** Workers that die before they have begun anything, one after the other, until the pool gives up. */
const startsUntilBroken = 3

export class PoolState {
  /** What was decided: calls to be handed over to the workers that they name, in this order. The pool empties it. */
  readonly admitted: Ticket[] = []
  /** What else was decided. The pool empties it. */
  readonly actions: Action[] = []
  readonly workers = new Map<number, WorkerRecord>()

  #phase: 'open' | 'closing' | 'terminating' | 'closed' = 'open'
  #broken = false
  readonly #config: PoolConfig
  readonly #now: () => number
  readonly #queue = new TicketQueue()
  readonly #roster: WorkerRoster
  readonly #callsAhead: CallsAhead
  /** Paused before their next attempt. */
  #held = 0
  /** Calls that some worker has, of whichever phase. */
  #running = 0
  #failedStarts = 0
  /** Workers that died as soon as they had a call, and before it began, one after the other, with no call that ended in between. */
  #fruitless = 0
  #lastOrder = 0

  constructor(config: PoolConfig, now: () => number = () => 0) {
    this.#config = config
    this.#now = now
    this.#callsAhead = new CallsAhead(this.workers, this.actions, config.callsPerWorker, now)
    this.#roster = new WorkerRoster(config, this.workers, this.actions, this.#callsAhead)
    this.#decide()
  }

  get maxWorkers(): number {
    return this.#roster.maxWorkers
  }

  get queued(): number {
    return this.#queue.size + this.#callsAhead.waiting
  }

  get running(): number {
    return this.#running - this.#callsAhead.count
  }

  /** How many calls wait for a place at a worker. */
  get early(): number {
    return this.#callsAhead.count
  }

  /** How many calls more than it has places a worker may have. */
  get ahead(): number {
    return this.#callsAhead.limit
  }

  /** How long a call takes, in nanoseconds; 0 when that is not known. */
  set callNs(ns: number) {
    this.#callsAhead.callNs = ns
  }

  set ahead(limit: number) {
    this.#callsAhead.limit = limit
  }

  /** Whether a call is anywhere: queued, paused, or with a worker. */
  get busy(): boolean {
    return this.#queue.size > 0 || this.#held > 0 || this.#running > 0
  }

  get idle(): number {
    return this.#roster.idle
  }

  get open(): boolean {
    return this.#phase === 'open'
  }

  get broken(): boolean {
    return this.#broken
  }

  /** How many calls wait beyond what the workers there may be could run. */
  get waiting(): number {
    return this.#queue.size + this.#roster.load - this.#callsAhead.discounted - this.#roster.mostPlaces
  }

  /** Whether what is submitted now is taken, and has to wait: no place is free, and as many workers are there, or on their way, as there may be. */
  get saturated(): boolean {
    const roster = this.#roster
    return this.#phase === 'open' && roster.complete && (this.#queue.size > 0 || roster.load >= roster.places)
  }

  /** Calls that no worker has, first the next one. */
  get queue(): Iterable<Ticket> {
    return this.#queue
  }

  // ---- events of calls ------------------------------------------------------------------------------------------

  submitted(ticket: Ticket): void {
    ticket.place = 'queued'
    this.#queue.push(ticket)
    this.#callsAhead.queued(ticket)
    this.#decide()
  }

  /** Another call of a batch that waits. @returns whether anything may have been decided */
  joined(batch: Batch): boolean {
    this.#queue.grow(batch)
    if (this.#callsAhead.full) return false
    this.#decide()
    return true
  }

  /** One call less of a batch that waits. */
  dropped(batch: Batch): void {
    if (batch.list === undefined) return
    this.#queue.shrink(batch)
    this.#decide()
  }

  /**
   * These were taken back: nobody has begun them, nor will. Some may have got a place since they were asked for. `more`: another worker answers in
   * the same breath, and what it gives back may be of a higher priority.
   */
  recalled(worker: WorkerRecord, tickets: readonly Ticket[], now = 0, more = false): void {
    if (worker.pace === 'recalling') worker.pace = 'even'
    for (const ticket of tickets) {
      if (ticket.place !== 'running') continue
      this.#leave(ticket, worker)
      if (ticket.abandoned) continue
      ticket.place = 'queued'
      this.#queue.putBack(ticket)
    }
    if (tickets.length > 0 && worker.phase === 'ready') {
      if (worker.calls.size === 0) worker.idleSince = now
      this.#roster.freed(worker)
    }
    if (!more) this.#decide()
  }

  /** Several have ended: those who have few calls ahead get more. */
  refill(): void {
    this.#callsAhead.refill()
    this.#callsAhead.refilling = true
    this.#decide()
    this.#callsAhead.refilling = false
  }

  /** Time has passed, longer than what lies ahead should take. */
  looked(): void {
    this.#callsAhead.looked(this.#roster.idle > 0)
    this.#decide()
  }

  /** Its next attempt comes later. */
  held(ticket: Ticket): void {
    ticket.place = 'held'
    this.#held++
  }

  /** The pause is over, or the call was cancelled in it. */
  released(ticket: Ticket): void {
    if (ticket.place !== 'held') return
    ticket.place = 'gone'
    this.#held--
    this.#decide()
  }

  /**
   * Its outcome is not wanted any more. A queued call is gone at once; a running one takes its place until it ends, and one that waits for a place at its
   * worker is not one that waits any more.
   */
  abandoned(ticket: Ticket): void {
    if (ticket.abandoned) return
    ticket.abandoned = true
    this.#callsAhead.discount(ticket)
    if (ticket.place === 'queued') {
      this.#queue.remove(ticket)
      ticket.place = 'gone'
      this.#decide()
    } else if (ticket.place === 'held') this.released(ticket)
    else if (ticket.place === 'running') this.actions.push({ type: 'abort', ticket })
  }

  /** It was told to end and did not: its worker is replaced. */
  overran(ticket: Ticket): void {
    const { worker } = ticket
    if (ticket.place === 'running' && worker !== undefined) this.#roster.kill(worker)
  }

  /** It has ended, whichever way. `recycle`: its worker shall be replaced. */
  ended(ticket: Ticket, worker: WorkerRecord, recycle = false, now = 0): void {
    if (ticket.place !== 'running') return
    this.#fruitless = 0
    this.#leave(ticket, worker)
    this.#callsAhead.ended(ticket)
    worker.still = 0
    if (worker.pace === 'stuck') worker.pace = 'even'
    if (worker.calls.size === 0) worker.idleSince = now
    if (recycle) this.#roster.retire(worker)
    else if (worker.phase === 'ready') this.#roster.freed(worker)
    this.#decide()
  }

  /**
   * A call of the batch has ended. @returns whether the next one of the batch follows in its place, as the same ticket: whenever {@link ended} would
   * have given the place to it. Otherwise nothing has changed.
   */
  follows(ticket: Ticket, batch: Batch): boolean {
    const { worker } = ticket
    if (this.#queue.first !== batch || ticket.place !== 'running' || worker?.phase !== 'ready') return false
    if (ticket.abandoned || ticket.lends !== 'no') return false
    const { callsPerWorker, maxTasksPerWorker } = this.#config
    // A place that was lent may have been taken back, and there may be a better one; and the last call of a worker is for it to retire with.
    if (worker.calls.size > callsPerWorker || worker.given + 1 >= maxTasksPerWorker) return false
    this.#fruitless = 0
    this.#queue.shiftFollowing(batch)
    worker.given++
    return true
  }

  /**
   * As {@link follows}, where calls are sent: the worker is given the next one of the batch for the one that has ended there, whether it has a place
   * for it now or not. It comes after all that the worker has.
   */
  followsThere(ticket: Ticket, batch: Batch): boolean {
    const { worker } = ticket
    if (this.#queue.size === 0 || this.#queue.first !== batch || ticket.place !== 'running' || worker?.phase !== 'ready') return false
    if (ticket.abandoned || ticket.lends !== 'no' || worker.pace !== 'even' || worker.extra > 0) return false
    const { callsPerWorker, maxTasksPerWorker } = this.#config
    const { calls } = worker
    // Twice as many as it would be given: the limit goes up and down with what calls were measured to take, and to give and take costs more than they do.
    if (calls.size > callsPerWorker + 2 * this.#callsAhead.limit || worker.given + 1 >= maxTasksPerWorker) return false
    this.#fruitless = 0
    this.#queue.shiftFollowing(batch)
    this.#callsAhead.ended(ticket)
    calls.moveToEnd(ticket)
    ticket.early = calls.size > callsPerWorker
    ticket.order = ++this.#lastOrder
    worker.given++
    worker.still = 0
    return true
  }

  /** It waits for another call of this pool. `thread`: and blocks its thread meanwhile, so that another worker is needed. */
  lent(ticket: Ticket, what: 'place' | 'thread'): void {
    const { worker } = ticket
    if (ticket.lends !== 'no' || ticket.place !== 'running' || worker === undefined) return
    ticket.lends = what
    if (what === 'thread') {
      this.#roster.blocks(worker)
      this.#callsAhead.blocked(worker)
    } else this.#roster.lent(worker)
    this.#decide()
  }

  /** It goes on. */
  regained(ticket: Ticket): void {
    if (ticket.lends === 'no') return
    this.#unlend(ticket)
    this.#decide()
  }

  // ---- events of workers ----------------------------------------------------------------------------------------

  /** It has started, and initialized. */
  ready(worker: WorkerRecord, now = 0): void {
    if (worker.phase !== 'starting') return
    this.#failedStarts = 0
    this.#roster.started(worker, now)
    this.#decide()
  }

  /**
   * It does not hear what it is told, and is replaced. `taken` of its calls will not begin there. They run again; when that goes on and on, the pool is
   * broken.
   */
  silent(worker: WorkerRecord, taken: readonly Ticket[]): void {
    if (worker.phase === 'ready' && worker.calls.size > 0) this.#fruitless++
    this.#roster.kill(worker)
    this.recalled(worker, taken, 0, true)
    if (this.#fruitless >= startsUntilBroken) this.break()
    this.#decide()
  }

  /**
   * It is gone. `begun` tells which of its calls had begun: those are lost. The others run again, before those that wait. `inPeace`: it ended
   * because it was asked to.
   */
  gone(worker: WorkerRecord, begun: (ticket: Ticket) => boolean, inPeace = false): void {
    if (!this.workers.delete(worker.id)) return
    const { phase } = worker
    const again: Ticket[] = []
    let fruitless = true
    for (const ticket of [...worker.calls]) {
      const hasBegun = begun(ticket)
      if (hasBegun) fruitless = false
      this.#leave(ticket, worker)
      if (ticket.abandoned) continue
      if (hasBegun || this.#phase === 'terminating') this.actions.push({ type: 'lost', ticket, worker })
      else again.unshift(ticket)
    }
    if (!fruitless) this.#fruitless = 0
    else if (phase === 'ready' && again.length > 0 && !inPeace) this.#fruitless++
    for (const ticket of again) {
      ticket.place = 'queued'
      this.#queue.unshift(ticket)
    }
    if (phase === 'starting') this.#failedStarts++
    this.#roster.left(worker)
    const wasWanted = phase === 'ready' || phase === 'starting'
    const unexpected = wasWanted && !inPeace
    const hopeless = this.#failedStarts >= startsUntilBroken || this.#fruitless >= startsUntilBroken
    if (unexpected && (!this.#config.replaceDeadWorkers || hopeless)) this.break()
    this.#decide()
  }

  /** Nothing can run any more: all that waits fails, all workers are ended. */
  break(): void {
    if (this.#broken) return
    this.#broken = true
    for (const ticket of [...this.#queue]) this.#drop(ticket)
    for (const worker of this.workers.values()) {
      for (const ticket of [...worker.calls]) {
        if (!ticket.abandoned) {
          ticket.abandoned = true
          this.actions.push({ type: 'broken', ticket })
        }
      }
      this.#roster.kill(worker)
    }
    this.#decide()
  }

  /** Ends workers that have been idle for too long. @returns when to ask again; undefined when nothing is idle */
  expired(now: number): number | undefined {
    const next = this.#roster.expire(now)
    this.#decide()
    return next
  }

  // ---- events of the pool ---------------------------------------------------------------------------------------

  resized(maxWorkers: number): void {
    this.#roster.maxWorkers = maxWorkers
    this.#decide()
  }

  /** No more calls; the workers end when the last call has. */
  closing(): void {
    if (this.#phase === 'open') this.#phase = 'closing'
    this.#decide()
  }

  /** All workers are ended now. The pool has cancelled all calls. */
  terminating(): void {
    if (this.#phase === 'closed') return
    this.#phase = 'terminating'
    for (const ticket of [...this.#queue]) this.#drop(ticket)
    for (const worker of this.workers.values()) this.#roster.kill(worker)
    this.#decide()
  }

  // ---- decisions ------------------------------------------------------------------------------------------------

  #decide(): void {
    if (this.#phase === 'closed') return
    if (!this.#broken && this.#phase !== 'terminating') {
      this.#admit()
      this.#roster.adjust(this.#roster.load + this.#queue.size, this.#phase === 'open' ? this.#config.minWorkers : 0)
    }
    if (this.#phase !== 'open') this.#close()
  }

  #admit(): void {
    const roster = this.#roster
    if (!roster.someReady) return
    while (this.#queue.size > 0) {
      const worker = this.#callsAhead.awakeWorker(this.#queue) ?? roster.freeWorker() ?? this.#callsAhead.workerFor(this.#queue)
      if (worker === undefined) return
      const ticket = this.#queue.shift() as Ticket // There is one: the size says so.
      this.#give(ticket, worker)
      this.admitted.push(ticket)
    }
  }

  #close(): void {
    if (this.#queue.size > 0 || this.#held > 0) return
    if (this.#roster.load === 0) for (const worker of this.workers.values()) this.#roster.retire(worker)
    if (this.workers.size > 0) return
    this.#phase = 'closed'
    this.actions.push({ type: 'closed' })
  }

  /** From the queue to a worker. */
  #give(ticket: Ticket, worker: WorkerRecord): void {
    this.#roster.load++
    this.#callsAhead.last = worker
    if (worker.calls.size === 0 && this.#callsAhead.callNs > 0) worker.busySince = this.#now()
    ticket.place = 'running'
    ticket.worker = worker
    if (ticket.order === 0) ticket.order = ++this.#lastOrder
    ticket.early = worker.calls.size >= this.#config.callsPerWorker + worker.extra
    if (ticket.early) this.#callsAhead.given(ticket, worker)
    worker.calls.push(ticket)
    worker.idleSince = undefined
    worker.given++
    this.#running++
    this.#roster.given(worker)
  }

  /** From a worker. */
  #leave(ticket: Ticket, worker: WorkerRecord): void {
    this.#unlend(ticket)
    worker.calls.remove(ticket)
    this.#callsAhead.movedUp(worker)
    if (ticket.discounted) this.#callsAhead.left(ticket)
    ticket.place = 'gone'
    ticket.worker = undefined
    this.#running--
    if (worker.phase === 'ready') this.#roster.load--
  }

  #unlend(ticket: Ticket): void {
    if (ticket.lends === 'thread') this.#roster.unblocks(ticket.worker)
    else if (ticket.lends === 'place' && ticket.worker !== undefined) this.#roster.regained(ticket.worker)
    ticket.lends = 'no'
  }

  /** From the queue, for ever. */
  #drop(ticket: Ticket): void {
    this.#queue.remove(ticket)
    ticket.place = 'gone'
    if (!ticket.abandoned) this.actions.push({ type: 'broken', ticket })
    ticket.abandoned = true
  }
}
