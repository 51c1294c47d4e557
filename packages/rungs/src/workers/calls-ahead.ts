// Which worker is given a call before it has a place for it, and when such calls are asked back. Where calls are known to be short, a worker
// is given some more of them than it has places, so that it does not wait for the next one. What it has not begun can be taken back: when the
// call before it takes long, when its worker blocks or ends, when a call of a higher priority comes. Those go to the head of the queue again, in
// their order.
import type { Action } from './pool-state.js'
import type { Ticket, TicketQueue } from './ticket.js'
import type { WorkerRecord } from './worker-record.js'

/** Looks at which nothing has ended at a worker, until it is taken to be stuck though nobody else is idle. */
const looksUntilStuck = 5
/** So many calls have to wait before workers that have no place for them are given some. */
const lot = 32

/** Nanoseconds that it takes to wake a worker. */
const wakeNs = 50_000
/** Nanoseconds for which a call that has ended shows that others end soon. */
const recentNs = 200_000
/** So many functions are remembered. */
const mostKinds = 1_000

/** A part of the state of a pool. */
export class CallsAhead {
  /** How many calls more than it has places a worker may have. */
  limit = 0
  /** Calls that wait for a place at a worker. Only for others to read. */
  count = 0
  /** How many of those that were given ahead nobody wants any more. Only for others to read. */
  discounted = 0
  /** Nobody has room for calls ahead, until some have ended. */
  full = false
  /** Who was last given a call. */
  last: WorkerRecord | undefined = undefined
  /** Those who have few get more, however few wait. */
  refilling = false
  /** The lowest priority among those that wait at workers. */
  #lowestPriority = 0
  /** Who gets calls ahead now, and how many more before another is looked for. */
  #favourite: WorkerRecord | undefined
  #favours = 0
  #callNs = 0
  /** Of these one has ended since calls are known to be short. */
  readonly #shortKinds = new Set<number>()
  /** The one of them that was added last. */
  #lastShort = 0
  /** How many have ended since outcomes were last handed over together, and how many had then. */
  #endings = 0
  #endedTogether = 0
  readonly #workers: ReadonlyMap<number, WorkerRecord>
  readonly #actions: Action[]
  readonly #callsPerWorker: number
  readonly #now: () => number

  constructor(workers: ReadonlyMap<number, WorkerRecord>, actions: Action[], callsPerWorker: number, now: () => number) {
    this.#now = now
    this.#workers = workers
    this.#actions = actions
    this.#callsPerWorker = callsPerWorker
  }

