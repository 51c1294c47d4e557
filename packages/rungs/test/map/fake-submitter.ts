// A pool that does nothing by itself: a test starts and ends each call by hand.
import type { CheckedCallOptions } from '../../dist/core/call-options.js'
import { CancelledError } from '../../dist/core/errors.js'
import { createFuture, type Future, failFuture, fulfilFuture, startFuture } from '../../dist/core/future.js'
import type { Outcome } from '../../dist/core/outcome.js'
import type {
  Callee,
  ChunkCalls,
  ChunkListener,
  ChunkSubmission,
  Reservation,
  Submission,
  Submitter,
} from '../../dist/executors/map/submitter.js'

export class FakeCall implements Submission {
  readonly future: Future<unknown>
  attempts = 0
  ms = 0
  /** It was cancelled while it ran. */
  aborted = false
  /** What its signal would be aborted with. */
  abortReason: unknown
  /** How often somebody began to wait for it. */
  awaited = 0

  constructor(
    readonly args: readonly unknown[],
    readonly options: CheckedCallOptions,
  ) {
    this.future = createFuture({
      driver: {
        cancel: (_, reason) => {
          this.aborted = this.attempts > 0
          this.abortReason = reason
        },
        awaited: () => void this.awaited++,
      },
    })
  }

  get index(): number {
    return this.args[1] as number // Of calls of map().
  }

  get state(): string {
    return this.future.state
  }

  start(): void {
    this.attempts = 1
    startFuture(this.future)
  }

  end(value: unknown): void {
    this.start()
    this.ms = 1
    fulfilFuture(this.future, value)
  }

  fail(reason: unknown): void {
    this.start()
    this.ms = 1
    failFuture(this.future, reason)
  }
}

export class FakeChunk implements ChunkSubmission {
  readonly future: Future<unknown>
  firstNotBegun = 0
  aborted = false
  notBegunCancelled = false
  #told = 0

  constructor(
    readonly argLists: readonly (readonly unknown[])[],
    readonly listener: ChunkListener,
  ) {
    const cancel = (): void => {
      this.aborted = this.firstNotBegun > 0
    }
    this.future = createFuture({ driver: { cancel } })
  }

  get indexes(): unknown[] {
    return this.argLists.map((args) => args[1])
  }

