// The engine of map and starmap: reads items, gives them to a carrier, and hands out results in the order that was asked for.
//
//   open ──source ended──▶ drained ──last result given──▶ over      open: there may be more items
//     └─────┬─────────────────┘                                     drained: what has been read is still coming; then `failure`, if any
//           ├──time is up, signal aborted──▶ stopped ──error──▶ over stopped: nothing more comes; what is there is given, then `error`
//           └──an item's error was given, the loop was left──▶ over
//
// Not an async generator: nothing in the body of one would run before the first next(). Docs: docs/decisions/0004-map-is-eager.md.
import { AsyncResource } from 'node:async_hooks'
import { runInCall } from '../../core/current-call.js'
import { CancelledError, TimeoutError } from '../../core/errors.js'
import type { MapResults, SettledResult } from '../../core/executor.js'
import { onAbort } from '../../core/on-abort.js'
import type { Outcome } from '../../core/outcome.js'
import { report } from '../../core/report.js'
import { reasonOf } from '../../core/signal-reason.js'
import { refuseWait, type TaskWait } from '../../core/task-wait.js'
import { Audience, finished } from './audience.js'
import type { Carrier, Sink } from './carrier.js'
import { carrierFor, type MapCalls } from './carrier-for.js'
import type { ItemList } from './item-list.js'
import { MapTimer } from './map-timer.js'
import { progressBar } from './progress-bar.js'
import { ProgressMeter } from './progress-meter.js'
import { Failed, NONE, Results } from './results.js'
import { END, type Source } from './source.js'
import type { Submitter } from './submitter.js'
import type { Witness } from './witness.js'

type State =
  | { readonly name: 'open' }
  | { readonly name: 'drained'; readonly failure: { readonly error: unknown } | undefined }
  | { readonly name: 'stopped'; readonly error: unknown }
  | { readonly name: 'over' }

export interface MapParts extends MapCalls {
  readonly source: Source
  readonly witness: Witness
}

export class MapRun<R> implements MapResults<R>, AsyncDisposable, Sink {
  readonly #submitter: Submitter
  readonly #source: Source
  readonly #carrier: Carrier
  readonly #results: Results
  readonly #witness: Witness
  readonly #signal: AbortSignal | undefined
  readonly #settles: boolean
  /** Undefined: the default, which follows the number of workers. */
  readonly #bufferSize: number | undefined
  readonly #mapTimeout: number | undefined
  readonly #context = new AsyncResource('rungs.map', { requireManualDestroy: true })
  readonly #meter: ProgressMeter | undefined
  /** A bar is drawn before the first item has ended. */
  readonly #drawsAtOnce: boolean

  #state: State = { name: 'open' }
  #read = 0
  #ended = 0
  #given = 0
  /** Some slot holds an error to be thrown. */
  #hasFailed = false
  readonly #taskWait: TaskWait = { describe: () => 'a result of map()', interrupted: (error) => this.#interrupted(error) }
  readonly #audience = new Audience<R>(this.#taskWait)
  /** Inside start(): what goes wrong is thrown by map() itself. */
  #starting = true
  #startFailure: { readonly error: unknown } | undefined
  #pumping = false
  #waitingForRoom = false
  /** An item that was read while the last place in the queue was taken. */
  #inHand: { readonly item: unknown } | undefined
  #timer: MapTimer | undefined
  #ignoreClosing: (() => void) | undefined
  #ignoreSignal: (() => void) | undefined

  constructor(parts: MapParts) {
    const { submitter, call, map, source, witness } = parts
    this.#submitter = submitter
    this.#source = source
    this.#witness = witness
    this.#signal = call.signal
    this.#settles = map.onError === 'settle'
    this.#mapTimeout = map.mapTimeout
    this.#bufferSize = map.bufferSize ?? (source.isAsync ? undefined : Number.POSITIVE_INFINITY)
    this.#results = new Results(map.ordered ?? true)
    const bar = map.progress === true ? progressBar(process.stderr) : undefined
    const tell = typeof map.progress === 'function' ? map.progress : bar?.draw
    this.#meter = tell && new ProgressMeter(tell, () => this.#carrier.running, this.#context, bar?.clear)
    this.#drawsAtOnce = bar !== undefined
    this.#carrier = carrierFor(parts, this.#isEager, this.#context, this)
  }

  // ---- the call to map() ----------------------------------------------------------------------------------------

