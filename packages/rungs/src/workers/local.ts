// Runs calls on this very event loop. A worker is then a place: nothing is started, sent or copied, and nothing can be ended that does not end by
// itself.
import { runInCall, type WorkerInfo } from '../core/current-call.js'
import type { Outcome } from '../core/outcome.js'
import { report } from '../core/report.js'
import type { HostEvents, SpawnHost, WorkerHost } from './host.js'
import type { PoolOptions } from './pool-options.js'
import { isThenable, RunningCall } from './running-call.js'
import { runStream, type StreamControl } from './serve-stream.js'
import type { Attempt } from './work-item.js'

/** All places of a pool share one initializer and one finalizer: module state is here only once. */
export class LocalStart {
  readonly #options: PoolOptions
  #initialized: Promise<unknown> | undefined
  #places = 0
  #failed = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** undefined when there is nothing to wait for. */
  initialize(): Promise<unknown> | undefined {
    this.#places++
    const { initializer, initargs } = this.#options
    if (initializer === undefined) return undefined
    this.#initialized ??= (async () => initializer(...initargs))()
    this.#initialized.catch(() => {
      this.#failed = true
    })
    return this.#initialized
  }

  /** The last place that ends runs the finalizer. */
  async finalize(): Promise<void> {
    const { finalizer } = this.#options
    if (--this.#places > 0 || finalizer === undefined || this.#failed) return
    try {
      await finalizer()
    } catch (error) {
      report('RUNGS_FINALIZER', `The finalizer of ${this.#options.name} failed`, error)
    }
  }
}

export function localSpawner(start: LocalStart, now: () => number): SpawnHost {
  return (record, name, events) => {
    const host = new LocalHost({ name, index: record.index, kind: 'task' }, start, events, now)
    const initialized = start.initialize()
    // Not from here: the pool is in the middle of deciding.
    if (initialized === undefined) queueMicrotask(() => host.begin())
    else
      initialized.then(
        () => host.begin(),
        (reason) => host.initializerFailed(reason),
      )
    return host
  }
}

class LocalHost implements WorkerHost {
  readonly replaceable = false
  readonly #info: WorkerInfo
  readonly #start: LocalStart
  readonly #events: HostEvents
  readonly #now: () => number
  /** How many calls it has: one, but for places that are lent. */
  #running = 0
  readonly #streams = new WeakMap<Attempt, StreamControl>()
  #retiring = false
  #gone = false

  constructor(info: WorkerInfo, start: LocalStart, events: HostEvents, now: () => number) {
    this.#info = info
    this.#start = start
    this.#events = events
    this.#now = now
  }

  begin(): void {
    if (this.#gone) return
    if (this.#retiring) this.#end()
    else this.#events.ready()
  }

  initializerFailed(reason: unknown): void {
    if (this.#gone) return
    this.#events.initializerFailed(reason)
    this.kill()
  }

  send(attempt: Attempt): void {
    const { item } = attempt
    const call = new RunningCall({
      id: item.future.id,
      key: item.options.key,
      attempt: attempt.number,
      worker: this.#info,
      aborted: notAborted,
      progress: (value) => this.#events.progress(attempt, value),
      task: attempt,
    })
    attempt.task = call
    this.#running++
    this.#events.begun(attempt, this.#now())
    // Neither in the middle of submit() nor of the end of another call: as an async task, it begins in a turn of its own.
    queueMicrotask(() => this.#run(attempt, call))
  }

  #run(attempt: Attempt, call: RunningCall): void {
    const { item } = attempt
    const { fn, args, mode } = item
    if (attempt.abandoned) {
      this.#ended(attempt, { status: 'rejected', reason: attempt.abortReason })
      return
    }
    try {
      const result = item.context.runInAsyncScope(() => {
        if (mode.type !== 'stream') return runInCall(call, () => fn(...args))
        const stream = runStream(call, fn, args, mode.credit, mode.onItem)
        this.#streams.set(attempt, stream)
        return stream.ended
      })
      if (!isThenable(result)) this.#ended(attempt, { status: 'fulfilled', value: result })
      else
        result.then(
          (value) => this.#ended(attempt, { status: 'fulfilled', value }),
          (reason) => this.#ended(attempt, { status: 'rejected', reason }),
        )
    } catch (reason) {
      this.#ended(attempt, { status: 'rejected', reason })
    }
  }

  abort(attempt: Attempt): void {
    const { task } = attempt
    if (task === undefined) return
    attempt.item.context.runInAsyncScope(() => {
      try {
        runInCall(task, () => task.abort(attempt.abortReason))
        this.credit(attempt, 'stop')
      } catch (error) {
        report('RUNGS_CALLBACK', "A listener of a call's signal threw", error)
      }
    })
  }

  hasBegun(attempt: Attempt): boolean {
    return attempt.task !== undefined
  }

  credit(attempt: Attempt, count: number | 'stop'): void {
    this.#streams.get(attempt)?.credit(count)
  }

  retire(): void {
    this.#retiring = true
    if (this.#running === 0) this.#end()
  }

  /** Nothing here can be ended; when the pool is terminated it does not wait. */
  kill(): void {
    if (this.#gone) return
    this.#gone = true
    queueMicrotask(() => this.#events.gone({ inPeace: false }))
  }

  setRef(): void {
    // There is nothing that would keep the process alive but the calls themselves.
  }

  #ended(attempt: Attempt, outcome: Outcome): void {
    attempt.task = undefined
    this.#running--
    if (this.#gone) return
    this.#events.ended(attempt, outcome)
    if (this.#retiring && this.#running === 0) this.#end()
  }

  #end(): void {
    if (this.#gone) return
    this.#gone = true
    void this.#start.finalize().then(() => this.#events.gone({ inPeace: true }))
  }
}

const notAborted = (): number => 0
