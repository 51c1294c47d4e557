// Which workers there are and how many places they have: they are started on demand, and end when there are too many, when they have had their number of
// calls, or when they have been idle for too long.
import type { CallsAhead } from './calls-ahead.js'
import type { Action, PoolConfig } from './pool-state.js'
import { startingWorker, type WorkerRecord } from './worker-record.js'

/** A part of the state of a pool. */
export class WorkerRoster {
  maxWorkers: number
  /** Calls that count against the places: those of workers that are not on their way out. */
  load = 0
  /** Workers whose thread is blocked by a call that waits for another call of the pool. */
  blocked = 0
  /** Places of ready workers that other calls of the pool have lent. */
  #extra = 0
  #starting = 0
  #ready = 0
  #lastId = 0
  /** Ready workers that may have a place of their own free; the last is asked first. Those that turn out to have none are dropped then. */
  readonly #free = new FreePlaces('listed')
  /** Those that may have one free that a call there has lent. */
  readonly #freeLent = new FreePlaces('listedLent')
  readonly #config: PoolConfig
  readonly #workers: Map<number, WorkerRecord>
  readonly #actions: Action[]
  readonly #callsAhead: CallsAhead

  constructor(config: PoolConfig, workers: Map<number, WorkerRecord>, actions: Action[], ahead: CallsAhead) {
    this.#config = config
    this.maxWorkers = config.maxWorkers
    this.#workers = workers
    this.#actions = actions
    this.#callsAhead = ahead
  }

  /** Of ready workers: places, whether a call has them or not. */
  get places(): number {
    return this.#ready * this.#config.callsPerWorker + this.#extra
  }

  /** Places that there may be. */
  get mostPlaces(): number {
    return this.maxWorkers * this.#config.callsPerWorker + this.#extra
  }

  get idle(): number {
    let idle = 0
    for (const worker of this.#workers.values()) if (isIdle(worker)) idle++
    return idle
  }

  get someReady(): boolean {
    return this.#ready > 0
  }

  /** Whether as many workers are there, or on their way, as there may be. */
  get complete(): boolean {
    return this.#starting + this.#ready >= this.maxWorkers + this.blocked
  }

  /** Whether another worker will be ready for what waits: it is on its way, or is started for it. */
  get #someComing(): boolean {
    return this.#starting > 0 || (!this.complete && this.#hasRoom(this.maxWorkers + this.blocked))
  }

