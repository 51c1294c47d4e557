// Runs calls where the worker is: reads a request, runs it, tells the outcome. The channel is handed in; that this is a thread or a process shows
// nowhere else.
import { Incoming, Outgoing, type Packed } from '../calls/index.js'
import { type CurrentCall, runInCall } from '../core/current-call.js'
import { CancelledError, TimeoutError } from '../core/errors.js'
import type { Cells } from './cells.js'
import type { Channel } from './channel.js'
import type { Definitions, FromWorker, Parcel, Request, Startup, ToWorker, WorkerStart } from './messages.js'
import { Output } from './output.js'
import { RemoteObjects } from './remote-objects.js'
import { isThenable, RunningCall, runCall } from './running-call.js'
import { ChunkRun } from './serve-chunk.js'
import { runStream, type StreamControl } from './serve-stream.js'
import type { AnyFunction } from './work-item.js'

export interface ServerParts {
  readonly channel: Channel<FromWorker, ToWorker>
  readonly start: WorkerStart
  readonly cells: Cells
  /** Bytes that this worker holds. */
  readonly memory: () => number
  /** Ends this thread or process. */
  readonly exit: (code: number) => void
  /** Blocks until a message has come, or for `ms`. */
  readonly waitForMessage: ((sequence: number, ms: number) => void) | undefined
  readonly messageSequence: () => number
}

export interface ActiveCall {
  readonly request: Request
  readonly running: RunningCall
  stream?: StreamControl
  chunk?: ChunkRun
  /** Futures of its own pool that it waits for. */
  waits: number
  lent: 'no' | 'place' | 'thread'
}

export class Server {
  readonly #parts: ServerParts
  readonly #output: Output
  readonly #outgoing: Outgoing
  readonly #incoming: Incoming
  readonly #remote: RemoteObjects
  readonly #active = new Map<number, ActiveCall>()
  readonly #calls = new WeakMap<CurrentCall, ActiveCall>()
  /** Definitions that the pool has. */
  readonly #sent = new Set<number>()
  #retiring = false

