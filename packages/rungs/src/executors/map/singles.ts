// Each item is a call of its own. Those that have not ended are in a list, in the order of the items, with the places of its neighbours in
// each: an item may end anywhere in it.
import type { CheckedCallOptions } from '../../core/call-options.js'
import { CancelledError } from '../../core/errors.js'
import { cancelFuture, onDone, outcomeOf } from '../../core/future.js'
import type { ArgsOf } from './args.js'
import type { Carrier, Sink } from './carrier.js'
import type { Callee, Submission, Submitter } from './submitter.js'

interface Single {
  readonly index: number
  readonly submission: Submission
  /** Kept only for those who want it back with the result. */
  readonly input: unknown
  before: Single | undefined
  after: Single | undefined
  awaited: boolean
}

/** Counting stops after so many in a row that do not run: those that do are among the oldest. */
const enoughPending = 256

export interface SinglesOptions {
  readonly submitter: Submitter
  readonly fn: Callee
  readonly argsOf: ArgsOf
  readonly call: CheckedCallOptions
  readonly keepInputs: boolean
}

export class Singles implements Carrier {
  readonly #options: SinglesOptions
  readonly #sink: Sink
  #oldest: Single | undefined
  #newest: Single | undefined
  #telling = true

  constructor(options: SinglesOptions, sink: Sink) {
    this.#options = options
    this.#sink = sink
  }

  get hasRoom(): boolean {
    return !this.#options.submitter.full
  }

  get running(): number {
    let running = 0
    let pending = 0
    for (let single = this.#oldest; single !== undefined && pending < enoughPending; single = single.after) {
      const { submission } = single
      if (isRunning(submission)) {
        running++
        pending = 0
      } else if (!submission.future.running) pending++
    }
    return running
  }

  add(item: unknown, index: number): void {
    const { submitter, fn, argsOf, call, keepInputs } = this.#options
    let args: unknown[]
    try {
      args = argsOf(item, index)
    } catch (error) {
      this.#sink.refused(error, index, 'items')
      return
    }
    let submission: Submission
    try {
      submission = submitter.submit(fn, args, call)
    } catch (error) {
      this.#sink.refused(error, index, 'pool')
      return
    }
    const before = this.#newest
    const single: Single = { index, submission, input: keepInputs ? item : undefined, before, after: undefined, awaited: false }
    if (before === undefined) this.#oldest = single
    else before.after = single
    this.#newest = single
    onDone(submission.future, () => this.#ended(single))
  }

  readonly takesAll = false

  addAll(): void {}

  pause(): void {}

  finish(): void {}

  await(): void {
    const single = this.#oldest
    if (single === undefined || single.awaited) return
    single.awaited = true
    // For the pool: a call that waits for another of its pool lends its place. There is no outcome yet.
    outcomeOf(single.submission.future)
  }

  cancelPending(reason: unknown): void {
    this.#telling = false
    this.#cancel(reason, ({ submission }) => !isRunning(submission))
    for (let single = this.#oldest; single !== undefined; single = single.after) single.submission.tryNoMore?.()
  }

  cancelAll(reason: unknown): void {
    this.#telling = false
    // First those that wait, so that none of them gets the place of one that runs.
    this.#cancel(reason, ({ submission }) => !isRunning(submission))
    this.#cancel(reason, () => true)
  }

  #cancel(reason: unknown, which: (single: Single) => boolean): void {
    // One for all: nobody sees the futures, and a stack for each of a million would take seconds.
    const error = new CancelledError('The map to which the call belongs has ended', { reason })
    for (let single = this.#newest; single !== undefined; ) {
      // Cancelling takes it out of the list.
      const { before } = single
      if (which(single)) cancelFuture(single.submission.future, error, reason)
      single = before
    }
  }

  #ended(single: Single): void {
    const { before, after, submission } = single
    if (before === undefined) this.#oldest = after
    else before.after = after
    if (after === undefined) this.#newest = before
    else after.before = before
    // A dead one that the collector has not found yet would keep all after it alive.
    single.before = undefined
    single.after = undefined
    // This also counts as looking: from here on the failure is the map's to tell.
    const outcome = outcomeOf(submission.future)
    if (!this.#telling) return
    this.#sink.ended(single.index, single.input, outcome, submission.attempts, submission.ms)
    this.#sink.advance()
  }
}

/** The future of an item that pauses before its next attempt runs, and the item does not. */
function isRunning(submission: Submission): boolean {
  return submission.isRunning?.() ?? submission.future.running
}
