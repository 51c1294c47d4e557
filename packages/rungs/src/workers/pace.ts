// How long the calls of a pool take, and what follows from that: how many of them a worker is given ahead.
import { clearTimeout, setTimeout } from '../core/platform.js'
import type { PoolCalls } from './pool-calls.js'
import type { PoolCore } from './pool-core.js'
import { mostAhead } from './ring/layout.js'
import { isSentOnce } from './snapshot.js'
import type { Ticket } from './ticket.js'
import type { Attempt } from './work-item.js'
import type { WorkerRecord } from './worker-record.js'

/** Milliseconds after which a worker where nothing has ended is looked at again. */
const stuckAfter = 2

/** Nanoseconds of work that a worker is given ahead. */
const aheadNs = 1e6

/** One that takes up to so many nanoseconds is given ahead all the same: a worker that has to ask first is idle for a tenth of a millisecond. */
const longest = 1e7

/**
 * How many calls more than it has places a worker may have. `slowest`: nanoseconds of a call at the slowest worker, 0 when nothing is known.
 * `steady`: workers are not replaced after a number of calls.
 */
export function aheadFor(slowest: number, steady: boolean): number {
  if (slowest === 0 || slowest > longest || !steady) return 0
  return Math.max(1, Math.min(mostAhead, Math.floor(aheadNs / slowest)))
}

/** Has workers given calls ahead, and has those taken back that wait there behind one that takes long. */
export class Pace {
  readonly #core: PoolCore
  readonly #calls: PoolCalls
  #timer: ReturnType<typeof setTimeout> | undefined
  #checkAt = 0

  constructor(core: PoolCore, calls: PoolCalls) {
    this.#core = core
    this.#calls = calls
  }

  /** When the next look is due; undefined when there is nothing to look for. */
  get checkAt(): number | undefined {
    return this.#timer === undefined ? undefined : this.#checkAt
  }

  /** Workers are given about a millisecond of work ahead. */
  setAhead(): void {
    let slowest = 0
    let fastest = Number.POSITIVE_INFINITY
    for (const { callNs = 0 } of this.#core.hosts.values()) {
      slowest = Math.max(slowest, callNs)
      if (callNs > 0) fastest = Math.min(fastest, callNs)
    }
    if (this.#core.parts.hub !== undefined) this.#core.parts.hub.callNs = slowest === 0 ? 0 : fastest
    const { maxTasksPerWorker, maxMemoryPerWorker } = this.#core.options
    const steady = maxTasksPerWorker === Number.POSITIVE_INFINITY && maxMemoryPerWorker === Number.POSITIVE_INFINITY
    this.#core.state.ahead = aheadFor(slowest, steady)
    this.#core.state.callNs = slowest
  }

  /** Looks now and then whether calls wait behind one that takes long. */
  watch(): void {
    this.#checkAt = this.#core.deadlines.now() + stuckAfter
    this.#timer = setTimeout(() => this.check(), stuckAfter)
  }

  check(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#core.state.looked()
    this.#core.drain()
  }

  recall(worker: WorkerRecord, more: boolean): void {
    const host = this.#core.hosts.get(worker.id)
    if (host?.recall !== undefined) {
      host.recall()
      return
    }
    const taken: Ticket[] = []
    const calls = [...worker.calls]
    const all = worker.blockedBy > 0
    // The last first: the worker goes on meanwhile, and what it still begins shall be what comes first.
    for (const ticket of (all ? calls : calls.slice(calls.length - worker.ahead)).reverse()) {
      const attempt = ticket as Attempt // All tickets of this pool are.
      const { shipped } = attempt.item
      const mayBe = attempt.early || (all && shipped !== undefined && !isSentOnce(shipped))
      if (!mayBe || attempt.abandoned || !host?.takeBack?.(attempt)) continue
      this.#calls.clear(attempt)
      taken.push(attempt)
    }
    this.#core.state.recalled(worker, taken, 0, more)
  }
}