  constructor(parts: ServerParts) {
    this.#parts = parts
    const { channel, start } = parts
    this.#output = new Output((to, text) => channel.post({ type: 'output', to, text }))
    this.#remote = new RemoteObjects({
      post: (message, transfer) => this.post(message, transfer),
      pack: (value) => this.#outgoing.pack(value),
      definitionsFor: (uses) => this.definitionsFor(uses),
      read: (parcel, definitions) => this.#read(parcel, definitions),
      executors: start.executors,
      pool: start.pool,
      wait: parts.waitForMessage,
      sequence: parts.messageSequence,
      pump: () => channel.pump(),
      lend: (call, what) => this.#lend(call, what),
      regain: (call) => this.#regain(call),
    })
    this.#outgoing = new Outgoing({
      boundary: start.boundary,
      handles: this.#remote,
      ...(start.code !== undefined && { code: start.code }),
    })
    this.#incoming = new Incoming({ outgoing: this.#outgoing, handles: this.#remote })
    process.on('exit', (code) => this.#exiting(code))
    channel.onMessage((message) => this.#receive(message))
  }

  /** Runs the initializer, then takes calls. */
  async start(): Promise<void> {
    const { initializer } = this.#parts.start
    try {
      if (initializer !== undefined) await this.#startup(initializer)
    } catch (error) {
      this.#output.flush()
      const packed = this.#outgoing.packError(error)
      this.#post({ type: 'initializerFailed', reason: packed, definitions: this.definitionsFor(packed.uses) }, packed)
      this.#parts.exit(1)
      return
    }
    this.#output.flush()
    this.#parts.channel.post({ type: 'ready' })
  }

  #receive(message: ToWorker): void {
    switch (message.type) {
      case 'call':
        this.#call(message)
        return
      case 'abort':
        this.#abort(message.id, message.timeout, this.#read(message.reason, message.definitions))
        return
      case 'credit':
        this.#active.get(message.id)?.stream?.credit(message.count)
        return
      case 'retire':
        this.#retiring = true
        void this.#finishWhenIdle()
        return
      case 'rpcReply':
        this.#remote.replied(message)
    }
  }

  // ---- a call ---------------------------------------------------------------------------------------------------

  #call(request: Request): void {
    const { cells, start, channel } = this.#parts
    const { id, cell } = request
    const aborted = (): number => (cell < 0 ? 0 : cells.aborted(cell))
    if (aborted() !== 0) {
      channel.post({ type: 'reply', id, status: 'skipped', value: nothing, definitions: undefined, memory: undefined })
      return
    }
    const progress = (value: unknown): void => this.#progress(id, value)
    const running = new RunningCall({ id: request.call, key: request.key, attempt: request.attempt, worker: start.info, aborted, progress })
    const active: ActiveCall = { request, running, waits: 0, lent: 'no' }
    this.#active.set(id, active)
    this.#calls.set(running, active)
    if (cell >= 0 && request.mode !== 'chunk') cells.begin(cell)
    try {
      const loaded = this.#load(request)
      if (loaded instanceof Promise) {
        loaded.then(
          ({ fn, args }) => this.#run(active, fn, args),
          (error) => this.#failed(active, error),
        )
      } else this.#run(active, loaded.fn, loaded.args)
    } catch (error) {
      this.#failed(active, error)
    }
  }

  #load({
    definitions,
    target,
    captured,
    args,
  }: Startup | Request): { fn: AnyFunction; args: unknown[] } | Promise<{ fn: AnyFunction; args: unknown[] }> {
    this.#define(definitions)
    const ready = this.#remote.loading
    if (ready !== undefined) return ready.then(() => this.#load({ definitions: [], target, captured, args }))
    // By way of unknown: `args` was an array when it was packed, and the target a function.
    const fn = this.#incoming.load(target, captured) as unknown as AnyFunction | Promise<AnyFunction>
    const list = this.#incoming.unpack(args) as unknown[] | Promise<unknown[]>
    if (fn instanceof Promise || list instanceof Promise) return Promise.all([fn, list]).then(([fn, args]) => ({ fn, args }))
    return { fn, args: list }
  }

  #run(active: ActiveCall, fn: AnyFunction, args: unknown[]): void {
    const { request, running } = active
    // Its time runs from here: to load a module for the first time is not what a timeout is meant for.
    if (request.tellBegin) this.post({ type: 'begun', id: request.id, at: performance.timeOrigin + performance.now() })
    try {
      if (request.mode === 'chunk') {
        // Each of the arguments is the list of those of one item.
        active.chunk = new ChunkRun(request, args as unknown[][], this.#parts.cells, {
          call: (list) => runCall(running, fn, list),
          values: (values) => this.#outgoing.pack(values, { label: 'result' }),
          error: (error) => this.#outgoing.packError(error),
          send: (from, outcomes, packed) => {
            this.#output.flush()
            this.#post({ type: 'outcomes', id: request.id, from, outcomes, definitions: this.definitionsFor(packed.uses) }, packed)
          },
          aborted: () => request.cell >= 0 && this.#parts.cells.aborted(request.cell) !== 0,
        })
        this.#settleWith(active, active.chunk.run())
        return
      }
      if (request.mode === 'stream') {
        const control = runStream(running, fn, args, request.credit, (value) => this.#item(request.id, value))
        active.stream = control
        this.#settleWith(active, control.ended)
        return
      }
      this.#settleWith(active, runCall(running, fn, args))
    } catch (error) {
      this.#failed(active, error)
    }
  }

  #settleWith(active: ActiveCall, result: unknown): void {
    if (!isThenable(result)) this.#succeeded(active, result)
    else
      result.then(
        (value) => this.#succeeded(active, value),
        (error) => this.#failed(active, error),
      )
  }

  #succeeded(active: ActiveCall, value: unknown): void {
    try {
      const packed = this.#outgoing.pack(value, { label: 'result' })
      this.#reply(active, 'fulfilled', packed)
    } catch (error) {
      this.#failed(active, error)
    }
  }

  #failed(active: ActiveCall, error: unknown): void {
    this.#reply(active, 'rejected', this.#outgoing.packError(error))
  }

  #reply(active: ActiveCall, status: 'fulfilled' | 'rejected', packed: Packed): void {
    const { id } = active.request
    this.#output.flush()
    const memory = this.#parts.start.measureMemory ? this.#parts.memory() : undefined
    // If it cannot be posted the error goes instead; the call is forgotten only then.
    this.#post({ type: 'reply', id, status, value: packed, definitions: this.definitionsFor(packed.uses), memory }, packed)
    this.#active.delete(id)
    if (this.#retiring) void this.#finishWhenIdle()
  }

  #progress(id: number, value: unknown): void {
    const packed = this.#outgoing.pack(value, { label: 'progress' })
    this.#output.flush()
    this.#post({ type: 'progress', id, value: packed, definitions: this.definitionsFor(packed.uses) }, packed)
  }

  #item(id: number, value: unknown): void {
    const packed = this.#outgoing.pack(value, { label: 'yielded value' })
    this.#output.flush()
    this.#post({ type: 'item', id, value: packed, definitions: this.definitionsFor(packed.uses) }, packed)
  }

  #abort(id: number, timeout: boolean, reason: unknown): void {
    const active = this.#active.get(id)
    if (active === undefined) return
    const abort = (reason: unknown): void => {
      active.running.abort(reason)
      active.stream?.credit('stop')
    }
    if (reason instanceof Promise) reason.then(abort, () => abort(timeout ? new TimeoutError() : new CancelledError()))
    else runInCall(active.running, () => abort(reason))
  }

  // ---- places that calls lend -----------------------------------------------------------------------------------

  #lend(call: CurrentCall | undefined, what: 'place' | 'thread'): void {
    const active = call && this.#calls.get(call)
    if (active === undefined) return
    active.waits++
    if (active.lent === what || active.lent === 'thread') return
    if (active.lent === 'place') this.post({ type: 'regained', id: active.request.id })
    active.lent = what
    this.post({ type: 'lent', id: active.request.id, what })
  }

  #regain(call: CurrentCall | undefined): void {
    const active = call && this.#calls.get(call)
    if (active === undefined || --active.waits > 0) return
    active.lent = 'no'
    this.post({ type: 'regained', id: active.request.id })
  }

  // ---- messages -------------------------------------------------------------------------------------------------

  post(message: FromWorker, transfer?: readonly unknown[]): void {
    this.#parts.channel.post(message, transfer)
  }

  /** A message with a value in it. When the value turns out not to be sendable, the call fails instead. */
  #post(message: FromWorker, packed: Packed): void {
    try {
      this.post(message, packed.transfer)
    } catch (error) {
      const { id } = message as { id?: number }
      const instead = this.#outgoing.packError(error)
      this.post({
        type: 'reply',
        id: id ?? -1,
        status: 'rejected',
        value: instead,
        definitions: this.definitionsFor(instead.uses),
        memory: undefined,
      })
    }
  }

  definitionsFor(uses: readonly number[]): Definitions | undefined {
    let definitions: [number, unknown][] | undefined
    for (const id of uses) {
      if (this.#sent.has(id)) continue
      this.#sent.add(id)
      definitions ??= []
      definitions.push([id, this.#outgoing.definition(id)])
    }
    return definitions
  }

  #define(definitions: Definitions | undefined): void {
    if (definitions !== undefined) for (const [id, definition] of definitions) this.#incoming.define(id, definition)
  }

  #read(parcel: Parcel, definitions: Definitions | undefined): unknown {
    this.#define(definitions)
    return this.#incoming.unpack(parcel)
  }

  // ---- the end --------------------------------------------------------------------------------------------------

  async #startup(startup: Startup): Promise<void> {
    const { fn, args } = await this.#load(startup)
    await fn(...args)
  }

  async #finishWhenIdle(): Promise<void> {
    if (this.#active.size > 0) return
    const { finalizer } = this.#parts.start
    try {
      if (finalizer !== undefined) await this.#startup(finalizer)
    } catch (error) {
      const packed = this.#outgoing.packError(error)
      this.#post({ type: 'finalizerFailed', reason: packed, definitions: this.definitionsFor(packed.uses) }, packed)
    }
    this.#output.flush()
    this.post({ type: 'bye' })
    this.#parts.exit(0)
  }

  #exiting(code: number): void {
    for (const { chunk } of this.#active.values()) chunk?.flush()
    this.#output.flush()
    this.post({ type: 'exit', code })
  }
}

const nothing: Parcel = { plain: true, data: undefined }
