// All items of a map as one batch: the pool makes each of them a call when its turn comes. For pools on this very thread, where nothing is sent.
import type { CheckedCallOptions } from '../../core/call-options.js'
import { CancelledError } from '../../core/errors.js'
import type { Outcome } from '../../core/outcome.js'
import type { Carrier, Sink } from './carrier.js'
import type { ItemList } from './item-list.js'
import type { BatchListener, BatchSubmission, Callee, Submitter } from './submitter.js'

export interface TogetherOptions {
  readonly submitBatch: NonNullable<Submitter['submitBatch']>
  readonly fn: Callee
  readonly call: CheckedCallOptions
  readonly keepInputs: boolean
}

export class Together implements Carrier, BatchListener {
  readonly takesAll = true
  readonly hasRoom = true
  readonly #options: TogetherOptions
  readonly #sink: Sink
  #batch: BatchSubmission | undefined
  #items: ItemList = []
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
    this.#items = items
    try {
      this.#batch = submitBatch(fn, items, call, this, keepInputs)
    } catch (error) {
      this.#sink.refused(error, 0, 'pool')
    }
  }

  fulfilled(index: number, value: unknown, attempts: number, ms: number): void {
    const input = this.#drop(index)
    if (this.#telling && !this.#sink.gave(index, value)) this.#ended(index, input, { status: 'fulfilled', value }, attempts, ms)
  }

  rejected(index: number, reason: unknown, attempts: number, ms: number): void {
    const input = this.#drop(index)
    if (this.#telling) this.#ended(index, input, { status: 'rejected', reason }, attempts, ms)
  }

  /** An item is not kept for longer than it is needed. */
  #drop(index: number): unknown {
    const items = this.#items
    const input = items[index]
    if (Array.isArray(items)) items[index] = undefined
    return input
  }

  #ended(index: number, input: unknown, outcome: Outcome, attempts: number, ms: number): void {
    this.#sink.ended(index, input, outcome, attempts, ms)
    this.#sink.advance()
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
