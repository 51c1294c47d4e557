// In a worker: futures that were made here and are a part of what a call gives or asks. The pool gets a future that follows; see imported-futures.ts.
import type { Packed } from '../calls/index.js'
import { type Future, onDone, outcomeOf } from '../core/future.js'
import { queueMicrotask } from '../core/platform.js'
import type { Handle } from './handle-table.js'
import type { Definitions, FromWorker } from './messages.js'

export interface ExportParts {
  post(message: FromWorker, transfer?: readonly unknown[]): void
  /** @throws if it cannot cross */
  pack(value: unknown): Packed
  packError(error: unknown): Packed
  definitionsFor(uses: readonly number[]): Definitions | undefined
}

export class ExportedFutures {
  readonly #parts: ExportParts
  /** Those that have not ended, by the number under which the pool knows them. */
  readonly #futures = new Map<number, Future<unknown>>()
  #last = 0

  constructor(parts: ExportParts) {
    this.#parts = parts
  }

  /** Each time it is handed over it gets a number: the other side makes one future of each. */
  toHandle(future: Future<unknown>): Handle {
    const id = ++this.#last
    this.#futures.set(id, future)
    // What hands it over is posted first.
    queueMicrotask(() => onDone(future, () => this.#tell(id, future)))
    return { kind: 'future', handle: 0, exported: id, facts: { key: future.key } }
  }

  cancel(id: number, reason: unknown): void {
    this.#futures.get(id)?.cancel(reason)
  }

  #tell(id: number, future: Future<unknown>): void {
    this.#futures.delete(id)
    const outcome = outcomeOf(future)
    let status: 'fulfilled' | 'rejected' | 'cancelled' = future.cancelled ? 'cancelled' : outcome.status
    let packed: Packed
    try {
      packed = outcome.status === 'fulfilled' ? this.#parts.pack(outcome.value) : this.#parts.packError(outcome.reason)
    } catch (error) {
      status = 'rejected'
      packed = this.#parts.packError(error)
    }
    this.#parts.post(
      { type: 'future', id, key: future.key, status, value: packed, definitions: this.#parts.definitionsFor(packed.uses) },
      packed.transfer,
    )
  }
}
