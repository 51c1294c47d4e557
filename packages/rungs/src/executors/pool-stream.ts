// What a generator yields there, given here: a few items ahead of the reader, and no more.
import type { CheckedCallOptions } from '../core/call-options.js'
import { type CallSite, captureCallSite } from '../core/call-site.js'
import { createFuture, failFuture, hasFailed, listen, outcomeOf } from '../core/future.js'
import { beginWait, refuseWait, type TaskWait } from '../core/task-wait.js'
import type { WorkerPool } from '../workers/pool.js'
import type { Origin } from '../workers/pool-core.js'
import type { AnyFunction, WorkItem } from '../workers/work-item.js'
import { StreamItems } from './stream-items.js'

/** How many items may have been yielded and not yet been taken. */
const ahead = 8

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
  readonly #items = new StreamItems<Y>(() => this.#took())
  #item: WorkItem | undefined
  /** Taken since the worker was last told. */
  #taken = 0
  #left = false
  /** Cancelling the task that waits for an item ends the generator. */
  readonly #taskWait: TaskWait = {
    describe: () => 'an item of stream()',
    futures: () => (this.#item === undefined ? [] : [this.#item.future]),
    interrupted: () => this.#leave(),
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
    const begin = (from: Origin): void => {
      const onItem = (value: unknown): void => this.#items.received(value as Y) // What fn yields.
      this.#item = pool.submit(fn, args, once, from, { type: 'stream', credit: ahead, onItem })
      this.#items.follow(this.#item.future)
    }
    if (waits && pool.full) void this.#beginWhenRoom(begin, { site: captureCallSite(below), key: options.key })
    else begin(below)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Y>> {
    return (
      refuseWait(this.#taskWait) ??
      this.#items.poll() ??
      beginWait(this.#taskWait, (resolve, reject) => this.#items.wait({ resolve, reject }))
    )
  }

  /** Ends the generator there and waits until its `finally` has run, for its `grace` at most. */
  return(): Promise<IteratorResult<Y>> {
    this.#leave()
    const item = this.#item
    const result: IteratorResult<Y> = { done: true, value: undefined }
    if (item === undefined || item.future.done) return Promise.resolve(result)
    this.#pool.leaveStream(item)
    if (item.future.done) return Promise.resolve(result)
    return new Promise((resolve, reject) => {
      listen(item.future, () => {
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

  async #beginWhenRoom(begin: (from: Origin) => void, init: { site: CallSite | undefined; key: string | undefined }): Promise<void> {
    try {
      for (;;) {
        await this.#pool.whenRoom()
        if (!this.#pool.full) break
      }
      if (!this.#left) begin({ site: init.site })
    } catch (error) {
      if (this.#left) return
      const never = createFuture<unknown>(init)
      failFuture(never, error)
      this.#items.follow(never)
    }
  }

  #leave(): void {
    this.#left = true
    this.#items.leave()
  }

  #took(): void {
    // Not for each item: half of what may be on its way is told at once.
    if (++this.#taken < ahead / 2 || this.#item === undefined) return
    this.#pool.credit(this.#item, this.#taken)
    this.#taken = 0
  }
}
