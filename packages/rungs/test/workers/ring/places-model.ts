// Places, for the model of protocol-model.ts: a worker with one place, and calls each of which waits for the next. A call that waits lends its place;
// the next is begun when the worker looks for it again. So whoever makes a place has to see to that look: the pool does not, as it has published the
// call when the worker was awake, and takes it for awake.
import type { Program, Shared, Step } from './protocol-model.js'

/** What one forgets who makes a place. */
export type PlaceFault = 'none' | 'lends and wakes nobody' | 'ends and wakes nobody'

const RUNNING = 0
const LOOPING = 2

const hasPlace = ({ read, ended, lent }: Shared): boolean => read - ended < 1 + lent

/** WorkerLoop over WorkerEnd.waitInLoop: it begins what it has places for. Each call it has begun goes on, see `events`. It never ends. */
export function placesProgram(): Program {
  const LOOP = 0
  const RUN = 1
  const REST = 2
  const SAY = 3
  const LOOK = 4
  const toLoop = (s: Shared): number => {
    s.inLoop = 1
    return LOOP
  }
  return [
    // LOOP: the event loop. What happens there is one thing at a time: a look that was scheduled, a message, or one of `events`.
    (s) => {
      if (s.wake > 0) s.wake = 0
      else if (s.scheduled > 0) {
        s.scheduled = 0
        s.inLoop = 0
        return REST
      } else if (s.mail > 0) s.mail--
      else return undefined
      s.inLoop = 0
      return RUN
    },
    // RUN: WorkerLoop.#run(): one call, as long as there is one and a place for it; then a look is scheduled.
    (s) => {
      s.state = RUNNING
      if (hasPlace(s) && s.head > s.read) {
        s.read++
        return RUN
      }
      s.scheduled = 1
      return toLoop(s)
    },
    // REST: without a place it does nothing, and does not say that it sleeps.
    (s) => {
      if (!hasPlace(s)) return toLoop(s)
      return s.head > s.read ? RUN : SAY
    },
    // SAY: Atomics.store(STATE)
    (s) => {
      s.state = LOOPING
      return LOOK
    },
    // LOOK: the second look
    (s) => {
      if (s.head > s.read) {
        s.state = RUNNING
        return RUN
      }
      return toLoop(s)
    },
  ]
}

/** What calls do in the event loop of the worker: each but the last lends its place, and the last ends first. */
export function eventPrograms(calls: number, fault: PlaceFault): Program[] {
  const lends: Step[] = []
  const ends: Step[] = []
  for (let call = 0; call < calls - 1; call++) {
    lends.push((s) => {
      if (s.inLoop === 0 || s.read <= call) return undefined
      s.lent++
      if (fault !== 'lends and wakes nobody') s.scheduled = 1
      return call + 1
    })
  }
  for (let call = calls - 1; call >= 0; call--) {
    const at = ends.length
    ends.push((s) => {
      if (s.inLoop === 0 || s.read <= call) return undefined
      // It has its place back when what it waited for has ended. It may not have lent it yet.
      if (call < calls - 1) {
        if (s.lent <= 0) return undefined
        s.lent--
      }
      s.ended++
      if (fault !== 'ends and wakes nobody') {
        s.wake = 1
        s.inLoop = 0
      }
      return at + 1
    })
  }
  return [lends, ends]
}

/** Calls that wait for nothing: each ends by itself. */
export function endProgram(calls: number, fault: PlaceFault): Program {
  return Array.from({ length: calls }, (_, call): Step => {
    return (s) => {
      if (s.inLoop === 0 || s.read <= call) return undefined
      s.ended++
      if (fault !== 'ends and wakes nobody') {
        s.wake = 1
        s.inLoop = 0
      }
      return call + 1
    }
  })
}
