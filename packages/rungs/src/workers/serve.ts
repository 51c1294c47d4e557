// Runs calls where the worker is: reads a request, runs it, tells the outcome. The channel is handed in; that this is a thread or a process shows
// nowhere else.
import { type Packed, viewOf } from '../calls/index.js'
import { type CurrentCall, runInCall } from '../core/current-call.js'
import { CancelledError, TimeoutError } from '../core/errors.js'
import type { Cells } from './cells.js'
import type { Channel } from './channel.js'
import type { ChildLine } from './child-line.js'
import { LentPlaces } from './lent-places.js'
import type { FromWorker, Parcel, Request, SentBytes, Startup, ToWorker, WorkerStart } from './messages.js'
import { nestedAt } from './nesting.js'
import type { WorkerEnd } from './ring/worker-end.js'
import { WorkerLoop } from './ring/worker-loop.js'
import { type CallPlace, chunkCalls, isPromise, RunningCall, runCall } from './running-call.js'
import { ChunkRun } from './serve-chunk.js'
import { runStream } from './serve-stream.js'
import { ShortCalls } from './short-calls.js'
import type { AnyFunction } from './work-item.js'
import { WorkerMail } from './worker-mail.js'

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
  /** The memory in which calls and replies lie. Undefined: all are messages, and the pool sends no more calls than there are places. */
  readonly ring?: { readonly end: WorkerEnd; readonly baseline: number } | undefined
  /** Where calls wait that came before there is a place for them. `forget`: a call will not be run, and nobody waits to hear of it. */
  readonly line?: { readonly calls: ChildLine; readonly forget: (id: number) => void } | undefined
}

export class Server {
  readonly #parts: ServerParts
  readonly #mail: WorkerMail
  readonly #lent: LentPlaces
  readonly #place: CallPlace
  readonly #active = new Map<number, RunningCall>()
  /** The call that is in its synchronous part. Most have no other and are never among the active ones. */
  #current: RunningCall | undefined
  /** Calls that came as messages and wait for a place, or for what lies before them in the shared memory. */
  readonly #waiting: Request[] = []
  readonly #loop: WorkerLoop | undefined
  readonly #short: ShortCalls | undefined
  /** Functions that are here, by their number. */
  readonly #targets = new Map<number, AnyFunction>()
  #retiring = false
  #finishing = false

