// Waiting for several futures, of whatever executors.
import { clock, type Timer } from './clock.js'
import { CancelledError, TimeoutError } from './errors.js'
import { Future, hasFailed, listen, unlisten } from './future.js'
import { onAbort } from './on-abort.js'
import { requireDuration, requireKnown, requireOneOf, requireSignal, show } from './options.js'
import { reasonOf } from './signal-reason.js'
import { beginWait, refuseWait, type TaskWait } from './task-wait.js'

/** When {@link wait} returns. */
export type ReturnWhen = 'FIRST_COMPLETED' | 'FIRST_EXCEPTION' | 'ALL_COMPLETED'

/** How long {@link wait} waits, and for what. */
export interface WaitOptions {
  /** Milliseconds after which it returns with what there is. It never throws for this. */
  readonly timeout?: number | undefined
  /**
   * `FIRST_COMPLETED`: one is done. `FIRST_EXCEPTION`: one has failed (a cancelled one has not), or all are done. `ALL_COMPLETED`, the
   * default: all are done.
   */
  readonly returnWhen?: ReturnWhen | undefined
  /** Aborting it rejects with {@link CancelledError}. The calls go on. */
  readonly signal?: AbortSignal | undefined
}

/** What {@link wait} found: every future that it was given is in one of the two sets, once. */
export interface WaitResult<F extends Future<unknown>> {
  /** Finished, failed or cancelled. */
  readonly done: Set<F>
  /** Still pending or running. */
  readonly notDone: Set<F>
}

const returnWhens: readonly ReturnWhen[] = ['FIRST_COMPLETED', 'FIRST_EXCEPTION', 'ALL_COMPLETED']

/**
 * Waits for several futures, of one or more executors; duplicates count once. Returns all that are done by then, not only the
 * first: also those that end in the same turn of the event loop. The
 * calls go on when it returns early; nothing is cancelled.
 *
 * Inside a task of `rungs/sync`, cancelling the task ends the wait and cancels the futures that are not done, as when one is awaited; a
 * `shield` around the wait keeps them.
 * @throws {CancelledError} (as a rejection) if `signal` is aborted, or the task is cancelled. {@link TypeError} at once if something is not a Future, or an option is wrong.
 * @example
 * const { done, notDone } = await wait(futures, { returnWhen: 'FIRST_COMPLETED', timeout: 5_000 })
 */
export function wait<F extends Future<unknown>>(futures: Iterable<F>, options: WaitOptions = {}): Promise<WaitResult<F>> {
  requireList('wait', futures, options)
  requireKnown('The options of wait()', options, ['timeout', 'returnWhen', 'signal'])
  const { timeout, returnWhen = 'ALL_COMPLETED', signal } = options
  requireOneOf('returnWhen', returnWhen, returnWhens)
  if (timeout !== undefined) requireDuration('timeout', timeout)
  if (signal !== undefined) requireSignal('signal', signal)
  const all = futureSet('wait', futures)

  let left = 0
  for (const future of all) if (!future.done) left++
  const enough = (future: Future<unknown>): boolean =>
    left === 0 || returnWhen === 'FIRST_COMPLETED' || (returnWhen === 'FIRST_EXCEPTION' && hasFailed(future))
  const result = (): WaitResult<F> => {
    const done = new Set<F>()
    const notDone = new Set<F>()
    for (const future of all) (future.done ? done : notDone).add(future)
    return { done, notDone }
  }
  let end = (): void => {}
  const taskWait: TaskWait = {
    describe: () => `wait() for ${left} of ${all.size} futures`,
    futures: () => [...all].filter((future) => !future.done),
    interrupted: () => end(),
  }
  const refused = refuseWait(taskWait)
  if (refused !== undefined) return refused
  if (signal?.aborted) return Promise.reject(waitCancelled(signal))
  if (left === 0) return Promise.resolve(result())
  for (const future of all) if (future.done && enough(future)) return Promise.resolve().then(result)

  return beginWait(taskWait, (resolve, reject) => {
    const time = clock()
    let timer: Timer | undefined
    let forget = (): void => {}
    end = () => {
      for (const future of all) if (!future.done) unlisten(future, ended)
      if (timer !== undefined) time.clearTimeout(timer)
      forget()
    }
    const give = (): void => {
      end()
      resolve(result())
    }
    let giving = false
    const ended = (future: Future<unknown>): void => {
      left--
      if (left === 0) give()
      if (giving || left === 0 || !enough(future)) return
      giving = true
      // Not at once: others may end in this very turn, such as those whose replies came together, and are done before anybody goes on.
      void Promise.resolve().then(give)
    }
    const aborted = (): void => {
      end()
      reject(waitCancelled(signal))
    }
    for (const future of all) if (!future.done) listen(future, ended)
    if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) timer = time.setTimeout(give, timeout)
    if (signal !== undefined) forget = onAbort(signal, aborted)
  })
}

