// All items of a map as one batch: the pool makes each of them a call when its turn comes. For pools on this very thread, where nothing is sent.
import type { CheckedCallOptions } from '../../core/call-options.js'
import { CancelledError } from '../../core/errors.js'
import { mapArgs } from './args.js'
import type { Carrier, Sink } from './carrier.js'
import type { ItemList } from './item-list.js'
import type { BatchSubmission, Callee, Submitter } from './submitter.js'

export interface TogetherOptions {
  readonly submitBatch: NonNullable<Submitter['submitBatch']>
  readonly fn: Callee
  readonly call: CheckedCallOptions
  readonly keepInputs: boolean
}

export class Together implements Carrier {
  readonly takesAll = true
  readonly hasRoom = true
  readonly #options: TogetherOptions
  readonly #sink: Sink
  #batch: BatchSubmission | undefined
  #telling = true

  constructor(options: TogetherOptions, sink: Sink) {
    this.#options = options
    this.#sink = sink
  }

  get running(): number {
    return this.#batch?.running ?? 0
  }

  addAll(items: ItemList): void {
    const { submitBatch, fn, call, keepInputs } = this.#options
    if (items.length === 0) return
    const args = (index: number): unknown[] => mapArgs(items[index], index)
    try {
      this.#batch = submitBatch(fn, items.length, args, call, (index, outcome, attempts, ms) => {
        const input = keepInputs ? items[index] : undefined
        // Not kept for longer than it is needed.
        if (Array.isArray(items)) items[index] = undefined
        if (!this.#telling) return
        this.#sink.ended(index, input, outcome, attempts, ms)
        this.#sink.advance()
      })
    } catch (error) {
      this.#sink.refused(error, 0, 'pool')
    }
  }

  add(): void {
    throw new Error('A batch takes all items at once')
  }

  pause(): void {}

  finish(): void {}

  await(): void {}

  cancelPending(): void {
    this.#telling = false
    this.#batch?.cancelPending()
  }

  cancelAll(reason: unknown): void {
    this.#telling = false
    this.#batch?.cancelAll(new CancelledError('The map to which the call belongs has ended', { reason }), reason)
  }
}
