// A world for `PoolState` to decide in: workers that start, take calls, end and die, and calls that are submitted, cancelled and counted, all at
// random and without a thread. It performs what is decided and checks what must hold at every moment.
import { strict as assert } from 'node:assert'
import { type PoolConfig, PoolState } from '../../dist/workers/pool-state.js'
import { Batch, Ticket } from '../../dist/workers/ticket.js'
import type { WorkerRecord } from '../../dist/workers/worker-record.js'

/** Mulberry32: small, seeded, good enough for choosing. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

class Call extends Ticket {
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
const mostAhead = 5

export class World {
  /** Calls that were taken back, in all histories. */
  static takenBack = 0
  /** Calls of batches that followed another in its place, in all histories. */
  static followed = 0
  static followedThere = 0
  /** Whether workers may have calls before they have places for them. */
  readonly #goAhead: boolean
  /** Whether what is taken back is told later, as by a process, and of whom it was asked. */
  readonly #answersLate: boolean
  readonly #asked = new Set<WorkerRecord>()
  readonly state: PoolState
  readonly config: PoolConfig
  readonly log: string[] = []
  readonly #random: () => number
  readonly calls: Call[] = []
  /** Where workers pull: what lies in their queue, in order. */
  #window: Call[] = []
  /** Workers that were told to end, in whichever way. */
  readonly #ending = new Set<WorkerRecord>()
  #batches: Batch[] = []
  /** Of each batch: those that were not taken yet. */
  readonly #rests = new Map<Batch, Call[]>()
  #closedTimes = 0
  #now = 0
  #everLent = 0
  /** By priority, the number of the last call that was handed over for the first time: it must only grow. */
  readonly #handedOver = new Map<number, number>()
  readonly #again = new Set<Call>()

  constructor(seed: number) {
    this.#random = randomOf(seed)
    const pulls = this.#chance(0.4)
    const maxWorkers = 1 + this.#below(4)
    this.config = {
      maxWorkers,
      minWorkers: this.#chance(0.3) ? this.#below(maxWorkers + 1) : 0,
      callsPerWorker: this.#chance(0.6) ? 1 : 1 + this.#below(3),
      maxTasksPerWorker: this.#chance(0.2) ? 1 + this.#below(3) : Number.POSITIVE_INFINITY,
      replaceDeadWorkers: this.#chance(0.85),
      idleTimeout: 10,
      pull: pulls ? { ahead: this.#below(4) } : undefined,
    }
    this.state = new PoolState(this.config)
    this.#goAhead = !pulls && this.#chance(0.7)
    this.#answersLate = this.#goAhead && this.#chance(0.5)
    if (this.#goAhead) this.state.ahead = this.#below(mostAhead + 1)
    this.#perform()
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#step()
      this.#check()
    }
    this.#toTheEnd()
  }

  #step(): void {
    const events: [number, () => void][] = [
      [6, () => this.#submit()],
      [1, () => this.#submitBatch()],
      [1, () => this.#join()],
      [0.4, () => this.#drop()],
      [6, () => this.#startWorker()],
      [6, () => this.#claim()],
      [8, () => this.#end()],
      [4, () => this.#follow()],
      [2, () => this.#cancel()],
      [1, () => this.#overrun()],
      [1, () => this.#die()],
      [3, () => this.#endWorker()],
      [1, () => this.#lend()],
      [2, () => this.#regain()],
      [1, () => this.#hold()],
      [this.#goAhead ? 10 : 0, () => this.#changePace()],
      [this.#answersLate ? 20 : 0, () => this.#answer()],
      [0.7, () => this.#resize()],
      [0.7, () => this.#expire()],
      [0.15, () => this.#shutdown()],
      [0.1, () => this.#terminate()],
    ]
    let pick = this.#random() * events.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, event] of events) {
      pick -= weight
      if (pick > 0) continue
      event()
      break
    }
    this.#perform()
  }

  // ---- events ---------------------------------------------------------------------------------------------------

  #submit(): void {
    if (!this.state.open || this.state.broken) return
    const call = this.#newCall(this.#chance(0.8) ? 0 : this.#below(3))
    this.#note(`submit ${call.number} at ${call.priority}`)
    this.state.submitted(call)
  }

  #submitBatch(): void {
    if (!this.state.open || this.state.broken) return
    const priority = 0
    const calls = Array.from({ length: 1 + this.#below(5) }, () => this.#newCall(priority))
    const rest = [...calls]
    this.#note(`submit batch ${calls.map((call) => call.number)}`)
    const batch = new Batch(priority, calls.length, () => rest.shift() as Call)
    for (const call of calls) call.batch = batch
    this.#rests.set(batch, rest)
    this.#batches.push(batch)
    this.state.submitted(batch)
  }

  /** Another call joins a batch at whose end it would stand anyway. */
  #join(): void {
    if (!this.state.open || this.state.broken) return
    const batch = this.#pick(this.#batches.filter(({ isLast }) => isLast))
    if (batch === undefined) return
    const call = this.#newCall(batch.priority)
    call.batch = batch
    this.#note(`${call.number} joins a batch`)
    this.#rests.get(batch)?.push(call)
    this.state.joined(batch)
  }

  /** One of a batch is cancelled while it waits. */
  #drop(): void {
    const batch = this.#pick(this.#batches.filter((batch) => batch.place === 'queued' && this.#rests.get(batch)?.length))
    const rest = batch && this.#rests.get(batch)
    if (batch === undefined || rest === undefined) return
    const [call] = rest.splice(this.#below(rest.length), 1)
    assert.ok(call, 'a batch in the queue has calls')
    this.#note(`${call.number} is dropped`)
    this.#settle(call, 'cancelled')
    this.state.dropped(batch)
  }

  /** One of a batch ends, and the next one may follow in its place: the ticket then stands for that one, and for neither is anything decided. */
  #follow(): void {
    if (this.config.pull !== undefined) return
    const call = this.#pick(this.#running().filter((call) => call.batch !== undefined && call.begun && !call.abandoned))
    const { batch, worker } = call ?? {}
    if (call === undefined || batch === undefined || worker === undefined) return
    const { phase } = worker
    const { size } = worker.calls
    const there = this.#chance(0.5)
    if (!(there ? this.state.followsThere(call, batch) : this.state.follows(call, batch))) return
    assert.equal(worker.calls.size, size, 'one for one')
    if (there) {
      assert.equal([...worker.calls].at(-1), call, 'it comes last')
      assert.equal(call.early, size > this.config.callsPerWorker + worker.extra, 'it waits if there is no place')
      call.begun = !call.early
      World.followedThere++
    }
    // They change roles: the one that is over is the one that comes.
    const next = this.#rests.get(batch)?.shift()
    assert.ok(next, 'only one that is left can follow')
    this.#note(`${next.number} follows ${call.number} on ${worker.id}`)
    assert.equal(phase, 'ready', 'nothing follows on a worker that ends')
    for (const waiting of this.state.queue) assert.ok(waiting.priority <= call.priority, 'a higher priority goes first')
    assert.ok(next.number > (this.#handedOver.get(call.priority) ?? -1), 'first come, first served within a priority')
    this.#handedOver.set(call.priority, next.number)
    assert.equal(this.state.actions.length + this.state.admitted.length, 0, 'nothing else is decided')
    this.#settle(next, 'ended')
    World.followed++
  }

  #startWorker(): void {
    const worker = this.#pick([...this.state.workers.values()].filter((worker) => worker.phase === 'starting'))
    if (worker === undefined) return
    this.#note(`worker ${worker.id} is ready`)
    this.state.ready(worker, this.#now++)
  }

  /** A worker takes the first call of the shared queue. */
  #claim(): void {
    if (this.config.pull === undefined) return
    const free = [...this.state.workers.values()].filter(
      (worker) => worker.phase === 'ready' && worker.calls.size < this.config.callsPerWorker + worker.extra,
    )
    const worker = this.#pick(free)
    const call = this.#window[0]
    if (worker === undefined || call === undefined) return
    this.#window.shift()
    if (call.abandoned) {
      this.#note(`worker ${worker.id} skips ${call.number}`)
      this.state.ended(call, worker, false, this.#now++)
      return
    }
    this.#note(`worker ${worker.id} claims ${call.number}`)
    call.begun = true
    this.state.claimed(call, worker)
  }

  /** Those that wait at a worker for a place there. */
  #early(worker: WorkerRecord): Call[] {
    const calls = [...worker.calls] as Call[]
    return calls.slice(calls.length - worker.ahead)
  }

  #end(): void {
    const call = this.#pick(this.#running().filter((call) => call.worker === undefined || !this.#early(call.worker).includes(call)))
    const worker = call?.worker
    if (call === undefined || worker === undefined) return
    if (this.config.pull === undefined && !call.begun && this.#chance(0.7)) {
      call.begun = true
      return
    }
    this.#note(`${call.number} ends on ${worker.id}`)
    if (!call.abandoned) this.#settle(call, 'ended')
    this.state.ended(call, worker, this.#chance(0.1), this.#now++)
  }

  #cancel(): void {
    const call = this.#pick(this.calls.filter((call) => call.fate === 'none' && call.place !== 'new'))
    if (call === undefined) {
      const batch = this.#pick(this.#batches)
      if (batch === undefined || batch.place !== 'queued') return
      this.#note('cancel a batch')
      const { count } = batch
      this.state.abandoned(batch)
      for (let i = 0; i < count; i++) this.#settle(batch.take() as Call, 'cancelled')
      return
    }
    this.#note(`cancel ${call.number}, which is ${call.place}`)
    const { place } = call
    this.#settle(call, 'cancelled')
    this.state.abandoned(call)
    if (place === 'queued') assert.equal(call.place, 'gone', 'a cancelled queued call frees its place at once')
  }

  #overrun(): void {
    const call = this.#pick(this.#running().filter((call) => call.abandoned && call.begun))
    if (call === undefined) return
    this.#note(`${call.number} overran`)
    this.state.overran(call)
  }

  #die(): void {
    const worker = this.#pick([...this.state.workers.values()])
    if (worker !== undefined) this.#gone(worker, false)
  }

  /** One that was told to end does so. */
  #endWorker(): void {
    const worker = this.#pick([...this.#ending])
    if (worker === undefined) return
    if (worker.phase === 'retiring' && worker.calls.size > 0) return
    this.#gone(worker, worker.phase === 'retiring')
  }

  #gone(worker: WorkerRecord, inPeace: boolean): void {
    this.#note(`worker ${worker.id} (${worker.phase}) is gone${inPeace ? ' in peace' : ''}`)
    this.#ending.delete(worker)
    this.state.gone(worker, (ticket) => (ticket as Call).begun, inPeace)
  }

  #lend(): void {
    const call = this.#pick(this.#running().filter((call) => call.begun))
    if (call === undefined) return
    this.#note(`${call.number} lends`)
    call.lent = true
    this.#everLent++
    this.state.lent(call, this.#chance(0.5) ? 'place' : 'thread')
  }

  #regain(): void {
    const call = this.#pick(this.#running().filter((call) => call.lends !== 'no'))
    if (call === undefined) return
    this.#note(`${call.number} regains`)
    this.state.regained(call)
  }

  /** A call that has failed is tried again later. */
  #hold(): void {
    const held = this.#pick(this.calls.filter((call) => call.place === 'held'))
    if (held !== undefined && this.#chance(0.6)) {
      this.#note(`${held.number} is released`)
      this.state.released(held)
      this.#settle(held, 'ended')
      return
    }
    if (!this.state.open || this.state.broken) return
    const call = this.#newCall(0)
    this.#note(`${call.number} is held`)
    this.state.held(call)
  }

  #resize(): void {
    const size = 1 + this.#below(5)
    this.#note(`resize to ${size}`)
    this.state.resized(size)
  }

  /** Calls turn out to be shorter or longer than before, or time passes, or many have ended together. */
  #changePace(): void {
    if (!this.#goAhead) return
    if (this.#chance(0.5)) {
      this.#note('time for a look')
      this.state.looked()
      return
    }
    this.state.ahead = this.#below(mostAhead + 1)
    this.#note(`${this.state.ahead} may go ahead`)
    this.state.refill()
  }

  #expire(): void {
    this.#now += 20
    this.#note('time passes')
    this.state.expired(this.#now)
  }

  #shutdown(): void {
    this.#note('shutdown')
    this.state.closing()
  }

  #terminate(): void {
    this.#note('terminate')
    for (const call of this.calls) {
      if (call.fate !== 'none' || call.place === 'new') continue
      this.#settle(call, 'cancelled')
      this.state.abandoned(call)
      // As in the pool: what follows from one is performed before the next.
      this.#perform()
    }
    for (const batch of this.#batches) {
      if (batch.place !== 'queued') continue
      const { count } = batch
      this.state.abandoned(batch)
      for (let i = 0; i < count; i++) this.#settle(batch.take() as Call, 'cancelled')
    }
    this.state.terminating()
  }

  // ---- performing, and what must hold ---------------------------------------------------------------------------

  #perform(): void {
    const { actions, admitted } = this.state
    while (actions.length > 0 || admitted.length > 0) {
      // Calls first, as the pool does it: what is taken back was handed over.
      for (const ticket of admitted.splice(0)) {
        const call = ticket as Call
        this.#note(`${call.number} is handed over`)
        assert.equal(call.abandoned, false, 'a call that was cancelled in the queue is never handed over')
        assert.equal(call.fate, 'none')
        if (!this.#again.has(call)) {
          const last = this.#handedOver.get(call.priority) ?? -1
          assert.ok(call.number > last, `first come, first served within a priority: ${call.number} after ${last}`)
          this.#handedOver.set(call.priority, call.number)
          this.#again.add(call)
        }
        for (const waiting of this.state.queue)
          if (waiting.place === 'queued') assert.ok(waiting.priority <= call.priority, 'a higher priority goes first')
        if (this.config.pull === undefined) call.begun = !call.early && this.#chance(0.6)
        else this.#window.push(call)
      }
      const decided = actions.splice(0)
      for (const [index, action] of decided.entries()) {
        switch (action.type) {
          case 'lost':
            this.#settle(action.ticket as Call, 'lost')
            break
          case 'broken':
            if (action.ticket instanceof Batch) while (action.ticket.count > 0) this.#settle(action.ticket.take() as Call, 'broken')
            else this.#settle(action.ticket as Call, 'broken')
            break
          case 'retire':
          case 'kill':
            assert.ok(this.state.workers.has(action.worker.id), 'only a worker that is there is ended')
            this.#ending.add(action.worker)
            break
          case 'recall':
            if (this.#answersLate) this.#asked.add(action.worker)
            else this.#recall(action.worker, decided[index + 1]?.type === 'recall')
            break
          case 'closed':
            this.#closedTimes++
            break
          case 'abort':
            assert.ok(action.ticket.abandoned)
            break
          case 'spawn':
            // It may be on its way out already: what was decided later comes later.
            assert.ok(this.state.workers.has(action.worker.id))
        }
      }
    }
  }

  /** What has not begun of what was given ahead; now and then a worker is faster. */
  #recall(worker: WorkerRecord, more: boolean): void {
    const taken = this.#early(worker).filter((call) => call.early && !call.abandoned && !call.begun && this.#chance(0.9))
    World.takenBack += taken.length
    this.#note(`worker ${worker.id} gives back ${taken.map((call) => call.number)}`)
    this.state.recalled(worker, taken, 0, more)
  }

  /** All that has not begun, also what has got a place meanwhile, and what nobody wants any more. */
  #answer(): void {
    const worker = this.#pick([...this.#asked])
    if (worker === undefined) return
    this.#asked.delete(worker)
    if (!this.state.workers.has(worker.id)) return
    const taken = ([...worker.calls] as Call[]).filter((call) => call.early && !call.begun && this.#chance(0.9))
    World.takenBack += taken.length
    this.#note(`worker ${worker.id} has given back ${taken.map((call) => call.number)}`)
    this.state.recalled(worker, taken, this.#now++)
  }

  #check(): void {
    const { state, config } = this
    const workers = [...state.workers.values()]
    // A call that lent its place and goes on again meets the one that took it: for so long there is one more.
    const lenders = this.#running().filter((call) => call.lent).length
    for (const worker of workers) {
      if (lenders === 0 && this.#everLent === 0)
        assert.ok(
          worker.calls.size <= config.callsPerWorker + (this.#goAhead ? mostAhead : 0),
          'a worker has no more calls than it has places',
        )
      assert.ok(
        [...worker.calls].filter((call) => !(call as Call).lent).length <=
          config.callsPerWorker + lenders + (this.#goAhead ? mostAhead + this.#everLent : 0),
        'a worker has no more calls than it has places',
      )
      if (config.pull === undefined) assert.ok(worker.given <= config.maxTasksPerWorker, 'a worker is given no more calls than it may have')
    }
    assert.ok(state.queued >= 0 && state.running >= 0, 'counts are not negative')
    assert.equal(state.running + state.early, this.#running().length)
    assert.equal(
      state.early,
      workers.reduce((sum, worker) => sum + worker.ahead, 0),
      'what waits at the workers is counted once',
    )
    if (!this.#goAhead) assert.equal(state.early, 0)
  }

  /** Everything that was begun is brought to its end: then every call has one fate, and a pool that was shut down is closed. */
  #toTheEnd(): void {
    if (this.#chance(0.8)) this.state.closing()
    const wasClosing = !this.state.open
    this.#perform()
    for (let round = 0; round < 2_000; round++) {
      this.#answer()
      this.#perform()
      for (const call of this.#running()) if (call.lends !== 'no') this.state.regained(call)
      for (const held of this.calls.filter((call) => call.place === 'held')) {
        this.state.released(held)
        this.#settle(held, 'ended')
      }
      this.#perform()
      this.#startWorker()
      this.#perform()
      this.#claim()
      this.#perform()
      for (const call of this.#running()) {
        const { worker } = call
        if (worker === undefined) continue
        if (!call.abandoned) this.#settle(call, 'ended')
        this.state.ended(call, worker, false, this.#now++)
        this.#perform()
      }
      this.#endWorker()
      this.#perform()
      const settled = this.calls.every((call) => call.fate !== 'none')
      const closed = wasClosing ? this.state.workers.size === 0 : this.#ending.size === 0
      if (settled && closed && this.#window.length === 0) break
    }
    this.#check()
    const unsettled = this.calls.filter((call) => call.fate === 'none')
    assert.deepEqual(
      unsettled.map((call) => `${call.number} is ${call.place}`),
      [],
      'every call is settled',
    )
    assert.equal(this.#closedTimes, wasClosing ? 1 : 0, 'closed is told once, after a shutdown only')
    assert.equal(this.state.queued, 0)
    assert.equal(this.state.running, 0)
    assert.equal(this.state.busy, false)
  }

  #settle(call: Call, fate: Call['fate']): void {
    assert.equal(call.fate, 'none', `${call.number} is settled once: it was ${call.fate} and is ${fate}`)
    call.fate = fate
  }

  #running(): Call[] {
    return this.calls.filter((call) => call.place === 'running')
  }

  #newCall(priority: number): Call {
    const call = new Call(this.calls.length, priority)
    call.goesAhead = this.#goAhead && this.#chance(0.8)
    this.calls.push(call)
    return call
  }

  #note(text: string): void {
    this.log.push(text)
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.#below(from.length)]
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }
}
