// Waking a worker for calls that follow replies: it may come late, but before code of the program runs, and before the pool's thread rests.
import { describe, expect, it } from 'vitest'
import { beforeCallout } from '../../../src/core/callout.js'
import { RingHub } from '../../../src/workers/ring/hub.js'
import { ringMemory, STATE, workerStates } from '../../../src/workers/ring/layout.js'
import { PoolEnd } from '../../../src/workers/ring/pool-end.js'
import { WorkerEnd } from '../../../src/workers/ring/worker-end.js'

const { PARKED, RUNNING } = workerStates

/** A pool with a parked worker that has published `replies`; `onReply` runs as each is handed over. */
function scene(replies: number, onReply: (send: (later: boolean) => void, state: () => number, count: number) => void) {
  const hub = new RingHub()
  let count = 0
  const end: PoolEnd = new PoolEnd({
    hub,
    pumpPort: () => {},
    poke: () => {},
    onReply: () => onReply(send, state, ++count),
  })
  const { control } = ringMemory(end.buffer)
  const state = (): number => Atomics.load(control, STATE)
  const send = (later: boolean): void => {
    end.send(
      { id: count, call: count, attempt: 1, target: 1, cell: 0, key: undefined, captured: undefined, tellBegin: false },
      [count],
      later,
    )
  }
  const worker = new WorkerEnd(end.buffer, hub.buffer, () => {}, false)
  for (let reply = 0; reply < replies; reply++) worker.fulfilled(0, reply)
  Atomics.store(control, STATE, PARKED)
  return { hub, state, send, count: () => count }
}

describe('a parked worker', () => {
  it('is not woken for a call that follows, until all replies are handed over', () => {
    const seen: number[] = []
    const { hub, state, count } = scene(3, (send, state) => {
      send(true)
      seen.push(state())
    })
    hub.drainAndSleep()
    expect(count()).toBe(3)
    expect(seen).toEqual([PARKED, PARKED, PARKED])
    expect(state()).toBe(RUNNING)
  })

  it('is woken before code of the program runs', () => {
    const seen: number[] = []
    const { hub } = scene(1, (send, state) => {
      send(true)
      beforeCallout()
      seen.push(state())
    })
    hub.drainAndSleep()
    expect(seen).toEqual([RUNNING])
  })

  it('is woken for many at once', () => {
    const seen: number[] = []
    const { hub } = scene(40, (send, state) => {
      send(true)
      seen.push(state())
    })
    hub.drainAndSleep()
    expect(seen.indexOf(RUNNING)).toBe(31)
  })

  it('is woken at once for a call that code of the program submits', () => {
    const seen: number[] = []
    const { hub } = scene(1, (send, state) => {
      send(false)
      seen.push(state())
    })
    hub.drainAndSleep()
    expect(seen).toEqual([RUNNING])
  })

  it('is woken at once when no replies are being handed over', () => {
    const { state, send } = scene(0, () => {})
    send(true)
    expect(state()).toBe(RUNNING)
  })
})
