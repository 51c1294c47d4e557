// What follows here the futures that were made in a worker and came from there; see exported-futures.ts.
import { CancelledError } from '../core/errors.js'
import { cancelFuture, createFuture, type Future, failFuture, fulfilFuture } from '../core/future.js'
import type { FutureFacts, Handle } from './handle-table.js'
import type { Inbox } from './inbox.js'
import type { FromWorker } from './messages.js'
import type { Outbox } from './outbox.js'

/** Outcomes that came before their future, which may never come: what it was a part of was not wanted any more. */
const mostEarly = 1_000

export class ImportedFutures {
  readonly #outbox: Outbox
  /** By their number: those that have come and have not ended. */
  readonly #open = new Map<number, Future<unknown>>()
  /** Those that have ended and have not come. */
  readonly #early = new Map<number, Future<unknown>>()

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  /** The future has come. */
  fromHandle({ exported: id = 0, facts }: Handle): Future<unknown> {
    const early = this.#early.get(id)
    if (this.#early.delete(id)) return early as Future<unknown> // It was there.
    const future = this.#create(id, (facts as FutureFacts).key) // Facts are of the kind.
    this.#open.set(id, future)
    return future
  }

  /** It has ended. */
  told(message: FromWorker & { type: 'future' }, inbox: Inbox): void {
    const { id, key, status } = message
    const open = this.#open.get(id)
    const future = open ?? this.#create(id, key)
    const settle = (value: unknown): void => {
      this.#open.delete(id)
      if (status === 'fulfilled') fulfilFuture(future, value)
      else if (status === 'rejected') failFuture(future, value)
      else {
        const error = value instanceof CancelledError ? value : new CancelledError(undefined, { reason: value })
        cancelFuture(future, error, error.reason)
      }
    }
    const failed = (error: unknown): void => {
      this.#open.delete(id)
      failFuture(future, error)
    }
    if (open === undefined) {
      this.#early.set(id, future)
      const [oldest] = this.#early.keys()
      if (this.#early.size > mostEarly && oldest !== undefined) this.#early.delete(oldest)
    }
    inbox.read(message, message.value, settle, failed)
  }

  /** The worker is gone: they will not end. */
  gone(error: Error): void {
    for (const future of this.#open.values()) failFuture(future, error)
    this.#open.clear()
    this.#early.clear()
  }

  #create(id: number, key: string | undefined): Future<unknown> {
    const cancel = (future: Future<unknown>, reason: unknown): void => {
      // Not when the worker tells that it was cancelled there.
      if (this.#open.get(id) === future) this.#open.delete(id)
      else return
      const packed = this.#outbox.pack(reason, () => undefined)
      const definitions = this.#outbox.definitionsFor(packed.uses)
      this.#outbox.post({ type: 'cancelFuture', id, reason: packed, definitions }, packed.transfer)
    }
    return createFuture({ driver: { cancel }, key })
  }
}
