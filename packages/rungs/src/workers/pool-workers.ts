// Acts on workers: starts and ends them, hands calls over, and hears what they tell. What to do is decided by `pool-state`.
import { queueMicrotask, setImmediate } from '../core/platform.js'
import { announce, report } from '../core/report.js'
import type { Death, HostEvents, WorkerHost } from './host.js'
import type { Pace } from './pace.js'
import type { PoolCalls } from './pool-calls.js'
import type { PoolCore } from './pool-core.js'
import type { Action } from './pool-state.js'
import { longestSilence, SilenceWatch } from './silence.js'
import { isSentOnce } from './snapshot.js'
import type { Ticket } from './ticket.js'
import { type Attempt, itemsOf } from './work-item.js'
import type { WorkerRecord } from './worker-record.js'

/** Milliseconds that a module may take to load, beyond the timeout of the call that needs it. */
const longestLoad = 10_000

/** Why others that ran on a worker are lost. */
const didNotEnd = 'another call there was cancelled or timed out, and did not end within its grace'

export class PoolWorkers {
  readonly #core: PoolCore
  readonly #calls: PoolCalls
  readonly #pace: Pace
  readonly #closed: () => void
  readonly silence: SilenceWatch
  /** Of workers that are to be started in the place of others. */
  readonly #restarting = new Set<number>()
  #referenced = true
  /** Told when the pool has something to do, and when it has not. */
  onReferenced: ((referenced: boolean) => void) | undefined = undefined
  #sendNow = 0

  /** `closed`: all is done after a shutdown. */
  constructor(core: PoolCore, calls: PoolCalls, pace: Pace, closed: () => void) {
    this.#core = core
    this.#calls = calls
    this.#pace = pace
    this.#closed = closed
    this.silence = new SilenceWatch(core, (worker) => this.#replaceSilent(worker))
  }

  /** Those that are sent together are sent at one time. */
  sendAll(admitted: Ticket[]): void {
    this.#sendNow = this.#core.now()
    // What is admitted meanwhile is at the end.
    for (let index = 0; index < admitted.length; index++) this.#send(admitted[index] as Ticket) // Within the list.
    admitted.length = 0
    this.#sendNow = 0
    this.silence.start()
  }

  #send(ticket: Ticket): void {
    const attempt = ticket as Attempt // All tickets of this pool are.
    const { worker } = attempt
    const host = worker && this.#core.hosts.get(worker.id)
    if (worker === undefined || host === undefined) return
    attempt.sentAt = this.#core.parts.hub === undefined ? this.#core.now() : this.#sendNow
    const { timeout } = attempt.item.options
    if (timeout !== undefined) this.#limitLoading(attempt, host, timeout)
    host.send(attempt)
  }

