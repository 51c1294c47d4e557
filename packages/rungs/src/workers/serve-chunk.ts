// Runs many calls of one message, one after the other. Outcomes are told in lots, the last of which also says that the chunk has ended: whoever reads
// them is woken for each. A lot is told when its first outcome is some milliseconds old, so that little is lost with a worker that dies; which item has
// begun is in shared memory.
import { numbersOf, type Packed } from '../calls/index.js'
import type { Cells } from './cells.js'
import type { ChunkOutcomes, Request } from './messages.js'
import { type ChunkCalls, isPromise } from './running-call.js'

/** Outcomes are told when the first of them is this old, in milliseconds: about as long as a chunk of `chunkSize: 'auto'` takes. */
const oldest = 5
/** Looking at the clock costs as much as a short item: it is not looked at more often than this, in milliseconds, if items go on as before. */
const oftenest = 0.01
const mostBetween = 1_024

export interface ChunkParts {
  values(values: ArrayLike<unknown>): Packed
  error(error: unknown): Packed
  /** `isLast`: no more are told, and the chunk has ended. */
  send(from: number, outcomes: ChunkOutcomes, packed: Packed, isLast: boolean): void
  aborted(): boolean
}

export class ChunkRun {
  readonly #request: Request
  readonly #calls: ChunkCalls
  readonly #cells: Cells
  readonly #parts: ChunkParts
  /** Which of the calls is running. */
  index = 0
  /** Not told yet: the values of the items from `#from` on. */
  #values: unknown[] = []
  #from = 0
  #since: number
  /** Items between two looks at the clock, and when the last one was. */
  #between = 1
  #looked: number

  constructor(request: Request, calls: ChunkCalls, cells: Cells, parts: ChunkParts) {
    this.#request = request
    this.#calls = calls
    this.#cells = cells
    this.#parts = parts
    this.#since = performance.now()
    this.#looked = this.#since
  }

  /** Runs all items; stops early when the chunk is not wanted any more. @returns whether its end has been told */
  run(start = 0): boolean | Promise<boolean> {
    const { count, at } = this.#calls
    const { cell } = this.#request
    let left = this.#between
    for (let index = start; index < count; index++) {
      if (this.#parts.aborted()) break
      this.index = index
      if (cell >= 0) this.#cells.begin(cell, index + 1)
      try {
        const result = at(index)
        if (isPromise(result)) return this.#wait(index, result)
        this.#values.push(result)
      } catch (error) {
        this.#failed(index, error)
      }
      if (--left === 0) left = this.#look()
    }
    return this.flush(true)
  }

  /** Tells what is old enough. @returns how many items on to look again */
  #look(): number {
    const now = performance.now()
    if (now - this.#looked < oftenest) this.#between = Math.min(mostBetween, this.#between * 2)
    else if (now - this.#looked > 2 * oftenest) this.#between = Math.max(1, Math.floor((this.#between * oftenest) / (now - this.#looked)))
    this.#looked = now
    if (now - this.#since >= oldest) this.flush()
    return this.#between
  }

  /** Tells the outcomes that were not told yet. `isLast`: all items have ended. @returns whether that has been told with them */
  flush(isLast = false): boolean {
    const values = this.#values
    const now = performance.now()
    const ms = (now - this.#since) / Math.max(1, values.length)
    this.#since = now
    if (values.length === 0) return false
    this.#values = []
    const from = this.#from
    this.#from += values.length
    try {
      const packed = this.#parts.values(numbersOf(values) ?? values)
      this.#parts.send(from, { kind: 'values', values: packed, count: values.length, ms }, packed, isLast)
      return isLast
    } catch (error) {
      if (values.length === 1) this.#tell(from, error, ms)
      // One of them cannot cross. Each on its own, to tell which.
      else for (const [offset, value] of values.entries()) this.#one(from + offset, value, ms)
      return false
    }
  }

  async #wait(index: number, result: Promise<unknown>): Promise<boolean> {
    try {
      this.#values.push(await result)
    } catch (error) {
      this.#failed(index, error)
    }
    if (performance.now() - this.#since >= oldest) this.flush()
    return this.run(index + 1)
  }

  #failed(index: number, error: unknown): void {
    this.flush()
    this.#from = index + 1
    this.#tell(index, error, performance.now() - this.#since)
    this.#since = performance.now()
  }

  #one(index: number, value: unknown, ms: number): void {
    try {
      const packed = this.#parts.values([value])
      this.#parts.send(index, { kind: 'values', values: packed, count: 1, ms }, packed, false)
    } catch (error) {
      this.#tell(index, error, ms)
    }
  }

  #tell(index: number, error: unknown, ms: number): void {
    const packed = this.#parts.error(error)
    this.#parts.send(index, { kind: 'rejected', reason: packed, ms }, packed, false)
  }
}