  /** Begins the next item. */
  begin(): void {
    startFuture(this.future)
    this.firstNotBegun = Math.max(this.firstNotBegun, this.#told + 1)
  }

  /** Ends the next item. */
  tell(outcome: Outcome, ms = 1): void {
    this.begin()
    const offset = this.#told++
    if (outcome.status === 'fulfilled') this.listener.values(offset, [outcome.value], ms)
    else this.listener.failed(offset, outcome.reason, ms)
  }

  get left(): number {
    return this.argLists.length - this.#told
  }

  get next(): readonly unknown[] {
    return this.argLists[this.#told] ?? []
  }

  /** Ends all of it: each item with what `of` gives for its arguments. */
  end(of: (args: readonly unknown[]) => Outcome = ([item]) => ({ status: 'fulfilled', value: item }), ms = 1): void {
    while (this.left > 0) this.tell(of(this.next), ms)
    fulfilFuture(this.future, undefined)
  }

  die(error: unknown): void {
    failFuture(this.future, error)
  }

  cancelNotBegun(): void {
    this.notBegunCancelled = true
  }
}

export class FakeSubmitter implements Submitter {
  maxWorkers = 2
  sends = false
  readonly calls: FakeCall[] = []
  readonly chunks: FakeChunk[] = []
  /** Set: the pool takes no calls any more. */
  closedBy: Error | undefined
  /** Set: what counts as submitted ends with this. */
  reservedEndsWith: Error | undefined
  reservations = 0
  /** How many calls may be pending at once. */
  maxQueue = Number.POSITIVE_INFINITY
  onFull: 'throw' | 'wait' = 'wait'
  queueFullError = new Error('the queue is full')
  #roomWaiters: { resolve(): void; reject(reason: unknown): void }[] = []
  /** Called at each submit, before it is taken. */
  onSubmit: (args: readonly unknown[]) => void = () => {}

  get full(): boolean {
    return this.onFull === 'wait' && this.#isFull
  }

  get #isFull(): boolean {
    return [...this.calls, ...this.chunks].filter(({ future }) => future.state === 'pending').length >= this.maxQueue
  }

  whenRoom(): Promise<void> {
    return new Promise((resolve, reject) => this.#roomWaiters.push({ resolve, reject }))
  }

  /** Tells those who wait for room, if there is some or never will be. */
  tellRoom(): void {
    if (this.full && this.closedBy === undefined) return
    for (const { resolve, reject } of this.#roomWaiters.splice(0)) {
      if (this.closedBy === undefined) resolve()
      else reject(this.closedBy)
    }
  }

  check(): void {
    if (this.closedBy !== undefined) throw this.closedBy
  }

  submit(_fn: Callee, args: readonly unknown[], options: CheckedCallOptions): Submission {
    this.#take(args)
    const call = new FakeCall(args, options)
    this.calls.push(call)
    return call
  }

  submitChunk(_fn: Callee, calls: ChunkCalls, _options: CheckedCallOptions, listener: ChunkListener): ChunkSubmission {
    this.#take(listsOf(calls))
    return this.#chunk(listsOf(calls), listener)
  }

  reserve(): Reservation {
    this.check()
    this.reservations++
    return {
      submitChunk: (_fn, calls, _options, listener) => {
        if (this.reservedEndsWith !== undefined) throw this.reservedEndsWith
        return this.#chunk(listsOf(calls), listener)
      },
      release: () => void this.reservations--,
    }
  }

  shutdown({ cancelFutures = false } = {}): void {
    this.closedBy = new Error('the pool was shut down')
    if (cancelFutures) {
      this.reservedEndsWith = new CancelledError('the pool was shut down')
      for (const { future } of [...this.calls, ...this.chunks]) if (future.state === 'pending') future.cancel()
    }
    this.tellRoom()
  }

  call(index: number): FakeCall {
    const call = this.calls.find((one) => one.index === index)
    if (call === undefined) throw new Error(`item ${index} was not submitted`)
    return call
  }

  get openChunks(): FakeChunk[] {
    return this.chunks.filter(({ future }) => !future.done)
  }

  #take(args: readonly unknown[]): void {
    this.onSubmit(args)
    this.check()
    if (this.#isFull) throw this.queueFullError
  }

  #chunk(argLists: readonly (readonly unknown[])[], listener: ChunkListener): FakeChunk {
    const chunk = new FakeChunk(argLists, listener)
    this.chunks.push(chunk)
    return chunk
  }
}

/** The arguments of each call of a chunk. */
function listsOf(calls: ChunkCalls): readonly (readonly unknown[])[] {
  return calls.of === 'lists' ? calls.lists : Array.from(calls.items, (item, offset) => [item, calls.start + offset])
}

/** Lets everything run that is ready. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await undefined
}

/** A source that says what was asked of it. */
export class WatchedSource<T> {
  read = 0
  returned = 0
  /** Reads asked for of the async source. */
  concurrent = 0

  constructor(readonly items: readonly T[] | 'endless') {}

  /** What it gives as the n-th; throw here to make it fail. */
  itemAt: (n: number) => T = (n) => (this.items === 'endless' ? (n as T) : (this.items[n] as T))

  #next(): IteratorResult<T> {
    if (this.items !== 'endless' && this.read >= this.items.length) return { done: true, value: undefined }
    const value = this.itemAt(this.read)
    this.read++
    return { done: false, value }
  }

  get sync(): Iterable<T> {
    return {
      [Symbol.iterator]: () => ({
        next: () => this.#next(),
        return: () => {
          this.returned++
          return { done: true, value: undefined }
        },
      }),
    }
  }

  get async(): AsyncIterable<T> {
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          if (++this.concurrent > 1) throw new Error('two reads at once')
          await undefined
          this.concurrent--
          return this.#next()
        },
        return: async () => {
          this.returned++
          return { done: true, value: undefined }
        },
      }),
    }
  }
}
