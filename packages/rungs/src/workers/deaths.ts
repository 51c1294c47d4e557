// How workers ended, and why the pool can run no more calls: what those who wait for calls are told about it.
import { BrokenExecutorError, WorkerDiedError } from '../core/errors.js'
import { describe } from '../core/report.js'
import type { Death } from './host.js'
import { labelOf, type WorkItem } from './work-item.js'
import type { WorkerRecord } from './worker-record.js'

export class Deaths {
  readonly #pool: string
  /** Until it was told to the calls of the worker. */
  readonly #deaths = new WeakMap<WorkerRecord, Death>()
  /** Why workers that do not hear are ended. */
  readonly #reasons = new WeakMap<WorkerRecord, Error>()
  #last: { readonly message: string; readonly cause: unknown } | undefined
  #brokenBy: { readonly message: string; readonly cause: unknown } | undefined

  /** `pool`: its name, after which workers are named. */
  constructor(pool: string) {
    this.#pool = pool
  }

  nameOf(worker: WorkerRecord): string {
    return `${this.#pool}-${worker.index}`
  }

  /** Whether something happened after which the pool runs no more calls. */
  get isBroken(): boolean {
    return this.#brokenBy !== undefined
  }

  /** It is going to be ended, for this reason. */
  expect(worker: WorkerRecord, reason: Error): void {
    this.#reasons.set(worker, reason)
    this.#last = { message: `Worker ${this.nameOf(worker)} was ended`, cause: reason }
  }

  note(worker: WorkerRecord, death: Death): void {
    const reason = this.#reasons.get(worker)
    this.#deaths.set(worker, reason === undefined ? death : { ...death, cause: reason })
    if (reason === undefined) this.#last = { message: deathMessage(this.nameOf(worker), death), cause: death.cause }
  }

  /** The first reason counts. `what` happened, of the pool. */
  breaks(what: 'initializer' | 'start', cause: unknown): void {
    const message = what === 'initializer' ? `An initializer of ${this.#pool} failed` : `A worker of ${this.#pool} could not be started`
    this.#brokenBy ??= { message, cause }
  }

  /** A worker died in a pool that does not survive this. */
  breaksBy(worker: WorkerRecord, death: Death): void {
    const name = this.nameOf(worker)
    const cause = new WorkerDiedError(deathMessage(name, death), { ...death, worker: name })
    this.#brokenBy ??= { message: `A worker of ${this.#pool} died`, cause }
  }

  /** The worker died while it ran the call. */
  lost(worker: WorkerRecord, item: WorkItem): WorkerDiedError {
    const death = this.#deaths.get(worker) ?? { inPeace: false }
    const name = this.nameOf(worker)
    const { key } = item.options
    const isEnded = this.#reasons.has(worker)
    return new WorkerDiedError(`${deathMessage(name, death, isEnded)}${labelOf(item)}`, { ...death, worker: name, key })
  }

  /** A new one for each call that is told. */
  broken(): BrokenExecutorError {
    this.#brokenBy ??= {
      message: `Workers of ${this.#pool} died before they could begin a call, one after the other: ${this.#last?.message}`,
      cause: this.#last?.cause,
    }
    const { message, cause } = this.#brokenBy
    const why = cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : describe(cause)}`
    return new BrokenExecutorError(`${message}, so the executor takes no more calls${why}`, { cause })
  }
}

function deathMessage(name: string, { exitCode, signal, cause }: Death, isEnded = false): string {
  const itself = signal !== undefined ? `was ended by ${signal}` : exitCode !== undefined ? `ended with exit code ${exitCode}` : 'ended'
  const why = cause === undefined ? '' : `: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : describe(cause)}`
  const how = isEnded ? 'was ended by the pool' : itself
  return `Worker ${name} ${how} while the call was running${why}`
}