  start(): void {
    if (this.#signal?.aborted) this.#abort()
    else {
      if (this.#signal !== undefined) this.#ignoreSignal = onAbort(this.#signal, this.#abort)
      if (this.#mapTimeout !== undefined && this.#mapTimeout !== Number.POSITIVE_INFINITY) {
        this.#timer = new MapTimer(this.#mapTimeout, () => this.#timeUp())
      }
      // Nothing that comes later could be submitted, and it may be long until something does.
      if (this.#source.isAsync) this.#ignoreClosing = this.#submitter.onClosing?.(() => this.#closing())
      this.#pump()
    }
    this.#starting = false
    if (this.#startFailure !== undefined) {
      this.#meter?.drop()
      this.#quietly(this.#end())
      throw this.#startFailure.error
    }
    this.#meter?.start(this.#drawsAtOnce)
  }

  get #isEager(): boolean {
    return this.#bufferSize === Number.POSITIVE_INFINITY && !this.#source.isAsync
  }

  // ---- reading --------------------------------------------------------------------------------------------------

  /** How many more items may be read. As in Python, one more while somebody waits: it is submitted before the wait for the oldest. */
  get #mayRead(): boolean {
    const size = this.#bufferSize ?? 2 * this.#submitter.maxWorkers
    return this.#read - this.#given < (this.#audience.isWaiting ? size + 1 : size)
  }

  get #isOpen(): boolean {
    return this.#state.name === 'open'
  }

