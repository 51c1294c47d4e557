// Many items in one message, run one after the other on one worker; what becomes of each is told one by one all the same. What a worker that
// died had not begun goes to another. With 'auto' the pieces are cut late: only two for each worker are on their way.

import type { AsyncResource } from 'node:async_hooks'
import { numbersOf } from '../../calls/index.js'
import type { CheckedCallOptions } from '../../core/call-options.js'
import { CancelledError, NotShippableError, RungsError, WorkerDiedError } from '../../core/errors.js'
import { cancelFuture, onDone, outcomeOf } from '../../core/future.js'
import { fulfilled, type Outcome, rejected } from '../../core/outcome.js'
import { clearImmediate, setImmediate } from '../../core/platform.js'
import { type ArgsOf, mapArgs } from './args.js'
import type { Carrier, Sink } from './carrier.js'
import { firstSizing, fittedSize, nextSizing } from './chunk-sizer.js'
import { type ItemList, sliceOf } from './item-list.js'
import type { Callee, ChunkCalls, ChunkSubmission, Reservation, Submitter } from './submitter.js'

interface Chunk {
  /** The index of its first item. */
  readonly start: number
  readonly items: ItemList
  /** Of starmap: their arguments. */
  readonly lists: readonly (readonly unknown[])[] | undefined
  /** How often its first item was on a worker that died before it began. */
  readonly tries: number
  submission: ChunkSubmission | undefined
  /** It has not failed before it was sent. */
  isSent: boolean
  /** How many items have ended: the first ones, as they come in order. */
  received: number
  ms: number
  awaited: boolean
}

/** On their way for each worker, with 'auto': one that runs and one to go on with. */
const perWorker = 2
/** An item before which so many workers died is not tried again. */
const maxTries = 3

export interface ChunksOptions {
  readonly submitter: Submitter
  readonly fn: Callee
  readonly argsOf: ArgsOf
  readonly call: CheckedCallOptions
  readonly size: number | 'auto'
  /** Whether items count as submitted as soon as they are added, so that a shutdown does not keep them from running. */
  readonly eager: boolean
  /** That of whoever called map(), in which the calls are submitted. */
  readonly context: AsyncResource
}

export class Chunks implements Carrier {
  readonly #options: ChunksOptions
  readonly #sink: Sink
  #sizing = firstSizing
  /** Items that are in no chunk yet: from `#next` on. */
  #items: ItemList = []
  /** Their arguments; undefined where they are made when a chunk is cut, which can fail for nobody's items but those of starmap. */
  readonly #args: unknown[][] | undefined
  #next = 0
  #isWhole = false
  /** The index of the item at `#items[0]`. */
  #base = 0
  /** Parts of chunks that have to be sent again, before anything new. */
  readonly #again: Chunk[] = []
  /** In the order in which they were sent. */
  readonly #sent = new Set<Chunk>()
  #reservation: Reservation | undefined
  #finished = false
  #telling = true
  #sending = false
  #waitingForRoom = false
  #flush: NodeJS.Immediate | undefined

  constructor(options: ChunksOptions, sink: Sink) {
    this.#options = options
    this.#sink = sink
    this.#args = options.argsOf === mapArgs ? undefined : []
  }

  get hasRoom(): boolean {
    return this.#isKept || !this.#options.submitter.full
  }

