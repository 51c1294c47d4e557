// A world for `PoolState` to decide in: workers that start, take calls, end and die, and calls that are submitted, cancelled and counted, all at
// random and without a thread. What is decided is performed (pool-performer), and what must hold at every moment is checked (pool-facts).
import { strict as assert } from 'node:assert'
import type { PoolConfig, PoolState } from '../../dist/workers/pool-state.js'
import { Batch } from '../../dist/workers/ticket.js'
import type { WorkerRecord } from '../../dist/workers/worker-record.js'
import { type Call, mostAhead, PoolFacts, seen } from './pool-facts.js'
import { PoolPerformer } from './pool-performer.js'
import type { Dice } from './random.js'

export class World {
  readonly state: PoolState
  readonly config: PoolConfig
  readonly log: readonly string[]
  readonly #facts: PoolFacts
  readonly #dice: Dice
  readonly #performer: PoolPerformer

  constructor(seed: number) {
    const facts = new PoolFacts(seed)
    this.#facts = facts
    this.state = facts.state
    this.config = facts.config
    this.log = facts.log
    this.#dice = facts.dice
    this.#performer = new PoolPerformer(facts)
    this.#performer.perform()
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#step()
      this.#facts.check()
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
      [8, () => this.#end()],
      [4, () => this.#follow()],
      [2, () => this.#cancel()],
      [1, () => this.#overrun()],
      [1, () => this.#die()],
      [0.7, () => this.#silence()],
      [3, () => this.#endWorker()],
      [1, () => this.#lend()],
      [2, () => this.#regain()],
      [1, () => this.#hold()],
      [this.#facts.goAhead ? 10 : 0, () => this.#changePace()],
      [this.#facts.answersLate ? 20 : 0, () => this.#performer.answer()],
      [0.7, () => this.#resize()],
      [0.7, () => this.#expire()],
      [0.15, () => this.#shutdown()],
      [0.1, () => this.#terminate()],
    ]
    let pick = this.#dice.random() * events.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, event] of events) {
      pick -= weight
      if (pick > 0) continue
      event()
      break
    }
    this.#performer.perform()
  }

  // ---- events ---------------------------------------------------------------------------------------------------

  #submit(): void {
    if (!this.state.open || this.state.broken) return
    const call = this.#facts.newCall(this.#dice.chance(0.8) ? 0 : this.#dice.below(3))
    this.#facts.note(`submit ${call.number} at ${call.priority}`)
    this.state.submitted(call)
  }

  #submitBatch(): void {
    if (!this.state.open || this.state.broken) return
    const priority = 0
    const calls = Array.from({ length: 1 + this.#dice.below(5) }, () => this.#facts.newCall(priority))
    const rest = [...calls]
    this.#facts.note(`submit batch ${calls.map((call) => call.number)}`)
    const batch = new Batch(priority, calls.length, () => rest.shift() as Call)
    for (const call of calls) call.batch = batch
    this.#facts.rests.set(batch, rest)
    this.#facts.batches.push(batch)
    this.state.submitted(batch)
  }

  /** Another call joins a batch at whose end it would stand anyway. */
  #join(): void {
    if (!this.state.open || this.state.broken) return
    const batch = this.#dice.pick(this.#facts.batches.filter(({ isLast }) => isLast))
    if (batch === undefined) return
    const call = this.#facts.newCall(batch.priority)
    call.batch = batch
    this.#facts.note(`${call.number} joins a batch`)
    this.#facts.rests.get(batch)?.push(call)
    this.state.joined(batch)
  }

  /** One of a batch is cancelled while it waits. */
  #drop(): void {
    const batch = this.#dice.pick(this.#facts.batches.filter((batch) => batch.place === 'queued' && this.#facts.rests.get(batch)?.length))
    const rest = batch && this.#facts.rests.get(batch)
    if (batch === undefined || rest === undefined) return
    const [call] = rest.splice(this.#dice.below(rest.length), 1)
    assert.ok(call, 'a batch in the queue has calls')
    this.#facts.note(`${call.number} is dropped`)
    this.#facts.settle(call, 'cancelled')
    this.state.dropped(batch)
  }

  /** One of a batch ends, and the next one may follow in its place: the ticket then stands for that one, and for neither is anything decided. */
  #follow(): void {
    const call = this.#dice.pick(this.#facts.running().filter((call) => call.batch !== undefined && call.begun && !call.abandoned))
    const { batch, worker } = call ?? {}
    if (call === undefined || batch === undefined || worker === undefined) return
    const { phase } = worker
    const { size } = worker.calls
    const there = this.#dice.chance(0.5)
    if (!(there ? this.state.followsThere(call, batch) : this.state.follows(call, batch))) return
    assert.equal(worker.calls.size, size, 'one for one')
    if (there) {
      assert.equal([...worker.calls].at(-1), call, 'it comes last')
      assert.equal(call.early, size > this.config.callsPerWorker + worker.extra, 'it waits if there is no place')
      call.begun = !call.early
      seen.followedThere++
    }
    // They change roles: the one that is over is the one that comes.
    const next = this.#facts.rests.get(batch)?.shift()
    assert.ok(next, 'only one that is left can follow')
    this.#facts.note(`${next.number} follows ${call.number} on ${worker.id}`)
    assert.equal(phase, 'ready', 'nothing follows on a worker that ends')
    for (const waiting of this.state.queue) assert.ok(waiting.priority <= call.priority, 'a higher priority goes first')
    assert.ok(next.number > (this.#facts.handedOver.get(call.priority) ?? -1), 'first come, first served within a priority')
    this.#facts.handedOver.set(call.priority, next.number)
    assert.equal(this.state.actions.length + this.state.admitted.length, 0, 'nothing else is decided')
    this.#facts.settle(next, 'ended')
    seen.followed++
  }

  #startWorker(): void {
    const worker = this.#dice.pick([...this.state.workers.values()].filter((worker) => worker.phase === 'starting'))
    if (worker === undefined) return
    this.#facts.note(`worker ${worker.id} is ready`)
    this.state.ready(worker, this.#facts.now++)
  }

  #end(): void {
    const call = this.#dice.pick(
      this.#facts.running().filter((call) => call.worker === undefined || !this.#facts.early(call.worker).includes(call)),
    )
    const worker = call?.worker
    if (call === undefined || worker === undefined) return
    if (!call.begun && this.#dice.chance(0.7)) {
      call.begun = true
      return
    }
    this.#facts.note(`${call.number} ends on ${worker.id}`)
    if (!call.abandoned) this.#facts.settle(call, 'ended')
    worker.lastEnd = this.#facts.now / 1_000
    this.state.ended(call, worker, this.#dice.chance(0.1), this.#facts.now++)
  }

  #cancel(): void {
    const call = this.#dice.pick(this.#facts.calls.filter((call) => call.fate === 'none' && call.place !== 'new'))
    if (call === undefined) {
      const batch = this.#dice.pick(this.#facts.batches)
      if (batch === undefined || batch.place !== 'queued') return
      this.#facts.note('cancel a batch')
      const { count } = batch
      this.state.abandoned(batch)
      for (let i = 0; i < count; i++) this.#facts.settle(batch.take() as Call, 'cancelled')
      return
    }
    this.#facts.note(`cancel ${call.number}, which is ${call.place}`)
    const { place } = call
    this.#facts.settle(call, 'cancelled')
    this.state.abandoned(call)
    if (place === 'queued') assert.equal(call.place, 'gone', 'a cancelled queued call frees its place at once')
  }

  #overrun(): void {
    const call = this.#dice.pick(this.#facts.running().filter((call) => call.abandoned && call.begun))
    if (call === undefined) return
    this.#facts.note(`${call.number} overran`)
    this.state.overran(call)
  }

  #die(): void {
    const worker = this.#dice.pick([...this.state.workers.values()])
    if (worker !== undefined) this.#gone(worker, false)
  }

  /** It does not hear: it is to be ended, and what it has not begun of its calls will not begin there, as far as they could be taken back. */
  #silence(): void {
    const isSilent = ({ phase }: WorkerRecord): boolean => phase === 'ready' || phase === 'retiring'
    const worker = this.#dice.pick([...this.state.workers.values()].filter(isSilent))
    if (worker === undefined) return
    const taken = ([...worker.calls] as Call[]).filter((call) => !call.begun && this.#dice.chance(0.8))
    this.#facts.note(`worker ${worker.id} (${worker.phase}) is silent, ${taken.map((call) => call.number)} are taken back`)
    seen.silent += taken.length
    this.state.silent(worker, taken)
    assert.equal(worker.phase, 'dying')
    if (this.#dice.chance(0.5)) return
    this.#performer.perform()
    this.#gone(worker, false)
  }

  /** One that was told to end does so. */
  #endWorker(): void {
    const worker = this.#dice.pick([...this.#facts.ending])
    if (worker === undefined) return
    if (worker.phase === 'retiring' && worker.calls.size > 0) return
    this.#gone(worker, worker.phase === 'retiring')
  }

  #gone(worker: WorkerRecord, inPeace: boolean): void {
    this.#facts.note(`worker ${worker.id} (${worker.phase}) is gone${inPeace ? ' in peace' : ''}`)
    this.#facts.ending.delete(worker)
    this.state.gone(worker, (ticket) => (ticket as Call).begun, inPeace)
  }

  #lend(): void {
    const call = this.#dice.pick(this.#facts.running().filter((call) => call.begun))
    if (call === undefined) return
    this.#facts.note(`${call.number} lends`)
    call.lent = true
    this.#facts.everLent++
    this.state.lent(call, this.#dice.chance(0.5) ? 'place' : 'thread')
  }

  #regain(): void {
    const call = this.#dice.pick(this.#facts.running().filter((call) => call.lends !== 'no'))
    if (call === undefined) return
    this.#facts.note(`${call.number} regains`)
    this.state.regained(call)
  }

  /** A call that has failed is tried again later. */
  #hold(): void {
    const held = this.#dice.pick(this.#facts.calls.filter((call) => call.place === 'held'))
    if (held !== undefined && this.#dice.chance(0.6)) {
      this.#facts.note(`${held.number} is released`)
      this.state.released(held)
      this.#facts.settle(held, 'ended')
      return
    }
    if (!this.state.open || this.state.broken) return
    const call = this.#facts.newCall(0)
    this.#facts.note(`${call.number} is held`)
    this.state.held(call)
  }

  #resize(): void {
    const size = 1 + this.#dice.below(5)
    this.#facts.note(`resize to ${size}`)
    this.state.resized(size)
  }

  /** Calls turn out to be shorter or longer than before, or time passes, or many have ended together. */
  #changePace(): void {
    if (!this.#facts.goAhead) return
    if (this.#dice.chance(0.5)) {
      this.#facts.note('time for a look')
      this.state.looked()
      return
    }
    this.state.ahead = this.#dice.below(mostAhead + 1)
    const callNs = this.#dice.below(60_000)
    this.state.callNs = callNs
    this.#facts.note(`${this.state.ahead} may go ahead, a call takes ${callNs} ns`)
    this.state.refill()
  }

  #expire(): void {
    this.#facts.now += 20
    this.#facts.note('time passes')
    this.state.expired(this.#facts.now)
  }

  #shutdown(): void {
    this.#facts.note('shutdown')
    this.state.closing()
  }

  #terminate(): void {
    this.#facts.note('terminate')
    for (const call of this.#facts.calls) {
      if (call.fate !== 'none' || call.place === 'new') continue
      this.#facts.settle(call, 'cancelled')
      this.state.abandoned(call)
      // As in the pool: what follows from one is performed before the next.
      this.#performer.perform()
    }
    for (const batch of this.#facts.batches) {
      if (batch.place !== 'queued') continue
      const { count } = batch
      this.state.abandoned(batch)
      for (let i = 0; i < count; i++) this.#facts.settle(batch.take() as Call, 'cancelled')
    }
    this.state.terminating()
  }

  /** Everything that was begun is brought to its end: then every call has one fate, and a pool that was shut down is closed. */
  #toTheEnd(): void {
    if (this.#dice.chance(0.8)) this.state.closing()
    const wasClosing = !this.state.open
    this.#performer.perform()
    for (let round = 0; round < 2_000; round++) {
      this.#performer.answer()
      this.#performer.perform()
      for (const call of this.#facts.running()) if (call.lends !== 'no') this.state.regained(call)
      for (const held of this.#facts.calls.filter((call) => call.place === 'held')) {
        this.state.released(held)
        this.#facts.settle(held, 'ended')
      }
      this.#performer.perform()
      this.#startWorker()
      this.#performer.perform()
      for (const call of this.#facts.running()) {
        const { worker } = call
        if (worker === undefined) continue
        if (!call.abandoned) this.#facts.settle(call, 'ended')
        worker.lastEnd = this.#facts.now / 1_000
        this.state.ended(call, worker, false, this.#facts.now++)
        this.#performer.perform()
      }
      this.#endWorker()
      this.#performer.perform()
      const settled = this.#facts.calls.every((call) => call.fate !== 'none')
      const closed = wasClosing ? this.state.workers.size === 0 : this.#facts.ending.size === 0
      if (settled && closed) break
    }
    this.#facts.check()
    const unsettled = this.#facts.calls.filter((call) => call.fate === 'none')
    assert.deepEqual(
      unsettled.map((call) => `${call.number} is ${call.place}`),
      [],
      'every call is settled',
    )
    assert.equal(this.#facts.closedTimes, wasClosing ? 1 : 0, 'closed is told once, after a shutdown only')
    assert.equal(this.state.queued, 0)
    assert.equal(this.state.running, 0)
    assert.equal(this.state.busy, false)
  }
}
