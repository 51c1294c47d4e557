// Finds workers that do not hear what they are told: code that an ended call has left behind, and that never yields, keeps their event loop. Nothing of
// the pool runs there, so no timeout and no cancelling would end it, and what they were given would wait for ever.
//
// A call may take as long as it likes, and so may a finalizer. What may not is the beginning of a call where no other has begun, and the end of a worker
// that was told to end.
import { clearTimeout, setTimeout } from '../core/platform.js'
import type { WorkerHost } from './host.js'
import type { PoolCore } from './pool-core.js'
import type { Attempt } from './work-item.js'
import type { WorkerRecord } from './worker-record.js'

/** Milliseconds between two looks. */
const every = 1_000
/** Looks in a row at which a worker owed an answer. Not one long wait: the whole machine may have been asleep. */
const most = 10

/** How long a worker may owe an answer, in seconds, for people. */
export const longestSilence = (every * most) / 1_000

interface Seen {
  looks: number
  /** Changes when something has been heard of the worker, or it has taken more of what was sent. */
  readonly lastEnd: number
  readonly unsent: number
}

export class SilenceWatch {
  readonly #core: PoolCore
  readonly #silent: (worker: WorkerRecord) => void
  readonly #seen = new Map<number, Seen>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #checkAt = 0

  /** `silent` is told of each worker that does not hear; it is to be replaced. */
  constructor(core: PoolCore, silent: (worker: WorkerRecord) => void) {
    this.#core = core
    this.#silent = silent
  }

  /** When the next look is due; undefined when there is nothing to look for. */
  get checkAt(): number | undefined {
    return this.#timer === undefined ? undefined : this.#checkAt
  }

  /** A worker was told something. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#checkAt = this.#core.deadlines.now() + every
    // Whoever waits keeps the process alive, not this.
    this.#timer = setTimeout(() => this.check(), every).unref()
  }

  check(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    let someTold = false
    const silent: WorkerRecord[] = []
    for (const worker of this.#core.state.workers.values()) {
      const host = this.#core.hosts.get(worker.id)
      if (host?.replaceable && this.#hasFailed(worker, host)) silent.push(worker)
      someTold ||= worker.calls.size > 0 || worker.phase === 'retiring'
    }
    for (const id of this.#seen.keys()) if (!this.#core.state.workers.has(id)) this.#seen.delete(id)
    if (someTold) this.start()
    for (const worker of silent) this.#silent(worker)
  }

  #hasFailed(worker: WorkerRecord, host: WorkerHost): boolean {
    if (!owesAnswer(worker, host)) {
      this.#seen.delete(worker.id)
      return false
    }
    const { lastEnd } = worker
    const unsent = host.unsent ?? 0
    const seen = this.#seen.get(worker.id)
    if (seen !== undefined && seen.lastEnd === lastEnd && seen.unsent === unsent) return ++seen.looks >= most
    this.#seen.set(worker.id, { looks: 1, lastEnd, unsent })
    return false
  }
}

function owesAnswer({ phase, calls }: WorkerRecord, host: WorkerHost): boolean {
  if (phase !== 'ready' && phase !== 'retiring') return false
  if (calls.size === 0) return phase === 'retiring' && !host.isFinishing
  for (const ticket of calls) {
    const attempt = ticket as Attempt // All tickets of this pool are.
    if (host.confirmsBegun?.(attempt) ?? host.hasBegun(attempt)) return false
  }
  return true
}