/** How long {@link asCompleted} waits. */
export interface AsCompletedOptions {
  /** Milliseconds from the call to `asCompleted` until the last future is done. */
  readonly timeout?: number | undefined
  /** Aborting it ends the iteration with {@link CancelledError}. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The futures of {@link asCompleted}. An async iterator of its own type: the one of the language is declared to give what a promise resolves to,
 * and would be a value where a future is meant.
 */
export interface CompletedFutures<F extends Future<unknown>> {
  /** The next future that is done. */
  next(): Promise<IteratorResult<F, undefined>>
  /** Ends the iteration; the calls go on. */
  return(): Promise<IteratorResult<F, undefined>>
  [Symbol.asyncIterator](): CompletedFutures<F>
}

/**
 * Gives each future once, as it ends: first those that are done already. It gives futures, not values, so that failures do not end the
 * loop and each can be told from the others. It keeps none that it has given. Leaving the loop cancels nothing.
 *
 * Inside a task of `rungs/sync`, cancelling the task while it waits for the next one ends the iteration, and cancels the futures that are
 * not done.
 * @throws {TimeoutError} from the iteration, as "2 (of 4) futures unfinished", once `timeout` has passed since the call and what is done has
 *   been given. {@link CancelledError} if `signal` is aborted, or the task is cancelled. {@link TypeError} at once if something is not a Future, or an option is wrong.
 * @example
 * for await (const future of asCompleted(futures)) console.log(future.key, await future)
 */
export function asCompleted<F extends Future<unknown>>(futures: Iterable<F>, options: AsCompletedOptions = {}): CompletedFutures<F> {
  requireList('asCompleted', futures, options)
  requireKnown('The options of asCompleted()', options, ['timeout', 'signal'])
  const { timeout, signal } = options
  if (timeout !== undefined) requireDuration('timeout', timeout)
  if (signal !== undefined) requireSignal('signal', signal)
  return new Completions(futureSet('asCompleted', futures), timeout, signal)
}

interface Next<F extends Future<unknown>> {
  resolve(result: IteratorResult<F, undefined>): void
  reject(reason: unknown): void
}

/** Not an async generator: its `yield future` would await the future and hand out the value instead. */
class Completions<F extends Future<unknown>> implements CompletedFutures<F> {
  readonly #total: number
  readonly #unfinished = new Set<F>()
  #ready: F[] = []
  #waiting: Next<F>[] = []
  #failure: { readonly error: unknown } | undefined
  #ended = false
  readonly #stop: () => void
  readonly #onDone = (future: Future<unknown>): void => {
    if (this.#ended) return
    this.#unfinished.delete(future as F) // One of those that were given.
    const next = this.#waiting.shift()
    if (next === undefined) this.#ready.push(future as F)
    else next.resolve({ done: false, value: future as F })
    if (this.#unfinished.size === 0) this.#finish()
  }
  readonly #taskWait: TaskWait = {
    describe: () => `asCompleted() for ${this.#unfinished.size} of ${this.#total} futures`,
    futures: () => this.#unfinished,
    interrupted: () => this.#leave(),
  }

  constructor(all: ReadonlySet<F>, timeout: number | undefined, signal: AbortSignal | undefined) {
    this.#total = all.size
    for (const future of all) {
      if (future.done) this.#ready.push(future)
      else this.#unfinished.add(future)
    }
    for (const future of this.#unfinished) listen(future, this.#onDone)
    const time = clock()
    const late = (): void => this.#fail(new TimeoutError(`${this.#unfinished.size} (of ${this.#total}) futures unfinished`))
    const aborted = (): void => this.#fail(waitCancelled(signal))
    const waits = this.#unfinished.size > 0 && timeout !== undefined && timeout !== Number.POSITIVE_INFINITY
    const timer = waits ? time.setTimeout(late, timeout) : undefined
    let forget = (): void => {}
    this.#stop = () => {
      if (timer !== undefined) time.clearTimeout(timer)
      forget()
    }
    if (signal?.aborted) this.#fail(waitCancelled(signal))
    else if (signal !== undefined && this.#unfinished.size > 0) forget = onAbort(signal, aborted)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<F, undefined>> {
    const refused = refuseWait(this.#taskWait)
    if (refused !== undefined) return refused
    const future = this.#ready.shift()
    if (future !== undefined) return Promise.resolve({ done: false, value: future })
    if (this.#failure !== undefined) {
      const { error } = this.#failure
      this.#failure = undefined
      this.#ended = true
      return Promise.reject(error)
    }
    if (this.#ended || this.#unfinished.size === 0) return Promise.resolve({ done: true, value: undefined })
    return beginWait(this.#taskWait, (resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  return(): Promise<IteratorResult<F, undefined>> {
    this.#leave()
    return Promise.resolve({ done: true, value: undefined })
  }

  #leave(): void {
    this.#ready = []
    this.#failure = undefined
    this.#ended = true
    this.#finish()
  }

  #fail(error: unknown): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#failure = { error }
    else {
      this.#ended = true
      next.reject(error)
    }
    this.#finish()
  }

  /** Nothing more will come. */
  #finish(): void {
    this.#stop()
    for (const future of this.#unfinished) unlisten(future, this.#onDone)
    this.#unfinished.clear()
    const waiting = this.#waiting
    this.#waiting = []
    for (const next of waiting) next.resolve({ done: true, value: undefined })
  }
}

/** Refuses futures that are not in a list. */
function requireList(caller: string, ...given: readonly unknown[]): void {
  const loose = given.find((one) => one instanceof Promise)
  if (loose !== undefined) throw new TypeError(`${caller}() takes a list of futures, as ${caller}([a, b]), got ${show(loose)}`)
}

function futureSet<F extends Future<unknown>>(caller: string, futures: Iterable<F>): Set<F> {
  // By way of unknown: what JavaScript hands in may be anything.
  const given: unknown = futures
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) {
    throw new TypeError(`${caller}() takes an iterable of futures, got ${show(given)}`)
  }
  const all = new Set(futures)
  for (const future of all) {
    if (!(future instanceof Future)) throw new TypeError(`${caller}() takes futures of an executor, got ${show(future)}`)
  }
  return all
}

function waitCancelled(signal: AbortSignal | undefined): CancelledError {
  return new CancelledError('The wait was cancelled', { reason: reasonOf(signal) })
}
