// Runs many calls of one message, one after the other. Outcomes are told in lots, at least every millisecond, so that little is lost with a worker
// that dies; which item has begun is in shared memory.
import type { Packed } from '../calls/index.js'
import type { Cells } from './cells.js'
import type { ChunkOutcomes, Request } from './messages.js'
import { isThenable } from './running-call.js'

/** Outcomes are told when the first of them is this old. */
const oldest = 1

export interface ChunkParts {
  call(args: unknown[]): unknown
  values(values: unknown[]): Packed
  error(error: unknown): Packed
  send(from: number, outcomes: ChunkOutcomes, packed: Packed): void
  aborted(): boolean
}

export class ChunkRun {
  readonly #request: Request
  readonly #lists: unknown[][]
  readonly #cells: Cells
  readonly #parts: ChunkParts
  /** Not told yet: the values of the items from `#from` on. */
  #values: unknown[] = []
  #from = 0
  #since: number

  constructor(request: Request, lists: unknown[][], cells: Cells, parts: ChunkParts) {
    this.#request = request
    this.#lists = lists
    this.#cells = cells
    this.#parts = parts
    this.#since = performance.now()
  }

  /** Runs all items; stops early when the chunk is not wanted any more. */
  run(start = 0): undefined | Promise<undefined> {
    for (let index = start; index < this.#lists.length; index++) {
      if (this.#parts.aborted()) break
      if (this.#request.cell >= 0) this.#cells.begin(this.#request.cell, index + 1)
      try {
        const result = this.#parts.call(this.#lists[index] ?? [])
        if (isThenable(result)) return this.#wait(index, result)
        this.#values.push(result)
      } catch (error) {
        this.#failed(index, error)
      }
      if (performance.now() - this.#since >= oldest) this.flush()
    }
    this.flush()
    return undefined
  }

  /** Tells the outcomes that were not told yet. */
  flush(): void {
    const values = this.#values
    const now = performance.now()
    const ms = (now - this.#since) / Math.max(1, values.length)
    this.#since = now
    if (values.length === 0) return
    this.#values = []
    const from = this.#from
    this.#from += values.length
    try {
      const packed = this.#parts.values(values)
      this.#parts.send(from, { kind: 'values', values: packed, ms }, packed)
    } catch (error) {
      if (values.length === 1) this.#tell(from, error, ms)
      // One of them cannot cross. Each on its own, to tell which.
      else for (const [offset, value] of values.entries()) this.#one(from + offset, value, ms)
    }
  }

  async #wait(index: number, result: PromiseLike<unknown>): Promise<undefined> {
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
      this.#parts.send(index, { kind: 'values', values: packed, ms }, packed)
    } catch (error) {
      this.#tell(index, error, ms)
    }
  }

  #tell(index: number, error: unknown, ms: number): void {
    const packed = this.#parts.error(error)
    this.#parts.send(index, { kind: 'rejected', reason: packed, ms }, packed)
  }
}
