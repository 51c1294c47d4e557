// When a worker looks for calls, and how it rests. It runs calls for a while at a time, so that its timers, sockets and messages have their turn;
// when there is none, and nothing else in its event loop either, it blocks for some milliseconds, from which it is woken fastest; after that, or
// when there is something else, it waits in its event loop as any other program.
import { activeResources, performance, setImmediate } from '../../core/platform.js'
import type { WorkerEnd } from './worker-end.js'

export interface LoopParts {
  readonly end: WorkerEnd
  /** Runs at most so many calls that are nothing but a function and arguments. @returns how many have ended */
  readonly short: (most: number) => number
  /** Runs the next call: it has ended, or goes on; `none` when there is none, or no place for one. */
  readonly next: () => 'ended' | 'goesOn' | 'none'
  readonly hasPlace: () => boolean
  /** Whether a call that came as a message has not been run. */
  readonly hasWaiting: () => boolean
  /** Whether no call is there that has begun. */
  readonly idle: () => boolean
  /** Sends what was printed. */
  readonly flush: () => void
}

/** Milliseconds for which calls are run without a look at the event loop. */
const longestSlice = 1
/** Nanoseconds of short calls between two looks at the clock, which costs as much as some of them. */
const betweenLooks = 20_000
/** So many short calls at most. */
const mostAtOnce = 32
/** Milliseconds for which it blocks. What does not show among the resources (a timer without a reference) is late by so much at most. */
const longestPark = 4

export class WorkerLoop {
  readonly #parts: LoopParts
  /** What a worker has that does nothing. */
  readonly #baseline: number
  #running = false
  #scheduled = false
  /** Whether something has happened since it last blocked in vain. */
  #fresh = true

  /** To be made before anything else lives in this thread's event loop. */
  constructor(parts: LoopParts, baseline: number) {
    this.#parts = parts
    this.#baseline = baseline
  }

  /** There may be something to do: a message came, a call has ended. */
  wake(): void {
    this.#fresh = true
    if (!this.#running) this.#run()
  }

  /** A call that has not ended has lent its place, and is in the middle of something: not at once. */
  placeLent(): void {
    this.#fresh = true
    this.#schedule()
  }

  #run(): void {
    const { end, short, next } = this.#parts
    this.#running = true
    end.run()
    const started = performance.now()
    let last = started
    for (;;) {
      const { callNs } = end
      const count = short(callNs > 0 ? Math.max(1, Math.min(mostAtOnce, betweenLooks / callNs)) : 1)
      const went = count > 0 ? 'ended' : next()
      if (went === 'none') break
      this.#fresh = true
      const now = performance.now()
      // Of one that goes on it is told when it ends.
      if (went === 'ended') {
        const ended = Math.max(1, count)
        end.note((now - last) / ended, ended)
      }
      last = now
      if (now - started > longestSlice) break
    }
    this.#running = false
    this.#schedule()
  }

  /** The next look comes when the event loop has had its turn. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#rest)
  }

  readonly #rest = (): void => {
    this.#scheduled = false
    const { end, hasPlace, hasWaiting, idle, flush } = this.#parts
    // Without a place nothing can be begun: whoever frees one wakes us.
    if (!hasPlace()) return
    // Also those that came as messages: nothing more may come that would wake us for them.
    if (end.hasCall || hasWaiting()) {
      this.#run()
      return
    }
    flush()
    if (this.#fresh && idle() && activeResources().length <= this.#baseline) {
      this.#fresh = end.park(longestPark)
      // A message comes by the event loop; a call is run at once.
      if (end.hasCall) this.#run()
      else this.#schedule()
      return
    }
    if (!end.waitInLoop()) this.#run()
  }
}
