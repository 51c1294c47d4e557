// What a generator yields there, given here: a few items ahead of the reader, and no more.
import type { CheckedCallOptions } from '../core/call-options.js'
import { hasFailed, listen, outcomeOf } from '../core/future.js'
import { beginWait, refuseWait, type TaskWait } from '../core/task-wait.js'
import type { WorkerPool } from '../workers/pool.js'
import type { AnyFunction, WorkItem } from '../workers/work-item.js'

/** How many items may have been yielded and not yet been taken. */
const ahead = 8

interface Reader<Y> {
  resolve(result: IteratorResult<Y>): void
  reject(reason: unknown): void
}

/** Starts the call now; `waits`: when the queue is full, as soon as it is not. */
export function poolStream<Y>(
  pool: WorkerPool,
  fn: AnyFunction,
  args: readonly unknown[],
  options: CheckedCallOptions,
  waits: boolean,
  below: AnyFunction,
): AsyncIterableIterator<Y> {
  return new Stream<Y>(pool, fn, args, options, waits, below)
}

class Stream<Y> implements AsyncIterableIterator<Y> {
  readonly #pool: WorkerPool
  #item: WorkItem | undefined
  #ready: Y[] = []
  #readers: Reader<Y>[] = []
  /** Taken since the worker was last told. */
  #taken = 0
  #end: { readonly error?: unknown; readonly failed: boolean } | undefined
  #left = false
  /** Whoever left the loop waits until the generator has ended. */
  #leavers: (() => void)[] = []
  /** Cancelling the task that waits for an item ends the generator. */
  readonly #taskWait: TaskWait = {
    describe: () => 'an item of stream()',
    futures: () => (this.#item === undefined ? [] : [this.#item.future]),
    interrupted: () => {
      this.#left = true
      this.#ready = []
      this.#settleReaders()
    },
  }

  constructor(
    pool: WorkerPool,
    fn: AnyFunction,
    args: readonly unknown[],
    options: CheckedCallOptions,
    waits: boolean,
    below: AnyFunction,
  ) {
    this.#pool = pool
    // Each attempt would yield its items again.
    const once = options.retries === undefined ? options : { ...options, retries: undefined }
    const begin = (): void => {
      if (this.#left) return
      const item = pool.submit(fn, args, once, below, { type: 'stream', credit: ahead, onItem: (value) => this.#received(value as Y) })
      this.#item = item
      listen(item.future, () => {
        const outcome = outcomeOf(item.future)
        this.#ended(outcome.status === 'rejected' ? { failed: true, error: outcome.reason } : { failed: false })
      })
    }
    if (waits && pool.full) void this.#beginWhenRoom(begin)
    else begin()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Y>> {
    const refused = refuseWait(this.#taskWait)
    if (refused !== undefined) return refused
    if (this.#ready.length > 0) {
      const value = this.#ready.shift() as Y // There is one.
      this.#took()
      return Promise.resolve({ done: false, value })
    }
    if (this.#end !== undefined || this.#left) {
      const end = this.#end
      this.#end = { failed: false }
      if (end?.failed) return Promise.reject(end.error)
      return Promise.resolve({ done: true, value: undefined })
    }
    return beginWait(this.#taskWait, (resolve, reject) => this.#readers.push({ resolve, reject }))
  }

  /** Ends the generator there and waits until its `finally` has run. */
  return(): Promise<IteratorResult<Y>> {
    this.#left = true
    this.#ready = []
    this.#settleReaders()
    const item = this.#item
    const result: IteratorResult<Y> = { done: true, value: undefined }
    if (item === undefined || this.#end !== undefined) return Promise.resolve(result)
    // One that waits in the queue never begins.
    if (item.attempt?.place !== 'running') item.future.cancel()
    else this.#pool.credit(item, 'stop')
    if (item.future.done) return Promise.resolve(result)
    return new Promise((resolve, reject) => {
      this.#leavers.push(() => {
        const outcome = outcomeOf(item.future)
        // What its `finally` threw is not lost; that it was cancelled meanwhile is what leaving is about.
        if (hasFailed(item.future) && outcome.status === 'rejected') reject(outcome.reason)
        else resolve(result)
      })
    })
  }

  throw(reason: unknown): Promise<IteratorResult<Y>> {
    return this.return().then(() => {
      throw reason
    })
  }

  async #beginWhenRoom(begin: () => void): Promise<void> {
    try {
      for (;;) {
        await this.#pool.whenRoom()
        if (!this.#pool.full) break
      }
      begin()
    } catch (error) {
      this.#ended({ failed: true, error })
    }
  }

  #received(value: Y): void {
    if (this.#left) return
    const reader = this.#readers.shift()
    if (reader === undefined) this.#ready.push(value)
    else {
      reader.resolve({ done: false, value })
      this.#took()
    }
  }

  #took(): void {
    // Not for each item: half of what may be on its way is told at once.
    if (++this.#taken < ahead / 2 || this.#item === undefined) return
    this.#pool.credit(this.#item, this.#taken)
    this.#taken = 0
  }

  #ended(end: { readonly error?: unknown; readonly failed: boolean }): void {
    this.#end = end
    for (const leave of this.#leavers.splice(0)) leave()
    if (this.#left) return
    const reader = end.failed ? this.#readers.shift() : undefined
    if (reader !== undefined) {
      this.#end = { failed: false }
      reader.reject(end.error)
    }
    if (this.#ready.length === 0) this.#settleReaders()
  }

  #settleReaders(): void {
    for (const reader of this.#readers.splice(0)) reader.resolve({ done: true, value: undefined })
  }
}
