// Decides: who gets the next call, when a worker is started, replaced or ended, what becomes of the calls of one that died. Events in (the
// methods), decisions out (`admitted` and `actions`); no clock, no channel, no future. The pool performs what is decided.
//
//   worker:  starting ──ready──▶ ready ──▶ retiring ──gone──▶ (forgotten)
//                 └───────────────┴───── dying ──gone──▶        retiring: ends after its calls, in peace. dying: is being ended.
//
// Workers pull: what is admitted lies in their shared queue until one claims it (`pull`). Where the channel can only push, admitting names the
// worker as well. In both cases admission is as late as it can be, so that order, priority and cancelling are decided here.
//
// Where calls are pushed and are known to be short, a worker is given some more of them than it has places (`ahead`), so that it does not wait for
// the next one. What it has not begun can be taken back: when the call before it takes long, when its worker blocks or ends, when a call of a higher
// priority comes. Those go to the head of the queue again, in their order.
import { type Batch, type Ticket, TicketList, TicketQueue } from './ticket.js'

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
  /** Workers claim calls from a shared queue, and this many may lie there beyond the places there are. Undefined: calls are pushed. */
  readonly pull?: { readonly ahead: number } | undefined
}

export type WorkerPhase = 'starting' | 'ready' | 'retiring' | 'dying'

/** A worker as the decisions see it. */
export interface WorkerRecord {
  /** Never used twice. */
  readonly id: number
  /** From 0; a worker that replaces another takes its index. */
  readonly index: number
  phase: WorkerPhase
  /** What it is known to have. */
  readonly calls: TicketList
  /** Additional places, lent by calls that wait for others. */
  extra: number
  /** How many calls it was given, ever. */
  given: number
  /** Since when it has no call; undefined while it has. */
  idleSince: number | undefined
  /** How many of its calls wait there for a place. */
  ahead: number
  /** Whether it is given calls ahead. `recalling`: not until those that it has were taken back. `stuck`: not until one of its calls has ended. */
  pace: 'even' | 'recalling' | 'stuck'
  /** At how many looks in a row nothing had ended there. */
  still: number
  /** When a call has last ended there. Kept for the pool. */
  lastEnd: number
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

/** Workers that die before they have begun anything, one after the other, until the pool gives up. */
const startsUntilBroken = 3
/** Looks at which nothing has ended at a worker, until it is taken to be stuck though nobody else is idle. */
const looksUntilStuck = 5
/** So many calls have to wait before workers that have no place for them are given some. */
const lot = 32

export class PoolState {
  /** What was decided: calls to be handed over, in this order. The pool empties it. */
  readonly admitted: Ticket[] = []
  /** What else was decided. The pool empties it. */
  readonly actions: Action[] = []
  readonly workers = new Map<number, WorkerRecord>()

  #phase: 'open' | 'closing' | 'terminating' | 'closed' = 'open'
  #broken = false
  #maxWorkers: number
  readonly #config: PoolConfig
  readonly #queue = new TicketQueue()
  /** What lies in the shared queue of workers that pull, and was not seen to be claimed. */
  readonly #window = new TicketList()
  /** Paused before their next attempt. */
  #held = 0
  /** Calls that count against the places: admitted, or running on a worker that is not on its way out. */
  #load = 0
  /** Calls that some worker has, of whichever phase. */
  #running = 0
  #starting = 0
  #ready = 0
  /** Places of ready workers that other calls of the pool have lent. */
  #extra = 0
  /** Workers whose thread is blocked by a call that waits for another call of the pool. */
  #blocked = 0
  #failedStarts = 0
  /** Workers that died as soon as they had a call, and before it began, one after the other, with no call that ended in between. */
  #fruitless = 0
  #lastId = 0
  #lastOrder = 0
  /** Calls that wait for a place at a worker, and the lowest priority among them. */
  #early = 0
  #earlyPriority = 0
  /** Who gets calls ahead now, and how many more before another is looked for. */
  #favourite: WorkerRecord | undefined
  #favours = 0
  /** Nobody has room for calls ahead, until some have ended. */
  #full = false
  #refilling = false
  /** How many calls more than it has places a worker may have. Only where calls are pushed. */
  ahead = 0
  /** Ready workers that may have a place free; the last is asked first. Those that turn out to have none are dropped then. */
  readonly #free: WorkerRecord[] = []

