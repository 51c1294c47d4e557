// Performs what a pool has decided, as the pool would do it, without a thread; and checks that it may be done now.
import { strict as assert } from 'node:assert'
import { lastRecall } from '../../dist/workers/pool-state.js'
import { Batch } from '../../dist/workers/ticket.js'
import type { WorkerRecord } from '../../dist/workers/worker-record.js'
import { type Call, type PoolFacts, seen } from './pool-facts.js'
import type { Dice } from './random.js'

export class PoolPerformer {
  readonly #facts: PoolFacts
  readonly #dice: Dice

  constructor(facts: PoolFacts) {
    this.#facts = facts
    this.#dice = facts.dice
  }

  perform(): void {
    const { actions, admitted } = this.#facts.state
    while (actions.length > 0 || admitted.length > 0) {
      // Calls first, as the pool does it: what is taken back was handed over.
      for (const ticket of admitted.splice(0)) {
        const call = ticket as Call
        this.#facts.note(`${call.number} is handed over`)
        assert.equal(call.abandoned, false, 'a call that was cancelled in the queue is never handed over')
        assert.equal(call.fate, 'none')
        if (!this.#facts.again.has(call)) {
          const last = this.#facts.handedOver.get(call.priority) ?? -1
          assert.ok(call.number > last, `first come, first served within a priority: ${call.number} after ${last}`)
          this.#facts.handedOver.set(call.priority, call.number)
          this.#facts.again.add(call)
        }
        for (const waiting of this.#facts.state.queue) assert.ok(waiting.priority <= call.priority, 'a higher priority goes first')
        this.#facts.checkPlace(call)
        call.begun = !call.early && this.#dice.chance(0.6)
      }
      const decided = actions.splice(0)
      const last = lastRecall(decided)
      for (const [index, action] of decided.entries()) {
        switch (action.type) {
          case 'lost':
            this.#facts.settle(action.ticket as Call, 'lost')
            break
          case 'broken':
            if (action.ticket instanceof Batch) while (action.ticket.count > 0) this.#facts.settle(action.ticket.take() as Call, 'broken')
            else this.#facts.settle(action.ticket as Call, 'broken')
            break
          case 'retire':
          case 'kill':
            assert.ok(this.#facts.state.workers.has(action.worker.id), 'only a worker that is there is ended')
            this.#facts.ending.add(action.worker)
            break
          case 'recall':
            if (this.#facts.answersLate) this.#facts.asked.add(action.worker)
            else this.#recall(action.worker, index < last)
            break
          case 'closed':
            this.#facts.closedTimes++
            break
          case 'abort':
            assert.ok(action.ticket.abandoned)
            break
          case 'spawn':
            // It may be on its way out already: what was decided later comes later.
            assert.ok(this.#facts.state.workers.has(action.worker.id))
        }
      }
    }
  }

  /** What has not begun of what was given ahead, and of what a blocked worker has a place for; now and then a worker is faster. */
  #recall(worker: WorkerRecord, more: boolean): void {
    const all = worker.blockedBy > 0 ? ([...worker.calls] as Call[]) : this.#facts.early(worker)
    const mayBe = (call: Call): boolean => call.early || worker.blockedBy > 0
    const taken = all.filter((call) => mayBe(call) && !call.abandoned && !call.begun && this.#dice.chance(0.9))
    seen.takenBack += taken.length
    this.#facts.note(`worker ${worker.id} gives back ${taken.map((call) => call.number)}`)
    this.#facts.state.recalled(worker, taken, 0, more)
  }

  /** All that has not begun, also what has got a place meanwhile, and what nobody wants any more. */
  answer(): void {
    const worker = this.#dice.pick([...this.#facts.asked])
    if (worker === undefined) return
    this.#facts.asked.delete(worker)
    if (!this.#facts.state.workers.has(worker.id)) return
    const taken = ([...worker.calls] as Call[]).filter((call) => call.early && !call.begun && this.#dice.chance(0.9))
    seen.takenBack += taken.length
    this.#facts.note(`worker ${worker.id} has given back ${taken.map((call) => call.number)}`)
    this.#facts.state.recalled(worker, taken, this.#facts.now++)
  }
}
