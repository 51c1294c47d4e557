// Most calls of a burst are nothing but a known function, a few plain arguments, and a plain value that it gives at once. These are run here, one
// after the other, from where they lie in shared memory, without an object for each. As soon as a call turns out to be more (it asks for
// `currentCall()`, throws, gives a promise or an object), it is made what any other call is, and goes on as that.
//
// The first thousands of calls are run by an interpreter, and V8 compiles what they go through for each thread apart: few and small functions count here.
import { type CurrentCall, LateCall, setCurrentCall } from '../core/current-call.js'
import type { Cells } from './cells.js'
import { callRecord } from './ring/layout.js'
import type { WorkerEnd } from './ring/worker-end.js'
import { type CallPlace, gavePromise, isPromise, isSynchronous, promised, RunningCall } from './running-call.js'
import type { AnyFunction } from './work-item.js'

export interface ShortCallsParts {
  readonly end: WorkerEnd
  readonly cells: Cells
  readonly place: CallPlace
  /** Functions that are here, by their number. */
  readonly targets: ReadonlyMap<number, AnyFunction>
  /** Whether the next call may be begun. */
  readonly mayBegin: () => boolean
  /** Sends what was printed. */
  readonly flush: () => void
  /** The call that runs is one as any other from now on; with undefined, it has run. */
  readonly setCurrent: (call: RunningCall | undefined) => void
  readonly settle: (call: RunningCall, result: unknown) => void
  readonly fail: (call: RunningCall, error: unknown) => void
}

export class ShortCalls extends LateCall {
  readonly #parts: ShortCallsParts
  #target = -1
  #fn: AnyFunction | undefined = undefined
  /** Where the call lies that is running. */
  #at = -1
  /** What the call is that is running, if somebody has asked. */
  #call: RunningCall | undefined = undefined

  constructor(parts: ShortCallsParts) {
    super()
    this.#parts = parts
  }

  /** Runs at most so many. @returns how many have ended; the next may be one that is not for here */
  run(most: number): number {
    const { end, cells, mayBegin } = this.#parts
    let count = 0
    while (count < most && mayBegin()) {
      const at = end.nextShort()
      if (at < 0) break
      const fn = this.#function(end.wordOf(at, callRecord.TARGET))
      const cell = end.wordOf(at, callRecord.CELL)
      if (fn === undefined || !cells.claimWanted(cell)) break
      if (this.#run(fn, at, cell)) count++
    }
    return count
  }

  /** For somebody who asks what is running. */
  made(): CurrentCall {
    const { end, place, setCurrent } = this.#parts
    if (this.#call === undefined) {
      this.#call = new RunningCall(end.requestAt(this.#at), place)
      setCurrent(this.#call)
    }
    return this.#call
  }

  #function(target: number): AnyFunction | undefined {
    if (target !== this.#target) {
      this.#fn = this.#parts.targets.get(target)
      this.#target = this.#fn === undefined ? -1 : target
    }
    return this.#fn !== undefined && isSynchronous(this.#fn) ? this.#fn : undefined
  }

  /** @returns whether it has ended */
  #run(fn: AnyFunction, at: number, cell: number): boolean {
    const { end, flush } = this.#parts
    const before = setCurrentCall(this)
    this.#at = at
    try {
      const codec = end.arguments
      codec.at = at + callRecord.VALUES
      const count = end.wordOf(at, callRecord.COUNT)
      const value = count === 1 ? fn(codec.read()) : fn(...codec.readAll(count))
      if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
        flush()
        if (end.fulfilled(cell, value)) return true
      }
      return this.#settle(fn, value)
    } catch (error) {
      this.made()
      this.#parts.fail(this.#call as RunningCall, error)
      return true
    } finally {
      setCurrentCall(before)
      end.passed(at)
      if (this.#call !== undefined) {
        this.#call = undefined
        this.#parts.setCurrent(undefined)
      }
    }
  }

  /** It is no plain value. */
  #settle(fn: AnyFunction, value: unknown): boolean {
    const result = promised(value)
    this.made()
    this.#parts.settle(this.#call as RunningCall, result)
    if (!isPromise(result)) return true
    gavePromise(fn)
    return false
  }
}