  /** The time of a call runs from its start; the loading of its module before that must not take for ever either. */
  #limitLoading(attempt: Attempt, host: WorkerHost, timeout: number): void {
    attempt.timeout = this.#core.deadlines.add(this.#core.deadlines.now() + timeout + longestLoad, () => {
      if (attempt.worker === undefined || attempt.item.done) return
      if (host.hasBegun(attempt)) this.#calls.timedOut(attempt, timeout)
      else this.#limitLoading(attempt, host, timeout)
    })
  }

  /** `more`: another worker is asked for its calls in the same breath. */
  perform(action: Action, more: boolean): void {
    switch (action.type) {
      case 'spawn':
        this.#spawn(action.worker)
        return
      case 'recall':
        this.#pace.recall(action.worker, more)
        return
      case 'retire':
        this.#core.hosts.get(action.worker.id)?.retire()
        this.silence.start()
        return
      case 'kill':
        this.#core.hosts.get(action.worker.id)?.kill(this.#core.terminating?.kill ?? false)
        return
      case 'abort':
        this.#abort(action.ticket as Attempt) // All tickets of this pool are.
        return
      case 'lost':
        this.#lose(action.ticket as Attempt, action.worker) // All tickets of this pool are.
        return
      case 'broken':
        for (const item of itemsOf(action.ticket)) this.#calls.fail(item, this.#core.deaths.broken())
        return
      case 'closed':
        this.#closed()
    }
  }

  #spawn(worker: WorkerRecord): void {
    if (worker.id > 1 && this.#restarting.delete(worker.index)) this.#core.counts.restarts++
    const name = this.#core.deaths.nameOf(worker)
    const events: HostEvents = {
      ready: () => {
        this.#core.state.ready(worker, this.#core.deadlines.now())
        this.#core.drain()
      },
      initializerFailed: (cause) => {
        this.#core.deaths.breaks('initializer', cause)
        report('RUNGS_INITIALIZER', `The initializer failed in worker ${name}, so the executor is broken`, cause)
        this.#core.state.break()
        this.#core.drain()
      },
      finalizerFailed: (reason) => report('RUNGS_FINALIZER', `The finalizer failed in worker ${name}`, reason),
      now: () => this.#core.now(),
      begun: (attempt, at) => this.#calls.begun(attempt, at),
      ended: (attempt, outcome, memory) => this.#calls.ended(attempt, worker, outcome, memory),
      progress: (attempt, value) => this.#calls.progress(attempt.item, value),
      told: (mode, outcome, count) => this.#calls.told(mode, outcome, count),
      lent: (attempt, what) => {
        this.#core.state.lent(attempt, what)
        this.#core.drain()
      },
      regained: (attempt) => {
        this.#core.state.regained(attempt)
        this.#core.drain()
      },
      gone: (death) => this.#gone(worker, death),
      recalled: (attempts) => {
        for (const attempt of attempts) this.#calls.clear(attempt)
        this.#core.state.recalled(worker, attempts, this.#core.now())
        if (this.#core.cancelsFutures) this.#calls.cancelReturned(attempts)
        this.#core.drain()
      },
    }
    try {
      const host = this.#core.parts.spawn(worker, name, events)
      host.setRef(this.#referenced)
      this.#core.hosts.set(worker.id, host)
    } catch (cause) {
      // Options that no worker can be started with. Not from here: the decision that led here is still being performed.
      this.#core.deaths.breaks('start', cause)
      queueMicrotask(() => this.#gone(worker, { inPeace: false, cause }))
    }
  }

  #abort(attempt: Attempt): void {
    const { worker, item } = attempt
    if (worker === undefined || this.#core.terminating !== undefined) return
    const host = this.#core.hosts.get(worker.id)
    if (host === undefined) return
    // A task cannot be ended by anyone: there is nothing to wait for.
    if (!host.replaceable) {
      host.abort(attempt)
      return
    }
    // Of a stream that its reader has left it is over.
    const grace = item.limits?.leaving === undefined ? item.options.grace : 0
    attempt.grace = this.#core.deadlines.add(this.#core.deadlines.now() + grace, () => {
      // One that has not begun will not: it is told before it does, and its worker is busy with another. When there is no other, it is something
      // left behind that keeps the worker busy, for ever as far as anyone can tell.
      if (!host.hasBegun(attempt) && worker.calls.size > 1) return
      this.#restarting.add(worker.index)
      this.#core.deaths.expect(worker, new Error(didNotEnd))
      this.#core.state.overran(attempt)
      this.#core.drain()
    })
    host.abort(attempt)
  }

  #gone(worker: WorkerRecord, death: Death): void {
    if (!this.#core.state.workers.has(worker.id)) return
    const host = this.#core.hosts.get(worker.id)
    const unexpected = !death.inPeace && (worker.phase === 'ready' || worker.phase === 'starting')
    if (unexpected) this.#restarting.add(worker.index)
    if (unexpected && worker.calls.size === 0 && worker.phase === 'ready') this.#reportIdleDeath(worker, death)
    if (unexpected && !this.#core.options.replaceDeadWorkers) this.#core.deaths.breaksBy(worker, death)
    const early: Attempt[] = []
    for (const ticket of worker.calls) {
      const attempt = ticket as Attempt // All tickets of this pool are.
      this.#calls.clear(attempt)
      if (attempt.early) early.push(attempt)
      const { item } = attempt
      if (attempt.abandoned && item.done && item.attempt === attempt) this.#calls.release(item)
    }
    this.#core.deaths.note(worker, death)
    this.#core.hosts.delete(worker.id)
    const begun = (ticket: Ticket): boolean => {
      const attempt = ticket as Attempt // All tickets of this pool are.
      const { shipped } = attempt.item
      // What it was sent has moved there, and is gone with it.
      return host?.hasBegun(attempt) || (shipped !== undefined && isSentOnce(shipped))
    }
    this.#core.state.gone(worker, begun, death.inPeace)
    if (this.#core.cancelsFutures) this.#calls.cancelReturned(early)
    this.#core.drain()
  }

  /** The worker died while it ran the call. */
  #lose(attempt: Attempt, worker: WorkerRecord): void {
    const { item } = attempt
    this.#calls.noteStart(attempt)
    this.#calls.failed(item, attempt, this.#core.deaths.lost(worker, item))
  }

  #replaceSilent(worker: WorkerRecord): void {
    const reason = new Error(`it has heard nothing for ${longestSilence} s: what an ended call has left behind there does not yield`)
    announce('RUNGS_WORKER_BLOCKED', `Worker ${this.#core.deaths.nameOf(worker)} is ended: ${reason.message}`)
    this.#core.deaths.expect(worker, reason)
    const host = this.#core.hosts.get(worker.id)
    const isThread = host?.recall === undefined
    const calls = [...worker.calls] as Attempt[] // All tickets of this pool are.
    const taken = calls.filter((attempt) => isThread && host?.takeBack?.(attempt))
    for (const attempt of taken) this.#calls.clear(attempt)
    if (worker.phase === 'ready') this.#restarting.add(worker.index)
    this.#core.state.silent(worker, taken)
    this.#core.drain()
    // That a thread has ended is told by the event loop, which resultSync() may be blocking.
    if (isThread) this.#gone(worker, { inPeace: false })
  }

  #reportIdleDeath(worker: WorkerRecord, death: Death): void {
    if (death.cause === undefined) return
    report('RUNGS_WORKER_DIED', `The idle worker ${this.#core.deaths.nameOf(worker)} died and is replaced when it is needed`, death.cause)
  }

  /** Pending work keeps the process alive, and so does an end that somebody waits for; an idle pool does not. */
  reference(): void {
    const wanted = this.#core.state.busy || !this.#core.state.open
    if (wanted === this.#referenced) return
    if (wanted) this.#setReferenced(true)
    // Not at once: between one call and the next there is often less than a turn.
    else setImmediate(() => this.#setReferenced(this.#core.state.busy || !this.#core.state.open))
  }

  #setReferenced(referenced: boolean): void {
    if (referenced === this.#referenced) return
    this.#referenced = referenced
    this.onReferenced?.(referenced)
    for (const host of this.#core.hosts.values()) host.setRef(referenced)
  }
}