  /** Whether another worker may be started when so many may be there. Those that end are there for a while, and count, unless all that they have waits. */
  #hasRoom(allowed: number): boolean {
    if (this.#workers.size < allowed) return true
    let waiting = 0
    for (const { phase, calls, extra } of this.#workers.values())
      if (phase === 'retiring' && calls.size > 0 && extra >= calls.size) waiting++
    return this.#workers.size < allowed + waiting
  }

  // ---- who has a place ------------------------------------------------------------------------------------------

  /**
   * A ready worker with a place: the one that was last in use, or, when each has several places, the one with the fewest calls. A lent place is the
   * last choice, when there is no other and none will be: who has it ends the call that lent it, if it has to be ended with its worker.
   */
  freeWorker(): WorkerRecord | undefined {
    const { callsPerWorker } = this.#config
    if (callsPerWorker > 1) return this.#leastBusy()
    for (let worker = this.#free.pop(); worker !== undefined; worker = this.#free.pop()) {
      if (worker.phase === 'ready' && worker.blockedBy === 0 && worker.calls.size < callsPerWorker) return worker
    }
    if (this.#extra === 0 || this.#someComing) return undefined
    for (let worker = this.#freeLent.pop(); worker !== undefined; worker = this.#freeLent.pop()) {
      if (worker.phase === 'ready' && worker.blockedBy === 0 && worker.calls.size < callsPerWorker + worker.extra) return worker
    }
    return undefined
  }

  #leastBusy(): WorkerRecord | undefined {
    const { callsPerWorker } = this.#config
    let best: WorkerRecord | undefined
    for (const worker of this.#workers.values()) {
      const fits = worker.phase === 'ready' && worker.blockedBy === 0 && worker.calls.size < callsPerWorker + worker.extra
      if (fits && (best === undefined || worker.calls.size < best.calls.size)) best = worker
    }
    return best === undefined || best.calls.size < callsPerWorker || !this.#someComing ? best : undefined
  }

  /** A ready worker has less to do than before, or a place more. */
  freed(worker: WorkerRecord): void {
    const { callsPerWorker } = this.#config
    if (callsPerWorker > 1) return
    if (worker.calls.size < callsPerWorker) this.#free.push(worker)
    else if (worker.calls.size < callsPerWorker + worker.extra) this.#freeLent.push(worker)
  }

  /** A ready worker was given a call. */
  given(worker: WorkerRecord): void {
    if (worker.given >= this.#config.maxTasksPerWorker) this.retire(worker)
    else if (worker.extra > 0) this.freed(worker)
  }

  /** One of its calls has lent its place. */
  lent(worker: WorkerRecord): void {
    worker.extra++
    this.#callsAhead.movedUp(worker)
    if (worker.phase === 'ready') {
      this.#extra++
      this.freed(worker)
    }
  }

  /** One of its calls blocks its thread. */
  blocks(worker: WorkerRecord): void {
    this.blocked++
    worker.blockedBy++
  }

  /** It goes on; undefined when its worker is gone. */
  unblocks(worker: WorkerRecord | undefined): void {
    this.blocked--
    if (worker === undefined) return
    worker.blockedBy--
    if (worker.phase === 'ready') this.freed(worker)
  }

  /** The place is back. */
  regained(worker: WorkerRecord): void {
    worker.extra--
    if (worker.phase === 'ready') this.#extra--
  }

  // ---- coming and going -----------------------------------------------------------------------------------------

  /** As many workers as there are calls and at least `warm`, up to the limit; an idle one is used before another is started. */
  adjust(calls: number, warm: number): void {
    const allowed = this.maxWorkers + this.blocked
    const wanted = Math.min(allowed, Math.max(warm, calls))
    const there = this.#starting + this.#ready
    if (there < wanted) this.#spawn(wanted - there, allowed)
    else if (there > allowed) this.#shrink(there - allowed)
  }

  #spawn(missing: number, allowed: number): void {
    for (let left = missing; left > 0 && this.#hasRoom(allowed); left--) {
      const worker = startingWorker(++this.#lastId, this.#freeIndex())
      this.#workers.set(worker.id, worker)
      this.#starting++
      this.#actions.push({ type: 'spawn', worker })
    }
  }

  #freeIndex(): number {
    // Most often all lower ones are taken.
    const taken = new Set<number>()
    for (const worker of this.#workers.values()) taken.add(worker.index)
    let index = 0
    while (taken.has(index)) index++
    return index
  }

  /** The idle ones end first, then those whose calls end first. */
  #shrink(excess: number): void {
    const byCalls = [...this.#workers.values()].filter((worker) => worker.phase === 'ready' || worker.phase === 'starting')
    byCalls.sort((a, b) => a.calls.size - b.calls.size || b.id - a.id)
    for (const worker of byCalls.slice(0, excess)) this.retire(worker)
  }

  started(worker: WorkerRecord, now: number): void {
    this.#starting--
    this.#ready++
    worker.phase = 'ready'
    worker.idleSince = now
    this.freed(worker)
  }

  /** Ends workers that have been idle for too long. @returns when to ask again; undefined when nothing is idle */
  expire(now: number): number | undefined {
    const { idleTimeout, minWorkers } = this.#config
    const idle = [...this.#workers.values()].filter(isIdle)
    idle.sort((a, b) => (a.idleSince ?? now) - (b.idleSince ?? now))
    for (const worker of idle) {
      if (this.#starting + this.#ready <= minWorkers) return undefined
      const due = (worker.idleSince ?? now) + idleTimeout
      if (due > now) return due
      this.retire(worker)
    }
    return undefined
  }

  retire(worker: WorkerRecord): void {
    if (worker.phase !== 'ready' && worker.phase !== 'starting') return
    this.#depart(worker, 'retiring')
    this.#callsAhead.recall(worker, 'stuck')
    this.#actions.push({ type: 'retire', worker })
  }

  kill(worker: WorkerRecord): void {
    if (worker.phase === 'dying') return
    if (worker.phase !== 'retiring') this.#depart(worker, 'dying')
    worker.phase = 'dying'
    this.#actions.push({ type: 'kill', worker })
  }

  /** Takes a worker and its calls out of the account of places. */
  #depart(worker: WorkerRecord, phase: 'retiring' | 'dying'): void {
    if (worker.phase === 'starting') this.#starting--
    else {
      this.#ready--
      this.#extra -= worker.extra
    }
    this.load -= worker.calls.size
    worker.phase = phase
  }

  /** It is gone, and has no calls any more. */
  left(worker: WorkerRecord): void {
    if (worker.phase === 'starting') this.#starting--
    else if (worker.phase === 'ready') this.#ready--
    // It may still be in the list of those with a place free.
    worker.phase = 'dying'
  }
}

/** Workers, each at most once: a field of theirs says whether it is among them. */
class FreePlaces {
  readonly #workers: WorkerRecord[] = []
  readonly #mark: 'listed' | 'listedLent'

  constructor(mark: 'listed' | 'listedLent') {
    this.#mark = mark
  }

  push(worker: WorkerRecord): void {
    if (worker[this.#mark]) return
    worker[this.#mark] = true
    this.#workers.push(worker)
  }

  pop(): WorkerRecord | undefined {
    const worker = this.#workers.pop()
    if (worker !== undefined) worker[this.#mark] = false
    return worker
  }
}

function isIdle({ phase, calls }: WorkerRecord): boolean {
  return phase === 'ready' && calls.size === 0
}