  /** A ready worker that may have another call before it has a place for it: the one with the fewest, and then the same for a while. */
  workerFor(queue: TicketQueue): WorkerRecord | undefined {
    const { limit } = this
    // In lots: to wake a worker costs more than a short call, and to look for one that has room too.
    if (limit === 0 || this.full || (!this.refilling && queue.size < Math.min(lot, limit)) || !queue.first?.goesAhead) return undefined
    const most = this.#callsPerWorker + limit
    const favourite = this.#favourite
    if (favourite !== undefined && this.#favours > 0 && this.#mayHaveMore(favourite, most)) {
      this.#favours--
      return favourite
    }
    let best: WorkerRecord | undefined
    for (const worker of this.#workers.values()) {
      if (this.#mayHaveMore(worker, most) && (best === undefined || worker.calls.size < best.calls.size)) best = worker
    }
    this.full = best === undefined
    this.#favourite = best
    this.#favours = limit >> 4
    return best
  }

  /** How long a call takes, in nanoseconds; 0 when that is not known. */
  get callNs(): number {
    return this.#callNs
  }

  set callNs(ns: number) {
    this.#callNs = ns
    if (ns > 0 && ns < wakeNs && this.#shortKinds.size <= mostKinds) return
    this.#shortKinds.clear()
    this.#lastShort = 0
  }

  /** Several may have ended: those who have few get more. */
  refill(): void {
    this.full = false
    this.#endedTogether = this.#endings
    this.#endings = 0
  }

  /** It has ended at a worker. */
  ended({ kind }: Ticket): void {
    this.#endings++
    if (kind === this.#lastShort || kind === 0 || this.#callNs === 0 || this.#callNs >= wakeNs) return
    this.#lastShort = kind
    this.#shortKinds.add(kind)
  }

  /**
   * Of calls that are known to be short, the worker that was last given one: to wake another takes longer than to wait until this one has ended what
   * it has. Undefined when it may be at one that takes longer than they did so far, for a function of which nothing is known, and where taking
   * calls back, which needs this thread, may come too late: when none has ended a moment ago, or one by itself (whoever submits two calls then may be about
   * to use this thread for something long), and for a call with memory that others share, where another call may wait for it.
   */
  awakeWorker(queue: TicketQueue): WorkerRecord | undefined {
    const { limit, callNs, last } = this
    const { first } = queue
    if (last === undefined || limit === 0 || first === undefined || !first.goesAhead || !this.#shortKinds.has(first.kind)) return undefined
    const { size } = last.calls
    // It has ended all that it had, and looks for more for a moment.
    if (size === 0) return this.#mayHaveMore(last, this.#callsPerWorker) ? last : undefined
    if (size === 1 && this.#endedTogether < 2) return undefined
    if (size >= limit || size * callNs >= wakeNs || last.extra > 0) return undefined
    if (!this.#mayHaveMore(last, this.#callsPerWorker + limit)) return undefined
    const now = this.#now()
    const isRecent = (now - last.lastEnd) * 1e6 < recentNs && (now - Math.max(last.busySince, last.lastEnd)) * 1e6 < wakeNs
    return isRecent ? last : undefined
  }

  #mayHaveMore({ phase, pace, calls, extra, blockedBy, returning }: WorkerRecord, most: number): boolean {
    if (blockedBy > 0) return false
    // A lent place that is free is kept for when there is no other.
    if (extra > 0 && calls.size < this.#callsPerWorker + extra) return false
    return phase === 'ready' && pace === 'even' && calls.size + returning < most + extra
  }

  /** The worker has it, and no place for it. */
  given(ticket: Ticket, worker: WorkerRecord): void {
    worker.ahead++
    if (this.count++ === 0 || ticket.priority < this.#lowestPriority) this.#lowestPriority = ticket.priority
  }

  /** Those of them that somebody still wants. */
  get waiting(): number {
    return Math.max(0, this.count - this.discounted)
  }

  /** Nobody wants it any more, also if its worker does not know that yet. */
  discount(ticket: Ticket): void {
    const { worker } = ticket
    if (ticket.place !== 'running' || !ticket.early || worker === undefined) return
    let places = worker.calls.size - worker.ahead
    for (const other of worker.calls) {
      if (places-- <= 0) break
      if (other === ticket) return
    }
    ticket.discounted = true
    this.discounted++
  }

  /** One that was discounted is not there any more. */
  left(ticket: Ticket): void {
    ticket.discounted = false
    this.discounted--
  }

  /** There is a place for one of those that were given ahead. */
  movedUp(worker: WorkerRecord): void {
    if (worker.ahead === 0) return
    worker.ahead--
    this.count--
  }

  /** It waits in the queue: those of a lower priority must not be before it. */
  queued(ticket: Ticket): void {
    if (this.count === 0 || ticket.priority <= this.#lowestPriority) return
    for (const worker of this.#workers.values()) this.recall(worker, 'recalling')
  }

  /** What the worker has not begun and has no place for is asked back. */
  recall(worker: WorkerRecord, pace: WorkerRecord['pace']): void {
    if (worker.ahead === 0) return
    worker.pace = pace
    this.#actions.push({ type: 'recall', worker })
  }

  /** Its thread is blocked: also what it has a place for and has not begun is asked back. */
  blocked(worker: WorkerRecord): void {
    if (worker.calls.size <= 1) return
    worker.pace = 'stuck'
    this.#actions.push({ type: 'recall', worker })
  }

  /**
   * Time has passed, longer than what lies ahead should take: a worker where nothing has ended meanwhile is stuck. When nobody is free to take what it
   * has, that is not done at once: its thread may only have had to wait for a core.
   */
  looked(someIdle: boolean): void {
    const most = someIdle ? 1 : looksUntilStuck
    for (const worker of this.#workers.values()) if (++worker.still >= most && worker.ahead > 0) this.recall(worker, 'stuck')
  }
}