  constructor(parts: ServerParts) {
    this.#parts = parts
    const { channel, start, cells } = parts
    nestedAt(start.depth)
    this.#place = {
      info: start.info,
      aborted: (cell) => (cell < 0 ? 0 : cells.aborted(cell)),
      progress: (id, value) => this.#progress(id, value),
    }
    this.#lent = new LentPlaces((message) => this.#mail.post(message))
    this.#mail = new WorkerMail({
      ...parts,
      ring: parts.ring?.end,
      lend: (call, what) => this.#lend(call, what),
      regain: (call) => this.#lent.regain(call),
    })
    if (parts.ring !== undefined) {
      const { end, baseline } = parts.ring
      // Who measures the memory has something to tell at the end of each call.
      if (!start.measureMemory) this.#short = this.#makeShort(end)
      this.#loop = new WorkerLoop(
        {
          end,
          short: (most) => this.#runShort(most),
          next: () => this.#next(end),
          hasPlace: () => this.#hasPlace,
          hasWaiting: () => this.#waiting.length > 0,
          idle: () => this.#active.size === 0,
          flush: () => this.#mail.output.flush(),
        },
        baseline,
      )
    }
    parts.line?.calls.serve({
      run: (request) => this.#call(request),
      hasPlace: () => this.#hasPlace,
      forget: ({ id }) => parts.line?.forget(id),
      drained: () => {
        if (this.#retiring) void this.#finishWhenIdle()
      },
    })
    process.on('exit', (code) => this.#exiting(code))
    channel.onMessage((message) => this.#receive(message))
  }

  /** Runs the initializer, then takes calls. */
  async start(): Promise<void> {
    const { initializer } = this.#parts.start
    try {
      if (initializer !== undefined) await this.#startup(initializer)
    } catch (error) {
      this.#mail.output.flush()
      const packed = this.#mail.packError(error)
      this.#mail.postPacked({ type: 'initializerFailed', reason: packed, definitions: this.#mail.definitionsFor(packed.uses) }, packed)
      this.#parts.exit(1)
      return
    }
    this.#mail.output.flush()
    this.#mail.post({ type: 'ready' })
    this.#loop?.wake()
  }

  #receive(message: ToWorker): void {
    this.#parts.ring?.end.received()
    this.#hear(message)
    this.#loop?.wake()
  }

  #hear(message: ToWorker): void {
    switch (message.type) {
      case 'poke':
        return
      case 'call':
        // Also of a call that will be skipped: they are not sent again.
        this.#mail.define(message.definitions)
        if (message.bytes !== undefined) this.#takeBytes(message, message.bytes)
        if (this.#parts.line !== undefined) this.#parts.line.calls.received(message)
        else if (this.#loop === undefined) this.#call(message)
        else this.#waiting.push(message)
        return
      case 'abort':
        this.#abort(message.id, message.timeout, this.#mail.read(message.reason, message.definitions))
        return
      case 'credit':
        this.#find(message.id)?.stream?.credit(message.count)
        return
      case 'retire':
        this.#retiring = true
        void this.#finishWhenIdle()
        return
      case 'memory':
        this.#parts.ring?.end.bulk.learn(message.id, message.buffer)
        return
      case 'forget':
        this.#parts.ring?.end.bulk.forget(message.id)
        return
      case 'cancelFuture':
        this.#cancelFuture(message.id, this.#mail.read(message.reason, message.definitions))
        return
      case 'rpcReply':
        this.#mail.remote.replied(message)
    }
  }

  #lend(call: CurrentCall | undefined, what: 'place' | 'thread'): void {
    if (!this.#lent.lend(call, what)) return
    // A call that came before there was a place for it has one now.
    this.#parts.line?.calls.wake()
    this.#loop?.placeLent()
  }

  #cancelFuture(id: number, reason: unknown): void {
    const { exported } = this.#mail.remote
    if (reason instanceof Promise)
      reason.then(
        (reason) => exported.cancel(id, reason),
        () => exported.cancel(id, undefined),
      )
    else exported.cancel(id, reason)
  }

  #takeBytes({ args }: Request, { at, kind, memory, isShared, byteOffset, byteLength, bytes }: SentBytes): void {
    const list = args.data as unknown[] // Arguments are an array.
    const bulk = this.#parts.ring?.end.bulk
    if (bytes !== undefined) list[at] = viewOf(kind, bytes)
    else list[at] = isShared ? bulk?.view(memory, kind, byteOffset, byteLength) : bulk?.read(memory, kind, byteLength)
  }

  // ---- a call ---------------------------------------------------------------------------------------------------

  get #hasPlace(): boolean {
    return this.#active.size < this.#parts.start.callsPerWorker + this.#lent.count
  }

  /** Runs the call that is next: in the order in which they were sent, whichever way they came. */
  #next(end: WorkerEnd): 'ended' | 'goesOn' | 'none' {
    if (!this.#hasPlace || this.#current !== undefined) return 'none'
    const first = this.#waiting[0]
    if (first !== undefined && ((first.after - end.read) | 0) <= 0) {
      this.#waiting.shift()
      return this.#call(first) ? 'goesOn' : 'ended'
    }
    if (!end.hasCall) return 'none'
    // Functions that it needs, and calls that come before it.
    if (end.hasMailBefore) {
      this.#parts.channel.pump()
      if (this.#waiting.length > 0 && this.#waiting[0] !== first) return this.#next(end)
    }
    return this.#call(end.take()) ? 'goesOn' : 'ended'
  }

  #makeShort(end: WorkerEnd): ShortCalls {
    return new ShortCalls({
      end,
      cells: this.#parts.cells,
      place: this.#place,
      targets: this.#targets,
      mayBegin: () => this.#current === undefined && this.#waiting.length === 0 && this.#hasPlace,
      flush: () => this.#mail.output.flush(),
      setCurrent: (call) => {
        this.#current = call
      },
      settle: (call, result) => this.#settleWith(call, result),
      fail: (call, error) => this.#failed(call, error),
    })
  }

  /** Runs at most so many calls that are nothing but a function and arguments. @returns how many have ended */
  #runShort(most: number): number {
    const count = this.#short?.run(most) ?? 0
    if (count > 0 && this.#retiring) void this.#finishWhenIdle()
    return count
  }

  /** @returns whether it has not ended yet */
  #call(request: Request): boolean {
    const { cells, ring } = this.#parts
    const { id, cell } = request
    const unwanted = this.#place.aborted(cell) !== 0
    // A chunk begins with its first item.
    if (unwanted || (cell >= 0 && request.mode !== 'items' && request.mode !== 'lists' && !cells.claim(cell))) {
      if (ring === undefined || cell < 0 || !ring.end.skipped(cell)) this.#skip(id)
      if (this.#retiring) void this.#finishWhenIdle()
      return false
    }
    const active = new RunningCall(request, this.#place)
    const before = this.#current
    this.#current = active
    try {
      const known = request.captured === undefined && request.args.plain ? this.#targets.get(request.target) : undefined
      const loaded = known === undefined ? this.#mail.load(request) : undefined
      if (known !== undefined)
        this.#run(active, known, request.args.data as unknown[]) // An array: so are all arguments.
      else if (loaded instanceof Promise) {
        this.#goesOn(active)
        loaded.then(
          ({ fn, args }) => this.#run(active, fn, args),
          (error) => this.#failed(active, error),
        )
      } else if (loaded !== undefined) {
        if (request.captured === undefined) this.#targets.set(request.target, loaded.fn)
        this.#run(active, loaded.fn, loaded.args)
      }
    } catch (error) {
      this.#failed(active, error)
    } finally {
      this.#current = before
    }
    if (this.#retiring) void this.#finishWhenIdle()
    return this.#active.has(id)
  }

  #skip(id: number): void {
    this.#mail.post({ type: 'reply', id, status: 'skipped', value: nothing, definitions: undefined, memory: undefined })
  }

  /** It has not ended when its synchronous part does. */
  #goesOn(active: RunningCall): void {
    active.since = performance.now()
    this.#active.set(active.request.id, active)
  }

  #find(id: number): RunningCall | undefined {
    return this.#active.get(id) ?? (this.#current?.request.id === id ? this.#current : undefined)
  }

  #run(active: RunningCall, fn: AnyFunction, args: unknown[]): void {
    const { request } = active
    // Its time runs from here: to load a module for the first time is not what a timeout is meant for.
    if (request.tellBegin) this.#mail.post({ type: 'begun', id: request.id, at: performance.timeOrigin + performance.now() })
    try {
      if (request.mode === 'items' || request.mode === 'lists') {
        active.chunk = new ChunkRun(request, chunkCalls(request.mode, active, fn, args), this.#parts.cells, {
          values: (values) => this.#mail.pack(values, 'result'),
          error: (error) => this.#mail.packError(error),
          send: (from, outcomes, packed, isLast) => {
            this.#mail.output.flush()
            const { id } = request
            const end = isLast ? { memory: this.#memory() } : undefined
            this.#mail.postPacked(
              { type: 'outcomes', id, from, outcomes, definitions: this.#mail.definitionsFor(packed.uses), end },
              packed,
            )
          },
          aborted: () => request.cell >= 0 && this.#parts.cells.aborted(request.cell) !== 0,
        })
        this.#settleChunk(active, active.chunk.run())
        return
      }
      if (request.mode === 'stream') {
        const place = { lend: () => this.#lend(active, 'place'), regain: () => this.#lent.regain(active) }
        const control = runStream(active, fn, args, request.credit, (value) => this.#item(request.id, value), place)
        active.stream = control
        this.#settleWith(active, control.ended)
        return
      }
      this.#settleWith(active, runCall(active, fn, args))
    } catch (error) {
      this.#failed(active, error)
    }
  }

  #settleWith(active: RunningCall, result: unknown): void {
    if (!isPromise(result)) {
      this.#succeeded(active, result)
      return
    }
    this.#goesOn(active)
    result.then(
      (value) => this.#succeeded(active, value),
      (error) => this.#failed(active, error),
    )
  }

  #settleChunk(active: RunningCall, told: boolean | Promise<boolean>): void {
    if (told === false) this.#succeeded(active, undefined)
    else if (told === true) this.#ended(active)
    else {
      this.#goesOn(active)
      told.then(
        (told) => this.#settleChunk(active, told),
        (error) => this.#failed(active, error),
      )
    }
  }

  #succeeded(active: RunningCall, value: unknown): void {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      if (this.#replyInRing(active, value)) return
    }
    try {
      const packed = this.#mail.pack(value, 'result')
      this.#reply(active, 'fulfilled', packed)
    } catch (error) {
      this.#failed(active, error)
    }
  }

  #failed(active: RunningCall, error: unknown): void {
    this.#reply(active, 'rejected', this.#mail.packError(error))
  }

  /** A small value, by way of the shared memory. @returns false when it has to go as a message */
  #replyInRing(active: RunningCall, value: unknown): boolean {
    const { ring, start } = this.#parts
    const { cell } = active.request
    if (ring === undefined || cell < 0 || start.measureMemory) return false
    this.#mail.output.flush()
    if (!ring.end.fulfilled(cell, value)) return false
    this.#ended(active)
    return true
  }

  #ended(active: RunningCall): void {
    if (this.#active.delete(active.request.id)) {
      const { ring, line } = this.#parts
      ring?.end.note(performance.now() - active.since, 1)
      line?.calls.note(performance.now() - active.since)
      this.#loop?.wake()
      line?.calls.wake()
    }
    if (this.#retiring) void this.#finishWhenIdle()
  }

  #reply(active: RunningCall, status: 'fulfilled' | 'rejected', packed: Packed): void {
    if (status === 'fulfilled' && packed.plain && this.#replyInRing(active, packed.data)) return
    const { id } = active.request
    this.#mail.output.flush()
    const memory = this.#memory()
    // If it cannot be posted the error goes instead; the call is forgotten only then.
    this.#mail.postPacked({ type: 'reply', id, status, value: packed, definitions: this.#mail.definitionsFor(packed.uses), memory }, packed)
    this.#ended(active)
  }

  #memory(): number | undefined {
    return this.#parts.start.measureMemory ? this.#parts.memory() : undefined
  }

  #progress(id: number, value: unknown): void {
    const packed = this.#mail.pack(value, 'progress')
    this.#mail.output.flush()
    this.#mail.postPacked({ type: 'progress', id, value: packed, definitions: this.#mail.definitionsFor(packed.uses) }, packed)
  }

  #item(id: number, value: unknown): void {
    const packed = this.#mail.pack(value, 'yielded value')
    this.#mail.output.flush()
    this.#mail.postPacked({ type: 'item', id, value: packed, definitions: this.#mail.definitionsFor(packed.uses) }, packed)
  }

  #abort(id: number, timeout: boolean, reason: unknown): void {
    const active = this.#find(id)
    if (active === undefined) {
      if (this.#parts.line?.calls.drop(id)) this.#skip(id)
      return
    }
    const abort = (reason: unknown): void => {
      active.abort(reason)
      active.stream?.credit('stop')
    }
    if (reason instanceof Promise) reason.then(abort, () => abort(timeout ? new TimeoutError() : new CancelledError()))
    else runInCall(active, () => abort(reason))
  }

  // ---- the end --------------------------------------------------------------------------------------------------

  async #startup(startup: Startup): Promise<void> {
    const { fn, args } = await this.#mail.load(startup)
    await fn(...args)
  }

  async #finishWhenIdle(): Promise<void> {
    if (this.#active.size > 0 || this.#current !== undefined || this.#waiting.length > 0 || this.#parts.ring?.end.hasCall) return
    if (this.#parts.line?.calls.empty === false) return
    if (this.#finishing) return
    this.#finishing = true
    const { finalizer } = this.#parts.start
    try {
      if (finalizer !== undefined) {
        this.#mail.post({ type: 'finishing' })
        await this.#startup(finalizer)
      }
    } catch (error) {
      const packed = this.#mail.packError(error)
      this.#mail.postPacked({ type: 'finalizerFailed', reason: packed, definitions: this.#mail.definitionsFor(packed.uses) }, packed)
    }
    this.#mail.output.flush()
    this.#mail.post({ type: 'bye' })
    this.#parts.exit(0)
  }

  #exiting(code: number): void {
    this.#current?.chunk?.flush()
    for (const active of this.#active.values()) if (active !== this.#current) active.chunk?.flush()
    this.#mail.output.flush()
    this.#mail.post({ type: 'exit', code })
  }
}

const nothing: Parcel = { plain: true, data: undefined }
