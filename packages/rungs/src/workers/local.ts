// Runs calls on this very event loop. A worker is then a place: nothing is started, sent or copied, and nothing can be ended that does not end by
// itself.

import { arePrimitive, onlyComputes } from '../calls/index.js'
import { type CurrentCall, runApart, runInCall, type WorkerInfo } from '../core/current-call.js'
import { createFuture, type Future } from '../core/future.js'
import { fulfilled, type Outcome, rejected } from '../core/outcome.js'
import { queueMicrotask } from '../core/platform.js'
import { report } from '../core/report.js'
import { Runner } from './batch-runner.js'
import type { HostEvents, SpawnHost, WorkerHost } from './host.js'
import type { PoolOptions } from './pool-options.js'
import { invoke, isPromise, promised } from './running-call.js'
import { runStream, type StreamControl } from './serve-stream.js'
import { nextTurn } from './turns.js'
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
    this.#initialized ??= runApart(async () => initializer(...initargs))
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
      await runApart(finalizer)
    } catch (error) {
      report('RUNGS_FINALIZER', `The finalizer of ${this.#options.name} failed`, error)
    }
  }
}

export function localSpawner(start: LocalStart): SpawnHost {
  return (record, name, events) => {
    const host = new LocalHost({ name, index: record.index, kind: 'task' }, start, events)
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

/** A place, as its calls see it. */
export interface TaskPlace {
  readonly info: WorkerInfo
  progress(attempt: Attempt, value: unknown): void
}

/** What `currentCall()` gives in a task. Small: there is one for each item of a map, and most calls never ask. */
export class TaskCall implements CurrentCall {
  readonly #place: TaskPlace
  readonly #attempt: Attempt
  #future: Future<unknown> | undefined
  /** What has been asked for, or has happened. */
  #made: { controller?: AbortController; aborted?: { readonly reason: unknown } } | undefined = undefined

  /** `future`: of the call, if it has one of its own beside its work item. */
  constructor(attempt: Attempt, place: TaskPlace, future: Future<unknown> | undefined) {
    this.#attempt = attempt
    this.#place = place
    this.#future = future
  }

  get id(): number {
    const { item } = this.#attempt
    // The items of a map that a runner makes have a work item in common, and no future that anybody sees.
    this.#future ??= item.part instanceof Runner ? createFuture({ key: item.options.key }) : item.future
    return this.#future.id
  }

  get key(): string | undefined {
    return this.#attempt.item.options.key
  }

  get attempt(): number {
    return this.#attempt.number
  }

  get worker(): WorkerInfo {
    return this.#place.info
  }

  /** The attempt itself, while it is running: a task is on the thread of its pool. What a call has left behind has none. */
  get task(): Attempt | undefined {
    return this.#attempt.task === this ? this.#attempt : undefined
  }

  get signal(): AbortSignal {
    this.#made ??= {}
    const { controller = new AbortController(), aborted } = this.#made
    if (this.#made.controller === undefined) {
      this.#made.controller = controller
      if (aborted !== undefined) controller.abort(aborted.reason)
    }
    return controller.signal
  }

  progress(value: unknown): void {
    this.#place.progress(this.#attempt, value)
  }

  abort(reason: unknown): void {
    this.#made ??= {}
    this.#made.aborted = { reason }
    this.#made.controller?.abort(reason)
  }
}

/** Calls that begin in the next turn of microtasks, all in one: neither in the middle of submit() nor of the end of another call. */
const beginning: (() => void)[] = []

function beginSoon(begin: () => void): void {
  if (beginning.push(begin) === 1) queueMicrotask(beginAll)
}

function beginAll(): void {
  // Those that come meanwhile begin in the next turn.
  for (const begin of beginning.splice(0)) begin()
}

/** The call that a runner is at has not begun. */
const notBegun = Symbol('not begun')

class LocalHost implements WorkerHost, TaskPlace {
  readonly replaceable = false
  readonly info: WorkerInfo
  readonly #start: LocalStart
  readonly #events: HostEvents
  /** How many calls it has: one, but for places that are lent. */
  #running = 0
  /** While the end of a call is told: the call that follows it on this place, if there is one, needs no turn of its own. */
  #telling = false
  #following: Attempt | undefined
  readonly #streams = new WeakMap<Attempt, StreamControl>()
  #retiring = false
  #gone = false

  constructor(info: WorkerInfo, start: LocalStart, events: HostEvents) {
    this.info = info
    this.#start = start
    this.#events = events
  }

  begin(): void {
    if (this.#gone) return
    if (this.#retiring) this.#end()
    else this.#events.ready()
  }

  progress(attempt: Attempt, value: unknown): void {
    this.#events.progress(attempt, value)
  }

  initializerFailed(reason: unknown): void {
    if (this.#gone) return
    this.#events.initializerFailed(reason)
    this.kill()
  }

  send(attempt: Attempt): void {
    const { part } = attempt.item
    attempt.task = new TaskCall(attempt, this, part instanceof Runner ? part.future : undefined)
    this.#running++
    this.#events.begun(attempt, attempt.sentAt ?? 0) // Set before it is sent.
    if (this.#telling && this.#following === undefined) this.#following = attempt
    else beginSoon(() => void this.#serve(attempt))
  }

  /** Runs a call, and those that follow it on this place. */
  async #serve(first: Attempt): Promise<void> {
    for (let attempt: Attempt | undefined = first; attempt !== undefined; ) {
      const { part } = attempt.item
      if (part instanceof Runner) {
        attempt = await this.#startRunner(attempt, part)
        continue
      }
      let outcome: Outcome
      try {
        const result = this.#run(attempt)
        outcome = { status: 'fulfilled', value: isPromise(result) ? await result : result }
      } catch (reason) {
        outcome = { status: 'rejected', reason }
      }
      attempt = this.#ended(attempt, outcome)
    }
  }

  /** In the context of the submitter, and in no call. */
  #startRunner(attempt: Attempt, runner: Runner): Promise<Attempt | undefined> {
    return runner.context.runInAsyncScope(() => runInCall(undefined, () => this.#serveBatch(attempt, runner)))
  }

  /** Runs items of a batch for as long as it is the turn of the batch here. @returns the call that follows then on this place */
  async #serveBatch(attempt: Attempt, runner: Runner): Promise<Attempt | undefined> {
    for (;;) {
      let failed = false
      let result: unknown
      try {
        if (attempt.abandoned) throw attempt.abortReason
        if (runner.isQuiet) result = await this.#serveQuiet(attempt, runner)
        else {
          result = runner.call(attempt.task)
          // What can be awaited and is no promise may look at who awaits it, as a future does.
          const mayBe = (typeof result === 'object' && result !== null) || typeof result === 'function'
          if (mayBe && !isPromise(result)) result = runInCall(attempt.task, promised, result)
          if (isPromise(result)) result = await result
        }
      } catch (reason) {
        failed = true
        result = reason
      }
      if (result !== notBegun) {
        attempt.task = undefined
        if (this.#gone || !runner.goesOn(attempt, failed, result))
          return this.#ended(attempt, failed ? rejected(result) : fulfilled(result))
      }
      const turn = nextTurn()
      if (turn !== undefined) await runner.pause(attempt.item, turn)
      // Meanwhile, or by what was told, the rest of the batch may have been cancelled.
      if (runner.batch.abandoned && !attempt.abandoned) runner.drop(attempt.item)
      attempt.task = new TaskCall(attempt, this, runner.future)
    }
  }

  /**
   * As {@link #serveBatch}, of calls where nobody can ask: nothing is made for one, and little is kept over its await, which would be saved and loaded
   * again each time. @returns the value of a call whose end is to be told, or {@link notBegun}
   */
  async #serveQuiet(attempt: Attempt, runner: Runner): Promise<unknown> {
    do {
      let value = runner.callQuietly()
      if (typeof value === 'object') value = await value
      if (this.#gone || !runner.goesOn(attempt, false, value)) return value
    } while (runner.isQuiet && !attempt.abandoned && !runner.batch.abandoned && nextTurn() === undefined)
    return notBegun
  }

  #run(attempt: Attempt): unknown {
    const { item, task } = attempt
    if (attempt.abandoned) throw attempt.abortReason
    const { context, fn, args, mode } = item
    if (mode.type === 'call' && onlyComputes(fn) && arePrimitive(args)) return invoke(fn, args)
    if (mode.type !== 'stream') return context.runInAsyncScope(runInCall, undefined, task, invoke, fn, args)
    return context.runInAsyncScope(() => {
      const place = {
        lend: () => {
          if (attempt.waits++ === 0) this.#events.lent(attempt, 'place')
        },
        regain: () => {
          if (--attempt.waits === 0) this.#events.regained(attempt)
        },
      }
      const stream = runStream(task as TaskCall, fn, args, mode.credit, mode.onItem, place) // Set by send().
      this.#streams.set(attempt, stream)
      return stream.ended
    })
  }

  abort(attempt: Attempt): void {
    const { task, item, abortReason } = attempt
    if (task === undefined) return
    try {
      const { context } = item.part instanceof Runner ? item.part : item
      context.runInAsyncScope(runInCall, undefined, task, () => task.abort(abortReason))
      this.credit(attempt, 'stop')
    } catch (error) {
      report('RUNGS_CALLBACK', "A listener of a call's signal threw", error)
    }
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

  /** @returns the call that follows on this place */
  #ended(attempt: Attempt, outcome: Outcome): Attempt | undefined {
    attempt.task = undefined
    this.#running--
    if (this.#gone) return undefined
    this.#telling = true
    this.#events.ended(attempt, outcome)
    this.#telling = false
    const following = this.#following
    this.#following = undefined
    if (this.#retiring && this.#running === 0) this.#end()
    return following
  }

  #end(): void {
    if (this.#gone) return
    this.#gone = true
    void this.#start.finalize().then(() => this.#events.gone({ inPeace: true }))
  }
}
