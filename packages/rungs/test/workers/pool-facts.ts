// A pool's calls and workers as they are seen from outside of its decisions, and what must hold about them at every moment.
import { strict as assert } from 'node:assert'
import { type PoolConfig, PoolState } from '../../dist/workers/pool-state.js'
import { type Batch, Ticket } from '../../dist/workers/ticket.js'
import type { WorkerRecord } from '../../dist/workers/worker-record.js'
import { Dice } from './random.js'

export class Call extends Ticket {
  begun = false
  lent = false
  fate: 'none' | 'ended' | 'lost' | 'broken' | 'cancelled' = 'none'
  batch: Batch | undefined = undefined
  constructor(
    readonly number: number,
    priority: number,
  ) {
    super(priority)
  }
}

/** Calls that a worker has beyond its places, where calls go ahead. */
export const mostAhead = 5

/** What has happened in all histories: a history that never comes to it would show nothing. */
export const seen = {
  /** Calls that were taken back. */
  takenBack: 0,
  /** Calls of batches that followed another in its place. */
  followed: 0,
  followedThere: 0,
  /** Calls that were taken back from workers that do not hear. */
  silent: 0,
  /** Calls that got a place that another had lent. */
  gotLent: 0,
}

export class PoolFacts {
  readonly dice: Dice
  readonly config: PoolConfig
  readonly state: PoolState
  readonly log: string[] = []
  readonly calls: Call[] = []
  /** Whether workers may have calls before they have places for them. */
  readonly goAhead: boolean
  /** Whether what is taken back is told later, as by a process. */
  readonly answersLate: boolean
  /** Of whom it was asked, and who has not told. */
  readonly asked = new Set<WorkerRecord>()
  /** Workers that were told to end, in whichever way. */
  readonly ending = new Set<WorkerRecord>()
  readonly batches: Batch[] = []
  /** Of each batch: those that were not taken yet. */
  readonly rests = new Map<Batch, Call[]>()
  closedTimes = 0
  now = 0
  everLent = 0
  /** By priority, the number of the last call that was handed over for the first time: it must only grow. */
  readonly handedOver = new Map<number, number>()
  readonly again = new Set<Call>()

  constructor(seed: number) {
    this.dice = new Dice(seed)
    const maxWorkers = 1 + this.dice.below(4)
    this.config = {
      maxWorkers,
      minWorkers: this.dice.chance(0.3) ? this.dice.below(maxWorkers + 1) : 0,
      callsPerWorker: this.dice.chance(0.6) ? 1 : 1 + this.dice.below(3),
      maxTasksPerWorker: this.dice.chance(0.2) ? 1 + this.dice.below(3) : Number.POSITIVE_INFINITY,
      replaceDeadWorkers: this.dice.chance(0.85),
      idleTimeout: 10,
    }
    // So that some calls come while a worker has had one for a short time, and some later.
    this.state = new PoolState(this.config, () => this.now / 1_000)
    this.goAhead = this.dice.chance(0.7)
    this.answersLate = this.goAhead && this.dice.chance(0.5)
    if (!this.goAhead) return
    this.state.ahead = this.dice.below(mostAhead + 1)
    this.state.callNs = this.dice.below(60_000)
  }

  check(): void {
    const { state, config } = this
    const workers = [...state.workers.values()]
    // A call that lent its place and goes on again meets the one that took it: for so long there is one more.
    const lenders = this.running().filter((call) => call.lent).length
    for (const worker of workers) {
      if (lenders === 0 && this.everLent === 0)
        assert.ok(
          worker.calls.size <= config.callsPerWorker + (this.goAhead ? mostAhead : 0),
          'a worker has no more calls than it has places',
        )
      assert.ok(
        [...worker.calls].filter((call) => !(call as Call).lent).length <=
          config.callsPerWorker + lenders + (this.goAhead ? mostAhead + this.everLent : 0),
        'a worker has no more calls than it has places',
      )
      assert.equal(worker.blockedBy, [...worker.calls].filter(({ lends }) => lends === 'thread').length)
      assert.ok(worker.given <= config.maxTasksPerWorker, 'a worker is given no more calls than it may have')
    }
    assert.ok(state.queued >= 0 && state.running >= 0, 'counts are not negative')
    assert.equal(state.running + state.early, this.running().length)
    assert.equal(
      state.early,
      workers.reduce((sum, worker) => sum + worker.ahead, 0),
      'what waits at the workers is counted once',
    )
    if (!this.goAhead) assert.equal(state.early, 0)
  }

  /** A lent place is given only when there is no other, and none will be. */
  checkPlace(call: Call): void {
    const { state, config } = this
    const { worker } = call
    if (worker === undefined) return
    assert.equal(worker.blockedBy, 0, `${call.number} is given to a worker whose thread is blocked`)
    if (call.early) return
    if ([...worker.calls].indexOf(call) < config.callsPerWorker) return
    seen.gotLent++
    const workers = [...state.workers.values()]
    for (const { phase, calls, id, blockedBy } of workers)
      if (phase === 'ready' && blockedBy === 0)
        assert.ok(calls.size >= config.callsPerWorker, `${call.number} has a lent place, and ${id} has one free`)
    assert.ok(!workers.some(({ phase }) => phase === 'starting'), `${call.number} has a lent place, and a worker is starting`)
    const allowed = state.maxWorkers + this.running().filter(({ lends }) => lends === 'thread').length
    assert.ok(workers.length >= allowed, `${call.number} has a lent place, and a worker may be started`)
  }

  /** Those that wait at a worker for a place there. */
  early(worker: WorkerRecord): Call[] {
    const calls = [...worker.calls] as Call[]
    return calls.slice(calls.length - worker.ahead)
  }

  settle(call: Call, fate: Call['fate']): void {
    assert.equal(call.fate, 'none', `${call.number} is settled once: it was ${call.fate} and is ${fate}`)
    call.fate = fate
  }

  running(): Call[] {
    return this.calls.filter((call) => call.place === 'running')
  }

  newCall(priority: number): Call {
    const call = new Call(this.calls.length, priority)
    call.goesAhead = this.goAhead && this.dice.chance(0.8)
    this.calls.push(call)
    return call
  }

  note(text: string): void {
    this.log.push(text)
  }
}
