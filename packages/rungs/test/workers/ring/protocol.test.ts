import { describe, expect, it } from 'vitest'
import { endProgram, eventPrograms, type PlaceFault, placesProgram } from './places-model.js'
import { explore, type Fault, hubProgram, poolProgram, replyProgram, type Shared, workerProgram } from './protocol-model.js'

const allRead = (shared: Shared): boolean => shared.read === shared.head && shared.mail === 0
const faults: Fault[] = ['looks, then says that it sleeps', 'looks at the state, then publishes', 'no second look']

/** A worker that parks, or waits in its event loop, while the pool sends calls and messages. */
const toWorker = (parks: boolean, calls: number, messages: number, fault: Fault = 'none') =>
  explore([poolProgram(calls, messages, fault), workerProgram(parks, fault)], allRead)
/** The same, while the pool hands over replies and looks once for `lot` calls. */
const inLots = (parks: boolean, calls: number, lot: number, fault: Fault = 'none') =>
  explore([poolProgram(calls, 0, fault, lot), workerProgram(parks, fault)], allRead)
/** A worker with one place. `waits`: each call waits for the next, and lends its place. */
const withPlaces = (calls: number, waits: boolean, fault: PlaceFault = 'none') =>
  explore(
    [poolProgram(calls, 0, 'none'), placesProgram(), ...(waits ? eventPrograms(calls, fault) : [endProgram(calls, fault)])],
    (shared) => allRead(shared) && shared.ended === calls,
  )
/** A pool that waits for replies. */
const toPool = (fault: Fault) => explore([replyProgram(4, fault), hubProgram(fault)], allRead)

describe('in all interleavings of its steps', () => {
  for (const [parks, where] of [
    [true, 'that is parked'],
    [false, 'that waits in its event loop'],
  ] as const) {
    it(`no call and no message is left with a worker ${where}`, () => {
      let all = 0
      for (let calls = 0; calls <= 4; calls++) {
        for (let messages = 0; messages <= 3; messages++) {
          const { states, lost } = toWorker(parks, calls, messages)
          expect(lost, `${calls} calls, ${messages} messages`).toBeUndefined()
          all += states
        }
      }
      expect(all).toBeGreaterThan(1_000)
    })
  }

  it('no call is left by a pool that looks once for several', () => {
    for (const parks of [true, false]) {
      for (let calls = 1; calls <= 6; calls++) {
        for (const lot of [2, 3]) expect(inLots(parks, calls, lot).lost, `${calls} calls in lots of ${lot}`).toBeUndefined()
      }
    }
  })

  it('no call is left with a worker that has no place for it, however one comes', () => {
    let all = 0
    for (const waits of [true, false]) {
      for (let calls = 1; calls <= 5; calls++) {
        const { states, lost } = withPlaces(calls, waits)
        expect(lost, `${calls} calls`).toBeUndefined()
        all += states
      }
    }
    expect(all).toBeGreaterThan(500)
  })

  it('no reply is left with a pool that sleeps', () => {
    const { states, lost } = toPool('none')
    expect(lost).toBeUndefined()
    expect(states).toBeGreaterThan(50)
  })
})

describe('the checker finds the lost wake-up', () => {
  for (const fault of faults) {
    it(`of a worker when someone ${fault}`, () => {
      // Without messages after it, which would wake the worker by chance.
      for (const parks of [true, false]) expect(toWorker(parks, 2, 0, fault).lost).toBeDefined()
    })

    it(`of the pool when someone ${fault}`, () => expect(toPool(fault).lost).toBeDefined())
  }

  it('of a worker when the pool does not look at the end of a lot', () => {
    for (const parks of [true, false]) expect(inLots(parks, 3, 2, 'no look at the end of a lot').lost).toBeDefined()
  })

  it('of a call for which there is a place now, when someone lends one and wakes nobody', () =>
    expect(withPlaces(3, true, 'lends and wakes nobody').lost).toBeDefined())

  it('of a call for which there is a place now, when someone ends and wakes nobody', () =>
    expect(withPlaces(3, false, 'ends and wakes nobody').lost).toBeDefined())

  it('of a message, for which a parked worker does not look', () => expect(toWorker(true, 0, 2, 'no look for mail').lost).toBeDefined())
})