  /** Reads and submits what may be read now. */
  #pump(): void {
    if (this.#pumping || !this.#isOpen || !this.#mayRead) return
    this.#pumping = true
    if (this.#starting) this.#readOn()
    else this.#context.runInAsyncScope(() => this.#readOn())
    this.#pumping = false
    if (this.#isOpen) this.#carrier.pause()
  }

  #readOn(): void {
    if (this.#starting && this.#isEager && this.#readAll()) return
    while (this.#isOpen && this.#mayRead && !this.#source.reading) {
      if (!this.#isTaking()) return
      if (this.#inHand !== undefined) {
        const { item } = this.#inHand
        this.#inHand = undefined
        this.#add(item)
      } else if (this.#source.isAsync) {
        this.#source.readLater(this.#reader)
      } else {
        let item: unknown
        try {
          item = this.#source.read()
        } catch (error) {
          if (this.#isOpen) this.#drain({ error }, this.#isEager)
          return
        }
        this.#take(item)
      }
    }
  }

  /** An iterable that can be read in one go. @returns false if it has to be read item by item */
  #readAll(): boolean {
    if (!this.#carrier.takesAll) return false
    let items: ItemList
    try {
      items = this.#source.readAll()
    } catch (error) {
      if (this.#isOpen) this.#drain({ error }, true)
      return true
    }
    // Reading it may have ended the map.
    if (!this.#isOpen) return true
    this.#results.expect(items.length)
    this.#read = items.length
    this.#carrier.addAll(items)
    this.#drain(undefined, false)
    return true
  }

  /** The pool takes no more calls. */
  #closing(): void {
    if (!this.#isOpen) return
    try {
      this.#submitter.check()
    } catch (error) {
      this.#drain({ error }, false)
    }
  }

  /** Whether the pool takes items now. */
  #isTaking(): boolean {
    if (!this.#starting || !this.#isEager) {
      try {
        this.#submitter.check()
      } catch (error) {
        this.#drain({ error }, this.#starting)
        return false
      }
    }
    if (this.#carrier.hasRoom) return true
    if (!this.#waitingForRoom) {
      this.#waitingForRoom = true
      const go = (): void => {
        this.#waitingForRoom = false
        this.#goOn()
      }
      this.#submitter.whenRoom().then(go, (error) => {
        this.#waitingForRoom = false
        if (this.#isOpen) this.#drain({ error }, false)
      })
    }
    return false
  }

  readonly #reader = {
    onItem: (item: unknown): void => {
      if (!this.#isOpen) return
      this.#take(item)
      this.#goOn()
    },
    onError: (error: unknown): void => {
      if (this.#isOpen) this.#drain({ error }, false)
    },
  }

  /** What a read has brought. */
  #take(item: unknown): void {
    if (!this.#isOpen) return
    if (item === END) this.#drain(undefined, false)
    // The queue may have filled up while the item was being read.
    else if (this.#carrier.hasRoom) this.#add(item)
    else this.#inHand = { item }
  }

  #add(item: unknown): void {
    const index = this.#read++
    this.#results.expect(1)
    this.#carrier.add(item, index)
  }

  /** No more items. `atCall`: it is for map() to throw. */
  #drain(failure: { readonly error: unknown } | undefined, atCall: boolean): void {
    this.#inHand = undefined
    if (failure !== undefined && atCall && this.#starting) this.#startFailure = failure
    this.#quietly(this.#closeSource())
    this.#state = { name: 'drained', failure }
    if (this.#startFailure !== undefined) return
    if (failure !== undefined) this.#witness.saw(failure.error)
    if (this.#meter !== undefined) this.#meter.total = this.#read
    this.#carrier.finish()
    this.advance()
  }

  // ---- what the carrier tells -----------------------------------------------------------------------------------

  ended(index: number, input: unknown, outcome: Outcome, attempts: number, ms: number): void {
    this.#ended++
    const failed = outcome.status === 'rejected'
    this.#meter?.ended(failed)
    if (failed && !this.#settles) this.#hasFailed = true
    if (this.#settles) this.#results.put(index, recordOf(index, input, outcome, attempts, ms))
    else this.#results.put(index, failed ? new Failed(outcome.reason) : outcome.value)
    // A cancelled call is not a failure: whoever did it knows.
    if (failed && !(outcome.reason instanceof CancelledError)) this.#witness.saw(outcome.reason)
    if (failed || this.#audience.wantsNext) this.#deliver()
  }

  gave(index: number, value: unknown): boolean {
    if (this.#settles || this.#meter !== undefined || this.#audience.wantsNext) return false
    this.#results.put(index, value)
    if (++this.#ended === this.#read) this.advance()
    return true
  }

  allEnded(index: number, values: ArrayLike<unknown>): boolean {
    if (this.#settles || this.#meter !== undefined || this.#audience.wantsNext) return false
    this.#ended += values.length
    this.#results.putAll(index, values)
    return true
  }

  advance(): void {
    if (this.#isDrained && this.#ended === this.#read) this.#rest()
    this.#deliver()
  }

  refused(error: unknown, index: number, by: 'items' | 'pool'): void {
    this.#results.forget(index)
    this.#read = index
    if (!this.#isOpen) {
      // What was left over of a source that has ended.
      this.#state = { name: 'drained', failure: { error } }
      if (this.#meter !== undefined) this.#meter.total = index
      if (this.#starting) this.#startFailure = { error }
      else this.advance()
    } else this.#drain({ error }, this.#isEager || (by === 'pool' && index === 0))
  }

  // ---- giving ---------------------------------------------------------------------------------------------------

  get #isOver(): boolean {
    return this.#state.name === 'over'
  }

  get #isDrained(): boolean {
    return this.#state.name === 'drained'
  }

  /** Whether all are for toArray(), whom it helps nothing to have some of them before the rest, and no room is made by giving them. */
  get #isCollecting(): boolean {
    return this.#isDrained && !this.#hasFailed && this.#audience.isWaiting && !this.#audience.wantsNext
  }

  /** Gives what is there to those who wait, then reads on. */
  #deliver(): void {
    if (this.#isCollecting) {
      if (this.#ended < this.#read) {
        this.#goOn()
        if (this.#timer !== undefined) this.#timer.holds = true
        return
      }
      this.#given = this.#read
      this.#results.keepAll()
    }
    while (this.#audience.isWaiting) {
      const slot = this.#results.peek()
      if (slot === NONE) {
        const state = this.#state
        if (state.name === 'stopped') this.#raise(state.error)
        else if (state.name === 'drained' && this.#given === this.#read) {
          if (state.failure !== undefined) this.#raise(state.failure.error)
          else this.#quietly(this.#end())
        } else break
        return
      }
      if (Failed.is(slot)) {
        this.#raise(slot.reason)
        return
      }
      this.#given++
      // What fn gave, or its record.
      if (!this.#audience.give(slot as R)) this.#results.keep()
      this.#results.next()
    }
    this.#goOn()
    if (this.#timer !== undefined) this.#timer.holds = this.#audience.isWaiting
  }

  /** Reads what may be read, and lets the pool know who waits. */
  #goOn(): void {
    this.#pump()
    const { first } = this.#audience
    if (first === undefined) return
    if (first.call === undefined) this.#carrier.await()
    else runInCall(first.call, () => this.#carrier.await())
  }

  next(): Promise<IteratorResult<R>> {
    const refused = refuseWait(this.#taskWait)
    if (refused !== undefined) return refused
    const { collecting } = this.#audience
    if (collecting !== undefined) return collecting.then(finished, finished)
    if (this.#state.name === 'over') return Promise.resolve(finished())
    // A record says by itself that its item failed; an error is seen when it is thrown.
    if (this.#settles) this.#witness.look()
    if (!this.#audience.isWaiting) {
      const slot = this.#results.peek()
      if (slot !== NONE && !Failed.is(slot)) {
        this.#given++
        this.#results.next()
        if (this.#isOpen) this.#goOn()
        return Promise.resolve({ done: false, value: slot as R }) // What fn gave, or its record.
      }
    }
    return this.#audience.next(() => this.#deliver())
  }

  toArray(): Promise<R[]> {
    const refused = refuseWait(this.#taskWait)
    if (refused !== undefined) return refused
    const { collecting } = this.#audience
    if (collecting !== undefined) return collecting.then(nothing, nothing)
    if (this.#state.name === 'over') return Promise.resolve([])
    this.#witness.look()
    return this.#audience.collect(() => this.#deliver()) as Promise<R[]> // What fn gave, or the records.
  }

  async return(value?: unknown): Promise<IteratorResult<R>> {
    await this.#leave()
    return { done: true, value }
  }

  async throw(error?: unknown): Promise<IteratorResult<R>> {
    this.#quietly(this.#leave())
    throw error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  // ---- ending ---------------------------------------------------------------------------------------------------

  /** The promise of the source that it has closed. */
  #leave(): Promise<unknown> | undefined {
    if (this.#state.name === 'over') return undefined
    this.#audience.leave()
    return this.#end()
  }

  #raise(error: unknown): void {
    this.#quietly(this.#end(() => this.#audience.raise(error)))
  }

  /** → over. Whoever waits is told, `first` before them. */
  #end(first?: () => void): Promise<unknown> | undefined {
    const closing = this.#closeSource()
    const whole = this.#state.name === 'drained' && this.#given === this.#read
    this.#state = { name: 'over' }
    this.#rest()
    this.#witness.look()
    this.#inHand = undefined
    if (!whole) this.#carrier.cancelPending(undefined)
    first?.()
    this.#audience.end(() => this.#results.kept())
    this.#results.clear()
    return closing
  }

  #timeUp(): void {
    const error = new TimeoutError(`The map did not end within its mapTimeout of ${this.#mapTimeout} ms`)
    this.#witness.saw(error)
    this.#stop(error, error)
  }

  readonly #abort = (): void => {
    const reason = reasonOf(this.#signal)
    // Results that are there are not wanted any more either.
    this.#results.clear()
    this.#stop(new CancelledError('The map was cancelled by its signal', { reason }), reason)
  }

  /** The task that waits was cancelled, and has been told: as when the signal is aborted. */
  #interrupted(error: CancelledError): void {
    if (this.#isOver) return
    this.#results.clear()
    this.#stop(error, error.reason)
    // Nobody waited, or only the one who has been told.
    if (!this.#isOver) this.#raise(error)
  }

  /** → stopped. Also ends what runs. */
  #stop(error: unknown, reason: unknown): void {
    this.#quietly(this.#closeSource())
    this.#state = { name: 'stopped', error }
    this.#inHand = undefined
    this.#rest()
    this.#carrier.cancelAll(reason)
    this.#deliver()
  }

  /** Nothing more happens but that results are given: neither time nor the signal matter any more. */
  #rest(): void {
    this.#timer?.clear()
    this.#ignoreClosing?.()
    this.#ignoreSignal?.()
    this.#meter?.finish()
  }

  #closeSource(): Promise<unknown> | undefined {
    return this.#context.runInAsyncScope(() => this.#source.close())
  }

  /** For a source that is closed while something else is being told. */
  #quietly(closing: Promise<unknown> | undefined): void {
    closing?.then(undefined, (error) => report('RUNGS_CALLBACK', 'Closing the source of a map failed', error))
  }
}

/** Written out: a spread costs more than all the rest. */
function recordOf(index: number, input: unknown, outcome: Outcome, attempts: number, ms: number): SettledResult<unknown> {
  return outcome.status === 'fulfilled'
    ? { status: 'fulfilled', value: outcome.value, index, input, attempts, ms }
    : { status: 'rejected', reason: outcome.reason, index, input, attempts, ms }
}

function nothing(): never[] {
  return []
}
