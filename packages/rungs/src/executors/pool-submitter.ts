// Where a map puts its calls: the pool, seen as the engine of maps wants to see it.

import type { CheckedCallOptions } from '../core/call-options.js'
import { type CallSite, captureCallSite } from '../core/call-site.js'
import { reserveIds } from '../core/future.js'
import type { WorkerPool } from '../workers/pool.js'
import type { Origin } from '../workers/pool-core.js'
import type { AnyFunction, Mode } from '../workers/work-item.js'
import type { Callee, ChunkCalls, ChunkListener, ChunkSubmission, Reservation, Submission, Submitter } from './map/submitter.js'

export class PoolSubmitter implements Submitter {
  readonly sends: boolean
  readonly #pool: WorkerPool
  readonly #waits: boolean
  /** Of the map: each of its calls was submitted there, whenever it is sent. */
  #origin: Origin & { readonly site: CallSite | undefined }

  /** `below`: the method that the user called, for the place of the submit in errors. */
  constructor(pool: WorkerPool, sends: boolean, waits: boolean, below: AnyFunction) {
    this.#pool = pool
    this.sends = sends
    this.#waits = waits
    this.#origin = { site: captureCallSite(below) }
  }

  get maxWorkers(): number {
    return this.#pool.maxWorkers
  }

  get full(): boolean {
    return this.#waits && this.#pool.full
  }

  whenRoom(): Promise<void> {
    return this.#pool.whenRoom()
  }

  check(): void {
    this.#pool.check()
  }

  onClosing(told: () => void): () => void {
    return this.#pool.onClosing(told)
  }

  hold(fn: Callee): void {
    this.#origin = { site: this.#origin.site, held: this.#pool.hold(fn) }
  }

  submit(fn: Callee, args: readonly unknown[], options: CheckedCallOptions): Submission {
    return this.#pool.submit(fn, args, options, this.#origin)
  }

  submitChunk(fn: Callee, calls: ChunkCalls, options: CheckedCallOptions, listener: ChunkListener): ChunkSubmission {
    return this.#chunk((mode) => this.#pool.submit(fn, argsOf(calls), options, this.#origin, mode), calls, listener)
  }

  get submitBatch(): Submitter['submitBatch'] {
    const pool = this.#pool
    // Each call of a pool that sends is data of its own; and a task that maps over its own pool lends its place for each call that it waits for.
    if (this.sends || !pool.takesBatches) return undefined
    return (fn, items, options, listener, timed) => {
      const batch = pool.batches.submitBatch(fn, items, options, this.#origin, listener, timed)
      return {
        get running() {
          return pool.batches.runningOf(batch)
        },
        cancelPending: () => pool.batches.cancelBatch(batch),
        cancelAll: (error, reason) => {
          pool.batches.cancelBatch(batch)
          pool.batches.stopBatch(batch, error, reason)
        },
      }
    }
  }

  reserve(): Reservation {
    const reservation = this.#pool.reserve()
    return {
      submitChunk: (fn, calls, options, listener) =>
        this.#chunk((mode) => reservation.submit(fn, argsOf(calls), options, this.#origin, mode), calls, listener),
      release: () => reservation.release(),
    }
  }

  #chunk(submit: (mode: Mode) => ReturnType<WorkerPool['submit']>, calls: ChunkCalls, listener: ChunkListener): ChunkSubmission {
    const count = calls.of === 'items' ? calls.items.length : calls.lists.length
    const mode: Mode & { type: 'chunk' } = { type: 'chunk', of: calls.of, listener, left: count, begun: 0 }
    const item = submit(mode)
    const { future } = item
    // Of the calls after the first: see the `id` of a running call.
    reserveIds(count - 1)
    return {
      future,
      get firstNotBegun() {
        return mode.begun
      },
      cancelNotBegun: () => this.#pool.stopChunk(item),
    }
  }
}

/** As what a chunk goes: see Mode. */
function argsOf(calls: ChunkCalls): readonly unknown[] {
  return calls.of === 'items' ? [calls.items, calls.start] : calls.lists
}
