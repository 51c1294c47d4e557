// The calls that stand in line at a worker process. They are begun in the order in which they came, and before the first of a lot is begun, the pool
// is told how far the lot goes. What was told is written, together with the results of the lot before, before anything of it runs. So one write
// serves for many short calls, the pool knows at every time what may have begun, and a long call is a lot of its own.
import { nextTick, performance, setImmediate } from '../core/platform.js'
import { CallTime } from './call-time.js'
import { isAfter, type LineWord, noNumber } from './line-words.js'
import type { Request } from './messages.js'

export interface LineParts {
  readonly word: LineWord
  /** Tells the pool, and returns when it has been written. */
  readonly announce: (upTo: number, callNs: number) => void
  /** Tells the pool with what is told next. */
  readonly tellTime: (upTo: number, callNs: number) => void
  /** Writes the results that are there. */
  readonly flush: () => void
}

/** Whoever runs the calls. */
export interface Runner {
  /** @returns whether the call has not ended yet */
  run(request: Request): boolean
  hasPlace(): boolean
  /** A call will not be run, and nobody waits to hear of it. */
  forget(request: Request): void
  /** There is no call left. */
  drained(): void
}

/** Calls of a lot at most, and milliseconds that it shall take. */
const mostOfLot = 64
const lotMs = 0.1
/** Milliseconds for which calls are run without a look at the event loop. */
const longestSlice = 1

export class ChildLine {
  readonly #parts: LineParts
  readonly #time = new CallTime()
  /** In the order in which they came. Undefined: it was dropped. */
  #calls: (Request | undefined)[] = []
  /** Where the first is. */
  #first = 0
  #runner: Runner | undefined
  #announced = noNumber
  /** The estimate that the pool has. */
  #toldNs = 0
  #flushedAt = 0
  #running = false
  #scheduled = false
  /** The last that was begun here. */
  begun = noNumber

  constructor(parts: LineParts) {
    this.#parts = parts
  }

  serve(runner: Runner): void {
    this.#runner = runner
  }

  get empty(): boolean {
    return this.#first === this.#calls.length
  }

  /** A call has come. One that the pool has a place for runs at once. */
  received(request: Request): void {
    if (request.number === noNumber && this.empty) {
      const before = performance.now()
      if (this.#runner?.run(request) === false) this.note(performance.now() - before)
      return
    }
    this.#calls.push(request)
    this.wake()
  }

  /** @returns whether the call was in the line; now it is not */
  drop(id: number): boolean {
    const at = this.#calls.findIndex((request, index) => index >= this.#first && request?.id === id)
    if (at < 0) return false
    this.#calls[at] = undefined
    this.wake()
    return true
  }

  /** There may be a place. */
  wake(): void {
    if (this.#scheduled || this.#running || this.empty) return
    this.#scheduled = true
    // After what has been posted in this turn was written.
    nextTick(this.#run)
  }

  /** A call has taken so many milliseconds. */
  note(ms: number): void {
    this.#time.note(ms)
    const { ns } = this.#time
    // That calls take longer is more urgent: too many may be on their way.
    if (ns <= 2 * this.#toldNs && 16 * ns >= this.#toldNs) return
    this.#toldNs = ns
    this.#parts.tellTime(this.#announced, ns)
  }

  readonly #run = (): void => {
    this.#scheduled = false
    const runner = this.#runner
    if (runner === undefined || this.#running) return
    this.#running = true
    try {
      this.#runAll(runner)
    } finally {
      this.#running = false
    }
    if (this.empty) runner.drained()
  }

  #runAll(runner: Runner): void {
    const started = performance.now()
    let last = started
    this.#flushedAt = started
    for (let request = this.#next(runner); request !== undefined && runner.hasPlace(); request = this.#next(runner)) {
      if (last - started > longestSlice) {
        this.#scheduled = true
        setImmediate(this.#run)
        return
      }
      // What it takes to tell is no time of the call.
      if (request.number !== noNumber && this.#tell(request.number, last)) last = performance.now()
      this.#shift()
      if (request.number !== noNumber) {
        if (!this.#parts.word.begin(request.number)) {
          runner.forget(request)
          continue
        }
        this.begun = request.number
      }
      const goesOn = runner.run(request)
      const now = performance.now()
      // The pool is told with the next lot.
      if (!goesOn) this.#time.note(now - last)
      last = now
    }
  }

  /** The next that was not taken back. */
  #next(runner: Runner): Request | undefined {
    while (!this.empty) {
      const request = this.#calls[this.#first]
      if (request !== undefined && (request.number === noNumber || !this.#parts.word.isTaken(request.number))) return request
      this.#shift()
      if (request !== undefined) runner.forget(request)
    }
    return undefined
  }

  #shift(): void {
    this.#calls[this.#first] = undefined
    this.#first++
    if (this.#first === this.#calls.length) {
      this.#calls.length = 0
      this.#first = 0
    } else if (this.#first >= 1024 && this.#first * 2 > this.#calls.length) {
      this.#calls.splice(0, this.#first)
      this.#first = 0
    }
  }

  /** Before a call in line begins. @returns whether anything had to be written */
  #tell(number: number, now: number): boolean {
    if (!isAfter(number, this.#announced)) {
      // The lot takes longer than it should have.
      if (now - this.#flushedAt < lotMs) return false
      this.#flushedAt = now
      this.#parts.flush()
      return true
    }
    this.#flushedAt = now
    const size = Math.max(1, Math.min(mostOfLot, Math.floor((lotMs * 1e6) / Math.max(1, this.#time.ns))))
    this.#announced = number
    for (let at = this.#first + 1; at < this.#calls.length && at < this.#first + size; at++) {
      const request = this.#calls[at]
      if (request !== undefined && request.number !== noNumber) this.#announced = request.number
    }
    this.#toldNs = this.#time.ns
    this.#parts.announce(this.#announced, this.#time.ns)
    return true
  }
}
