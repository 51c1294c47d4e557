import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PoolState } from '../../dist/workers/pool-state.js'
import { Ticket } from '../../dist/workers/ticket.js'
import { seen } from './pool-facts.js'
import { World } from './pool-world.js'

const histories = 100_000
const perRun = 100

describe('the decisions of a pool', () => {
  it(`hold in ${histories.toLocaleString('en')} random histories of submitting, starting, ending, cancelling, dying, lending, resizing and closing`, {
    timeout: 120_000,
  }, () => {
    const seed = Date.now() >>> 0
    console.log(`seed ${seed}`)
    fc.assert(
      fc.property(fc.nat(2 ** 31), (start) => {
        for (let run = 0; run < perRun; run++) {
          const world = new World(start + run)
          try {
            world.run(24 + ((start + run) % 30))
          } catch (error) {
            throw new Error(`history ${start + run}\n${JSON.stringify(world.config)}\n${world.log.join('\n')}`, { cause: error })
          }
        }
      }),
      { numRuns: histories / perRun, seed, endOnFailure: true },
    )
    // As many as a run has at least, and some.
    expect(seen.takenBack).toBeGreaterThan(1_000)
    expect(seen.followed).toBeGreaterThan(2_000)
    expect(seen.followedThere).toBeGreaterThan(1_000)
    expect(seen.silent).toBeGreaterThan(500)
    expect(seen.gotLent).toBeGreaterThan(500)
  })

  it('hold when several workers give calls back and something else is decided in between', () => {
    // Found by the case above: one gives back a call of a higher priority, after another whose worker is replaced.
    expect(() => new World(383_001_508).run(24 + (383_001_508 % 30))).not.toThrow()
  })

  const config = {
    maxWorkers: 2,
    minWorkers: 0,
    callsPerWorker: 1,
    maxTasksPerWorker: Number.POSITIVE_INFINITY,
    replaceDeadWorkers: true,
    idleTimeout: Number.POSITIVE_INFINITY,
  }

  it('starts workers on demand, and uses an idle one before it starts another', () => {
    const state = new PoolState(config)
    expect(state.workers.size).toBe(0)
    for (let call = 0; call < 3; call++) {
      const ticket = new Ticket(0)
      state.submitted(ticket)
      for (const worker of state.workers.values()) state.ready(worker)
      const [worker] = state.workers.values()
      if (worker === undefined) throw new Error('no worker')
      state.ended(ticket, worker)
    }
    expect(state.workers.size).toBe(1)
  })

  it('gives a lent place only when no other is there or comes', () => {
    const state = new PoolState(config)
    const outer = new Ticket(0)
    state.submitted(outer)
    const one = [...state.workers.values()][0]
    if (one === undefined) throw new Error('no worker')
    state.ready(one)
    state.lent(outer, 'place')
    const inner = new Ticket(0)
    state.submitted(inner)
    // Another is started for it, although it could begin at once.
    expect(inner.place).toBe('queued')
    const two = [...state.workers.values()][1]
    if (two === undefined) throw new Error('no second worker')
    state.ready(two)
    expect(inner.worker).toBe(two)
    const innermost = new Ticket(0)
    state.submitted(innermost)
    expect(innermost.worker).toBe(one)
  })

  it('starts another worker for a call that is waited for by a call that blocks its thread', () => {
    const state = new PoolState({ ...config, maxWorkers: 1 })
    const outer = new Ticket(0)
    state.submitted(outer)
    for (const worker of state.workers.values()) state.ready(worker)
    state.submitted(new Ticket(0))
    expect(state.workers.size).toBe(1)
    state.lent(outer, 'thread')
    expect(state.workers.size).toBe(2)
  })

  it('gives a worker no more ahead while it has not passed over what was taken back from it', () => {
    const state = new PoolState({ ...config, maxWorkers: 1 })
    const submit = (): Ticket => {
      const ticket = Object.assign(new Ticket(0), { goesAhead: true })
      state.submitted(ticket)
      return ticket
    }
    submit()
    const [worker] = [...state.workers.values()]
    for (const one of state.workers.values()) state.ready(one)
    state.ahead = 100
    const all = Array.from({ length: 300 }, submit)
    state.refill()
    expect(worker?.calls.size).toBe(101)
    // All of them are taken back, and it says nothing.
    const taken = all.filter((ticket) => ticket.place === 'running')
    if (worker === undefined) throw new Error('There is no worker')
    worker.returning = taken.length
    state.recalled(worker, taken)
    state.refill()
    expect(worker.calls.size).toBe(1)
    worker.returning = 0
    state.refill()
    expect(worker.calls.size).toBe(101)
  })

  describe('of short calls of one function, with two workers', () => {
    const ms = 1e-3
    let now = 0

    /** Two workers, of which `together` calls have just ended in one batch. */
    function warm(together: number, options: { kind?: number; callNs?: number } = {}) {
      const { kind = 1, callNs = 500 } = options
      const state = new PoolState(config, () => now)
      const made = (): Ticket => Object.assign(new Ticket(0), { kind, goesAhead: true })
      const submit = (): Ticket => {
        const ticket = made()
        state.submitted(ticket)
        return ticket
      }
      const first = [submit(), submit()]
      for (const worker of state.workers.values()) state.ready(worker)
      state.ahead = 100
      state.callNs = callNs
      for (const ticket of [...first.slice(0, 2 - together), undefined, ...first.slice(2 - together)]) {
        // In between is the end of the batch before.
        if (ticket === undefined) state.refill()
        else if (ticket.worker !== undefined) {
          ticket.worker.lastEnd = now
          state.ended(ticket, ticket.worker, false, now)
        }
      }
      state.refill()
      return submit
    }

    it('those that come when several have ended go to the worker that is awake', () => {
      const submit = warm(2)
      const one = submit()
      expect([submit().worker, submit().worker]).toEqual([one.worker, one.worker])
    })

    it('the second that comes when one has ended by itself goes to the other worker', () => {
      const submit = warm(1)
      expect(submit().worker).not.toBe(submit().worker)
    })

    it('a moment later they go to both', () => {
      const submit = warm(2)
      now += 300 * ms
      expect(submit().worker).not.toBe(submit().worker)
    })

    it('they go to both when the worker has had its call for longer than they take', () => {
      const submit = warm(2)
      const one = submit()
      now += 60 * ms
      expect(submit().worker).not.toBe(one.worker)
    })

    it('no more go there than it takes to wake the other', () => {
      const submit = warm(2, { callNs: 20_000 })
      const [one, two, three, four] = [submit(), submit(), submit(), submit()].map(({ worker }) => worker)
      expect([two, three]).toEqual([one, one])
      expect(four).not.toBe(one)
    })

    it('those of which nobody knows the function go to both, and those that take long', () => {
      for (const options of [{ kind: 0 }, { callNs: 60_000 }]) {
        const submit = warm(2, options)
        expect(submit().worker).not.toBe(submit().worker)
      }
    })
  })

  it('gives up after three workers in a row that died before they were ready', () => {
    const state = new PoolState({ ...config, maxWorkers: 1 })
    state.submitted(new Ticket(0))
    for (let start = 0; start < 3; start++) {
      expect(state.broken).toBe(false)
      const [worker] = state.workers.values()
      if (worker === undefined) throw new Error('no worker')
      state.gone(worker, () => false)
    }
    expect(state.broken).toBe(true)
  })
})