  get running(): number {
    let running = 0
    for (const { submission, received, items } of this.#sent) if (received < items.length && submission?.future.running) running++
    return running
  }

  add(item: unknown, index: number): void {
    if (this.#args !== undefined) {
      try {
        this.#args.push(this.#options.argsOf(item, index))
      } catch (error) {
        this.#sink.refused(error, index, 'items')
        return
      }
    }
    if (this.#items.length === 0) this.#base = index
    ;(this.#items as unknown[]).push(item) // Only what comes all at once may be of another kind.
    // With 'auto' an eager map sends when all is read: the end is known then.
    if (!this.#isKept) this.#send(false)
  }

  get takesAll(): boolean {
    return this.#isKept && this.#args === undefined
  }

  addAll(items: ItemList): void {
    this.#isWhole = true
    this.#items = items
  }

  pause(): void {
    if (this.#unsent === 0 || this.#flush !== undefined || this.#isKept) return
    // In a while: the reader may take some more results in this turn, and the source may have more items.
    this.#flush = setImmediate(() => {
      this.#flush = undefined
      this.#send(true)
    })
  }

  finish(): void {
    this.#finished = true
    this.#send(true)
  }

  await(): void {
    for (const chunk of this.#sent) {
      if (!chunk.awaited && chunk.submission !== undefined) {
        chunk.awaited = true
        // For the pool: a call that waits for another of its pool lends its place. There is no outcome yet.
        outcomeOf(chunk.submission.future)
      }
      return
    }
  }

  cancelPending(reason: unknown): void {
    this.#stop()
    const error = cancellation(reason)
    for (const { submission } of [...this.#sent].reverse()) {
      if (submission === undefined) continue
      if (submission.future.state === 'pending') cancelFuture(submission.future, error, reason)
      else submission.cancelNotBegun()
    }
  }

  cancelAll(reason: unknown): void {
    this.#stop()
    const error = cancellation(reason)
    // The newest first, so that none of them gets the place of one that runs.
    for (const { submission } of [...this.#sent].reverse()) if (submission !== undefined) cancelFuture(submission.future, error, reason)
  }

  get #unsent(): number {
    return this.#items.length - this.#next
  }

  /** Whether items wait here for as long as the pool has enough of them, and count as submitted nevertheless. */
  get #isKept(): boolean {
    return this.#options.eager && this.#options.size === 'auto'
  }

  /** Sends what can be sent. `partial`: also a chunk that is not full, when a worker has nothing to do. */
  #send(partial: boolean): void {
    // A chunk that ends while it is being sent comes back here.
    if (this.#sending) return
    this.#sending = true
    if (this.#mayHaveWork(partial)) {
      this.#options.context.runInAsyncScope(() => {
        while (this.#telling && this.#sendOne(partial)) {}
      })
    }
    this.#sending = false
    if (this.#reservation !== undefined && this.#sent.size === 0 && this.#again.length === 0 && !(this.#isKept && this.#unsent > 0))
      this.#release()
  }

  /** A quick look, as this is asked for each item. */
  #mayHaveWork(partial: boolean): boolean {
    const { size } = this.#options
    return partial || this.#finished || this.#again.length > 0 || this.#unsent >= (size === 'auto' ? this.#sizing.size : size)
  }

  /** @returns false when there is nothing to send now */
  #sendOne(partial: boolean): boolean {
    const { submitter, size } = this.#options
    const { maxWorkers } = submitter
    if (size === 'auto' && this.#sent.size >= perWorker * maxWorkers) return false
    const again = this.#again.shift()
    if (again !== undefined) {
      this.#dispatch(again, true)
      return true
    }
    if (this.#unsent === 0) return false
    let count = size === 'auto' ? this.#sizing.size : size
    if (size === 'auto' && this.#finished) count = fittedSize(this.#sizing, this.#unsent, maxWorkers)
    if (this.#unsent < count) {
      if (!this.#finished) {
        const idle = maxWorkers - this.#sent.size
        if (!partial || idle <= 0) return false
        count = Math.ceil(this.#unsent / idle)
      } else count = this.#unsent
    }
    if (!this.#isKept && submitter.full) {
      this.#waitForRoom(partial)
      return false
    }
    this.#dispatch(this.#cut(count), this.#isKept)
    return true
  }

  #cut(count: number): Chunk {
    const start = this.#base + this.#next
    const from = this.#next
    this.#next += count
    const lists = this.#args?.slice(from, this.#next)
    const items = (lists === undefined ? numbersOf(this.#items, from, this.#next) : undefined) ?? sliceOf(this.#items, from, this.#next)
    // What has been sent is let go, half of it at a time; what came all at once, at the end.
    if (this.#unsent === 0 || (!this.#isWhole && this.#next * 2 > this.#items.length)) {
      this.#items = this.#unsent === 0 ? [] : sliceOf(this.#items, this.#next)
      this.#args?.splice(0, this.#next)
      this.#base += this.#next
      this.#next = 0
    }
    return { start, items, lists, tries: 0, submission: undefined, isSent: false, received: 0, ms: 0, awaited: false }
  }

  /** `accepted`: its items count as submitted already. */
  #dispatch(chunk: Chunk, accepted: boolean): void {
    const { submitter, fn, call } = this.#options
    try {
      this.#reservation ??= submitter.reserve()
      const submit = accepted ? this.#reservation : submitter
      chunk.submission = submit.submitChunk(fn, callsOf(chunk), call, {
        values: (from, values, ms) => this.#onValues(chunk, from, values, ms),
        failed: (offset, reason, ms) => this.#onItem(chunk, offset, rejected(reason), ms),
      })
    } catch (error) {
      if (accepted && this.#reservation !== undefined) this.#failAccepted(chunk, error)
      else this.#refuse(error, chunk.start)
      return
    }
    chunk.isSent = !chunk.submission.future.done
    this.#sent.add(chunk)
    onDone(chunk.submission.future, () => this.#ended(chunk))
  }

  /** The pool takes nothing any more: what was not submitted is not. */
  #refuse(error: unknown, start: number): void {
    this.#items = []
    this.#next = 0
    this.#sink.refused(error, start, 'pool')
  }

  /** The pool takes nothing any more: what counts as submitted ends as it would have ended in the queue. */
  #failAccepted(chunk: Chunk, error: unknown): void {
    this.#settleRest(chunk, chunk.items.length, error, 0)
    while (this.#telling && this.#isKept && this.#unsent > 0) {
      const rest = this.#cut(this.#unsent)
      this.#settleRest(rest, rest.items.length, error, 0)
    }
    this.#sink.advance()
  }

  #onValues(chunk: Chunk, from: number, values: ArrayLike<unknown>, ms: number): void {
    const { start, items, received } = chunk
    const end = from + values.length
    // One at a time where some of them are known already, or somebody looks at each.
    if (this.#telling && from === received && end <= items.length) {
      const told = this.#sink.allEnded(start + from, values)
      if (told) {
        chunk.received = end
        chunk.ms += ms * values.length
        return
      }
    }
    for (let at = 0; at < values.length; at++) this.#onItem(chunk, from + at, fulfilled(values[at]), ms)
  }

  #onItem(chunk: Chunk, offset: number, outcome: Outcome, ms: number): void {
    // A chunk that was cancelled may still tell of its last item.
    if (!this.#telling || offset < chunk.received || offset >= chunk.items.length) return
    chunk.received = offset + 1
    chunk.ms += ms
    this.#sink.ended(chunk.start + offset, chunk.items[offset], outcome, 1, ms)
  }

  #ended(chunk: Chunk): void {
    const { submission, items, received } = chunk
    this.#sent.delete(chunk)
    // This also counts as looking: from here on a failure is the map's to tell.
    const outcome = submission && outcomeOf(submission.future)
    if (submission === undefined || outcome === undefined || !this.#telling) return
    if (received > 0) this.#sizing = nextSizing(this.#sizing, { items: received, ms: chunk.ms })
    if (received < items.length) {
      const notBegun = Math.min(items.length, Math.max(received, submission.firstNotBegun))
      // A chunk that went well has told of all its items.
      const reason = outcome.status === 'rejected' ? outcome.reason : new CancelledError()
      this.#settleRest(chunk, notBegun, reason, 1)
      if (!this.#sendAgain(chunk, reason)) this.#settleRest(chunk, items.length, reason, 0)
    }
    // The workers first.
    this.#send(true)
    this.#sink.advance()
  }

  /** Of what had not begun. @returns false if there is no use in that */
  #sendAgain(chunk: Chunk, error: unknown): boolean {
    const { received, items } = chunk
    if (received === items.length) return true
    if (error instanceof WorkerDiedError && (received > 0 || chunk.tries < maxTries)) {
      this.#again.push(part(chunk, received, items.length, received > 0 ? 0 : chunk.tries + 1))
      return true
    }
    if (received === 0 && items.length > 1 && isOfOneItem(error, chunk.isSent)) {
      // The others can cross.
      const middle = items.length >> 1
      this.#again.unshift(part(chunk, 0, middle, chunk.tries), part(chunk, middle, items.length, chunk.tries))
      return true
    }
    return false
  }

  /** Ends the items before `end` that have not ended. */
  #settleRest(chunk: Chunk, end: number, reason: unknown, attempts: number): void {
    if (chunk.received >= end) return
    const outcome = rejected(reason)
    while (this.#telling && chunk.received < end) {
      const offset = chunk.received++
      this.#sink.ended(chunk.start + offset, chunk.items[offset], outcome, attempts, 0)
    }
  }

  #waitForRoom(partial: boolean): void {
    if (this.#waitingForRoom) return
    this.#waitingForRoom = true
    const go = (): void => {
      this.#waitingForRoom = false
      this.#send(partial)
    }
    this.#options.submitter.whenRoom().then(go, (error) => {
      this.#waitingForRoom = false
      if (this.#telling) this.#refuse(error, this.#base + this.#next)
    })
  }

  #stop(): void {
    this.#telling = false
    this.#items = []
    this.#next = 0
    this.#again.length = 0
    if (this.#flush !== undefined) clearImmediate(this.#flush)
    this.#flush = undefined
    if (this.#reservation !== undefined) this.#release()
  }

  #release(): void {
    this.#reservation?.release()
    this.#reservation = undefined
  }
}

/** Whether a chunk failed for one of its items, and not for its function. `isSent`: otherwise it was reading them here that failed. */
function isOfOneItem(error: unknown, isSent: boolean): boolean {
  if (error instanceof NotShippableError) return error.path.startsWith('argument')
  return !isSent && !(error instanceof RungsError)
}

function callsOf({ items, start, lists }: Chunk): ChunkCalls {
  return lists === undefined ? { of: 'items', items, start } : { of: 'lists', lists }
}

function part({ start, items, lists }: Chunk, from: number, to: number, tries: number): Chunk {
  return {
    start: start + from,
    items: sliceOf(items, from, to),
    lists: lists?.slice(from, to),
    tries,
    submission: undefined,
    isSent: false,
    received: 0,
    ms: 0,
    awaited: false,
  }
}

function cancellation(reason: unknown): CancelledError {
  return new CancelledError('The map to which the call belongs has ended', { reason })
}