  constructor(config: PoolConfig) {
    this.#config = config
    this.#maxWorkers = config.maxWorkers
    this.#decide()
  }

  get maxWorkers(): number {
    return this.#maxWorkers
  }

  get queued(): number {
    return this.#queue.size + this.#window.size + this.#early
  }

  get running(): number {
    return this.#running - this.#early
  }

  /** How many calls wait for a place at a worker. */
  get early(): number {
    return this.#early
  }

  /** Whether a call is anywhere: queued, paused, or with a worker. */
  get busy(): boolean {
    return this.#queue.size > 0 || this.#window.size > 0 || this.#held > 0 || this.#running > 0
  }

  get idle(): number {
    let idle = 0
    for (const worker of this.workers.values()) if (worker.phase === 'ready' && worker.calls.size === 0) idle++
    return idle
  }

  get open(): boolean {
    return this.#phase === 'open'
  }

  get broken(): boolean {
    return this.#broken
  }

  /** How many calls wait beyond what the workers there may be could run. */
  get waiting(): number {
    return this.#queue.size + this.#load - this.#maxWorkers * this.#config.callsPerWorker - this.#extra
  }

  /** Whether what is submitted now has to wait: no place is free, and as many workers are there, or on their way, as there may be. */
  get saturated(): boolean {
    if (this.#starting + this.#ready < this.#maxWorkers + this.#blocked) return false
    return this.#queue.size > 0 || this.#load >= this.#ready * this.#config.callsPerWorker + this.#extra
  }

  /** Calls that no worker has, first the next one. */
  get queue(): Iterable<Ticket> {
    return this.#window.size === 0 ? this.#queue : [...this.#window, ...this.#queue]
  }

  // ---- events of calls ------------------------------------------------------------------------------------------

  submitted(ticket: Ticket): void {
    ticket.place = 'queued'
    this.#queue.push(ticket)
    if (this.#early > 0 && ticket.priority > this.#earlyPriority) this.#recallAll()
    this.#decide()
  }

  /** Another call of a batch that waits. @returns whether anything may have been decided */
  joined(batch: Batch): boolean {
    this.#queue.grow(batch)
    if (this.#full) return false
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
      this.#free.push(worker)
    }
    if (!more) this.#decide()
  }

  /** Several have ended: those who have few calls ahead get more. */
  refill(): void {
    this.#full = false
    this.#refilling = true
    this.#decide()
    this.#refilling = false
  }

  /**
   * Time has passed, longer than what lies ahead should take: a worker where nothing has ended meanwhile is stuck. When nobody is free to take what it
   * has, that is not done at once: its thread may only have had to wait for a core.
   */
  looked(): void {
    const most = this.idle > 0 ? 1 : looksUntilStuck
    for (const worker of this.workers.values()) if (++worker.still >= most && worker.ahead > 0) this.#recall(worker, 'stuck')
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

  /** Its outcome is not wanted any more. A queued call is gone at once; a running one takes its place until it ends. */
  abandoned(ticket: Ticket): void {
    if (ticket.abandoned) return
    ticket.abandoned = true
    if (ticket.place === 'queued') {
      this.#queue.remove(ticket)
      ticket.place = 'gone'
      this.#decide()
    } else if (ticket.place === 'held') this.released(ticket)
    else if (ticket.place === 'running' || ticket.place === 'admitted') this.actions.push({ type: 'abort', ticket })
  }

  /** It was told to end and did not: its worker is replaced. */
  overran(ticket: Ticket): void {
    const { worker } = ticket
    if (ticket.place === 'running' && worker !== undefined) this.#kill(worker)
  }

  /** A worker has taken it from the shared queue. Only where workers pull. */
  claimed(ticket: Ticket, worker: WorkerRecord): void {
    if (ticket.place !== 'admitted') return
    this.#take(ticket, worker)
  }

  /** It has ended, whichever way. `recycle`: its worker shall be replaced. */
  ended(ticket: Ticket, worker: WorkerRecord, recycle = false, now = 0): void {
    if (ticket.place === 'admitted') this.#take(ticket, worker)
    if (ticket.place !== 'running') return
    this.#fruitless = 0
    this.#leave(ticket, worker)
    worker.still = 0
    if (worker.pace === 'stuck') worker.pace = 'even'
    if (worker.calls.size === 0) worker.idleSince = now
    if (recycle) this.#retire(worker)
    else if (worker.phase === 'ready' && this.#config.pull === undefined) this.#free.push(worker)
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
    // Its place may be one that was lent to it and was taken back; and the last call of a worker is for it to retire with.
    if (worker.calls.size > callsPerWorker + worker.extra || worker.given + 1 >= maxTasksPerWorker) return false
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
    if (this.#queue.first !== batch || ticket.place !== 'running' || worker?.phase !== 'ready') return false
    if (ticket.abandoned || ticket.lends !== 'no' || worker.pace !== 'even') return false
    const { callsPerWorker, maxTasksPerWorker, pull } = this.#config
    const places = callsPerWorker + worker.extra
    const { calls } = worker
    if (pull !== undefined || calls.size > places + this.ahead || worker.given + 1 >= maxTasksPerWorker) return false
    this.#fruitless = 0
    this.#queue.shiftFollowing(batch)
    calls.remove(ticket)
    calls.push(ticket)
    ticket.early = calls.size > places
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
      this.#blocked++
      this.#recall(worker, 'stuck')
    } else {
      worker.extra++
      this.#movedUp(worker)
      if (worker.phase === 'ready') {
        this.#extra++
        this.#free.push(worker)
      }
    }
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
    this.#starting--
    this.#ready++
    worker.phase = 'ready'
    worker.idleSince = now
    this.#free.push(worker)
    this.#decide()
  }

  /**
   * It does not hear what it is told, and is replaced. `taken` of its calls will not begin there. They run again; when that goes on and on, the pool is
   * broken.
   */
  silent(worker: WorkerRecord, taken: readonly Ticket[]): void {
    if (worker.phase === 'ready' && worker.calls.size > 0) this.#fruitless++
    this.#kill(worker)
    this.recalled(worker, taken, 0, true)
    if (this.#fruitless >= startsUntilBroken) this.break()
    this.#decide()
  }

  /** It has begun to end by itself: it has had its number of calls. Only where workers pull. */
  retiring(worker: WorkerRecord): void {
    if (worker.phase === 'ready') this.#depart(worker, 'retiring')
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
    if (phase === 'starting') {
      this.#starting--
      this.#failedStarts++
    } else if (phase === 'ready') this.#ready--
    // It may still be in the list of those with a place free.
    worker.phase = 'dying'
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
    for (const ticket of [...this.queue]) this.#drop(ticket)
    for (const worker of this.workers.values()) {
      for (const ticket of [...worker.calls]) {
        if (!ticket.abandoned) {
          ticket.abandoned = true
          this.actions.push({ type: 'broken', ticket })
        }
      }
      this.#kill(worker)
    }
    this.#decide()
  }

  /** Ends workers that have been idle for too long. @returns when to ask again; undefined when nothing is idle */
  expired(now: number): number | undefined {
    const { idleTimeout, minWorkers } = this.#config
    let next: number | undefined
    const idle = [...this.workers.values()].filter((worker) => worker.phase === 'ready' && worker.calls.size === 0)
    idle.sort((a, b) => (a.idleSince ?? now) - (b.idleSince ?? now))
    for (const worker of idle) {
      if (this.#starting + this.#ready <= minWorkers) break
      const due = (worker.idleSince ?? now) + idleTimeout
      if (due <= now) this.#retire(worker)
      else {
        next = due
        break
      }
    }
    this.#decide()
    return next
  }

  // ---- events of the pool ---------------------------------------------------------------------------------------

  resized(maxWorkers: number): void {
    this.#maxWorkers = maxWorkers
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
    for (const ticket of [...this.queue]) this.#drop(ticket)
    for (const worker of this.workers.values()) this.#kill(worker)
    this.#decide()
  }

  // ---- decisions ------------------------------------------------------------------------------------------------

  #decide(): void {
    if (this.#phase === 'closed') return
    if (!this.#broken && this.#phase !== 'terminating') {
      this.#admit()
      this.#spawn()
      this.#shrink()
    }
    if (this.#phase !== 'open') this.#close()
  }

  #admit(): void {
    const { callsPerWorker, pull } = this.#config
    if (this.#ready === 0) return
    if (pull === undefined) {
      while (this.#queue.size > 0) {
        const worker = this.#freeWorker() ?? this.#workerAhead()
        if (worker === undefined) return
        const ticket = this.#queue.shift() as Ticket // There is one: the size says so.
        this.#load++
        this.#take(ticket, worker)
        this.admitted.push(ticket)
      }
      return
    }
    const window = this.#ready * callsPerWorker + this.#extra + pull.ahead
    while (this.#queue.size > 0 && this.#load < window) {
      const ticket = this.#queue.shift() as Ticket // There is one: the size says so.
      ticket.place = 'admitted'
      this.#window.push(ticket)
      this.#load++
      this.admitted.push(ticket)
    }
  }

  /** A ready worker with a place: the one that was last in use, or, when each has several places, the one with the fewest calls. */
  #freeWorker(): WorkerRecord | undefined {
    const { callsPerWorker } = this.#config
    if (callsPerWorker > 1) {
      let best: WorkerRecord | undefined
      for (const worker of this.workers.values()) {
        const fits = worker.phase === 'ready' && worker.calls.size < callsPerWorker + worker.extra
        if (fits && (best === undefined || worker.calls.size < best.calls.size)) best = worker
      }
      this.#free.length = 0
      return best
    }
    for (let worker = this.#free.pop(); worker !== undefined; worker = this.#free.pop()) {
      if (worker.phase === 'ready' && worker.calls.size < callsPerWorker + worker.extra) return worker
    }
    return undefined
  }

  /** A ready worker that may have another call before it has a place for it: the one with the fewest, and then the same for a while. */
  #workerAhead(): WorkerRecord | undefined {
    const { ahead } = this
    // In lots: to wake a worker costs more than a short call, and to look for one that has room too.
    if (ahead === 0 || this.#full || (!this.#refilling && this.#queue.size < Math.min(lot, ahead)) || !this.#queue.first?.goesAhead)
      return undefined
    const most = this.#config.callsPerWorker + ahead
    const favourite = this.#favourite
    if (favourite !== undefined && this.#favours > 0 && mayHaveMore(favourite, most)) {
      this.#favours--
      return favourite
    }
    let best: WorkerRecord | undefined
    for (const worker of this.workers.values()) {
      if (mayHaveMore(worker, most) && (best === undefined || worker.calls.size < best.calls.size)) best = worker
    }
    this.#full = best === undefined
    this.#favourite = best
    this.#favours = ahead >> 4
    return best
  }

  #recallAll(): void {
    for (const worker of this.workers.values()) this.#recall(worker, 'recalling')
  }

  #recall(worker: WorkerRecord, pace: WorkerRecord['pace']): void {
    if (worker.ahead === 0) return
    worker.pace = pace
    this.actions.push({ type: 'recall', worker })
  }

  /** There is a place for one of those that were given ahead. */
  #movedUp(worker: WorkerRecord): void {
    if (worker.ahead === 0) return
    worker.ahead--
    this.#early--
  }

  /** As many workers as there are calls, up to the limit; an idle one is used before another is started. */
  #spawn(): void {
    const allowed = this.#maxWorkers + this.#blocked
    const calls = this.#load + this.#queue.size
    const warm = this.#phase === 'open' ? this.#config.minWorkers : 0
    const wanted = Math.min(allowed, Math.max(warm, calls))
    while (this.#starting + this.#ready < wanted && this.workers.size < allowed) {
      const id = ++this.#lastId
      const worker: WorkerRecord = {
        id,
        index: this.#freeIndex(),
        phase: 'starting',
        calls: new TicketList(),
        extra: 0,
        given: 0,
        idleSince: undefined,
        ahead: 0,
        pace: 'even',
        still: 0,
        lastEnd: 0,
      }
      this.workers.set(id, worker)
      this.#starting++
      this.actions.push({ type: 'spawn', worker })
    }
  }

  #freeIndex(): number {
    // Most often all lower ones are taken.
    const taken = new Set<number>()
    for (const worker of this.workers.values()) taken.add(worker.index)
    let index = 0
    while (taken.has(index)) index++
    return index
  }

  /** More workers than there may be: the idle ones end first, then those whose calls end first. */
  #shrink(): void {
    let excess = this.#starting + this.#ready - this.#maxWorkers - this.#blocked
    if (excess <= 0) return
    const byCalls = [...this.workers.values()].filter((worker) => worker.phase === 'ready' || worker.phase === 'starting')
    byCalls.sort((a, b) => a.calls.size - b.calls.size || b.id - a.id)
    for (const worker of byCalls) {
      if (excess-- <= 0) return
      this.#retire(worker)
    }
  }

  #close(): void {
    if (this.#queue.size > 0 || this.#held > 0) return
    if (this.#load === 0) for (const worker of this.workers.values()) this.#retire(worker)
    if (this.workers.size > 0) return
    this.#phase = 'closed'
    this.actions.push({ type: 'closed' })
  }

  /** From the window, or from the queue, to a worker. */
  #take(ticket: Ticket, worker: WorkerRecord): void {
    this.#window.remove(ticket)
    ticket.place = 'running'
    ticket.worker = worker
    if (ticket.order === 0) ticket.order = ++this.#lastOrder
    ticket.early = this.#config.pull === undefined && worker.calls.size >= this.#config.callsPerWorker + worker.extra
    if (ticket.early) {
      worker.ahead++
      if (this.#early++ === 0 || ticket.priority < this.#earlyPriority) this.#earlyPriority = ticket.priority
    }
    worker.calls.push(ticket)
    worker.idleSince = undefined
    worker.given++
    this.#running++
    if (worker.phase !== 'ready')
      this.#load-- // It has gone out of the account of places.
    else if (this.#config.pull === undefined && worker.given >= this.#config.maxTasksPerWorker) this.#retire(worker)
    else if (this.#config.pull === undefined && this.#config.callsPerWorker === 1 && worker.calls.size < 1 + worker.extra)
      this.#free.push(worker)
  }

  /** From a worker. */
  #leave(ticket: Ticket, worker: WorkerRecord): void {
    this.#unlend(ticket)
    worker.calls.remove(ticket)
    this.#movedUp(worker)
    ticket.place = 'gone'
    ticket.worker = undefined
    this.#running--
    if (worker.phase === 'ready' || worker.phase === 'starting') this.#load--
  }

  #unlend(ticket: Ticket): void {
    if (ticket.lends === 'thread') this.#blocked--
    else if (ticket.lends === 'place' && ticket.worker !== undefined) {
      ticket.worker.extra--
      if (ticket.worker.phase === 'ready') this.#extra--
    }
    ticket.lends = 'no'
  }

  #drop(ticket: Ticket): void {
    if (ticket.place === 'admitted') {
      this.#window.remove(ticket)
      this.#load--
    } else this.#queue.remove(ticket)
    ticket.place = 'gone'
    if (!ticket.abandoned) this.actions.push({ type: 'broken', ticket })
    ticket.abandoned = true
  }

  #retire(worker: WorkerRecord): void {
    if (worker.phase !== 'ready' && worker.phase !== 'starting') return
    this.#depart(worker, 'retiring')
    this.#recall(worker, 'stuck')
    this.actions.push({ type: 'retire', worker })
  }

  #kill(worker: WorkerRecord): void {
    if (worker.phase === 'dying') return
    if (worker.phase !== 'retiring') this.#depart(worker, 'dying')
    worker.phase = 'dying'
    this.actions.push({ type: 'kill', worker })
  }

  /** Takes a worker and its calls out of the account of places. */
  #depart(worker: WorkerRecord, phase: 'retiring' | 'dying'): void {
    if (worker.phase === 'starting') this.#starting--
    else {
      this.#ready--
      this.#extra -= worker.extra
    }
    this.#load -= worker.calls.size
    worker.phase = phase
  }
}

function mayHaveMore({ phase, pace, calls, extra }: WorkerRecord, most: number): boolean {
  return phase === 'ready' && pace === 'even' && calls.size < most + extra
}
