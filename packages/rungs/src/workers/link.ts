// The pool's end of the way to a worker: calls go, outcomes and all else come back. Thread or process is the channel's business.

import { BytesCall, cloningError, type Outgoing, PlainCall, type ShippedCall } from '../calls/index.js'
import { beforeCallout } from '../core/callout.js'
import { CancelledError, TimeoutError, WorkerDiedError } from '../core/errors.js'
import type { Future } from '../core/future.js'
import { fulfilled, type Outcome, rejected } from '../core/outcome.js'
import { queueMicrotask } from '../core/platform.js'
import { abortCodes, type Cells } from './cells.js'
import type { Channel } from './channel.js'
import type { Handle, HandleTable } from './handle-table.js'
import type { Death, HostEvents, WorkerHost } from './host.js'
import { ImportedFutures } from './imported-futures.js'
import { Inbox } from './inbox.js'
import type { FromWorker, SentBytes, ToWorker } from './messages.js'
import { Outbox } from './outbox.js'
import type { PoolLine } from './pool-line.js'
import { Questions } from './questions.js'
import type { BulkStore } from './ring/bulk.js'
import type { RingHub } from './ring/hub.js'
import { PoolEnd, type RingCall } from './ring/pool-end.js'
import type { Sending } from './sent-calls.js'
import { snapshotOf } from './snapshot.js'
import type { Attempt } from './work-item.js'
import type { WorkerRecord } from './worker-record.js'

export interface LinkParts {
  readonly channel: Channel<ToWorker, FromWorker>
  readonly cells: Cells
  readonly outgoing: Outgoing
  readonly handles: HandleTable
  readonly events: HostEvents
  /** Ends the worker now. `gone` of the link is called when it is. */
  readonly kill: (force: boolean) => void
  readonly print: (to: 'stdout' | 'stderr', text: string | Uint8Array) => void
  /** The pool's time now. */
  readonly now: () => number
  readonly setRef: (ref: boolean) => void
  /** Of a pool whose calls and replies lie in shared memory. */
  readonly hub?: RingHub | undefined
  /** Where bytes lie that go to workers. */
  readonly bulk?: BulkStore | undefined
  /** Of a process: the calls that stand in line there. */
  readonly line?: PoolLine | undefined
  /** Of a process: whether the call in this cell has really begun, and not only been sent. */
  readonly confirms?: ((cell: number) => boolean) | undefined
}

export class Link implements WorkerHost {
  readonly #parts: LinkParts
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #questions: Questions
  readonly #imported: ImportedFutures
  readonly #attempts = new Map<number, Attempt>()
  readonly replaceable = true
  /** Calls that went as messages and were taken back, until the worker has seen that, and their cells. */
  readonly #takenBack = new Map<number, number>()
  /** The worker as the pool's decisions see it, once something was taken back from it. */
  #record: WorkerRecord | undefined
  readonly #freeCells: number[]
  /** Whose cell it is. */
  readonly #byCell: (Attempt | undefined)[] = []
  /** Filled for each call: one for each would be a good part of what is allocated for a short one. */
  readonly #ringCall: RingCall = { id: 0, call: 0, attempt: 0, target: 0, cell: 0, key: undefined, captured: undefined, tellBegin: false }
  /** Where in the ring a call lies that was sent that way. */
  readonly #placeInRing: number[] = []
  readonly ring: PoolEnd | undefined
  readonly recall: (() => void) | undefined
  #saidBye = false
  isFinishing = false

  constructor(parts: LinkParts) {
    this.#parts = parts
    this.#outbox = new Outbox(parts.channel, parts.outgoing)
    const { handles } = parts
    this.#imported = new ImportedFutures(this.#outbox)
    this.#inbox = new Inbox(parts.outgoing, {
      toHandle: (value) => handles.toHandle(value),
      fromHandle: (handle) => {
        const given = handle as Handle // Written by the worker.
        return given.exported === undefined ? handles.fromHandle(given) : this.#imported.fromHandle(given)
      },
    })
    this.#questions = new Questions(parts.handles, this.#inbox, this.#outbox)
    this.#freeCells = Array.from({ length: parts.cells.count }, (_, cell) => parts.cells.count - 1 - cell)
    const { hub, line } = parts
    this.recall = line && (() => line.recall())
    this.ring =
      hub &&
      new PoolEnd({
        hub,
        onReply: this.#replied,
        pumpPort: () => parts.channel.pump(),
        poke: () => this.#outbox.post({ type: 'poke' }),
      })
    this.#outbox.ring = this.ring
    parts.bulk?.onForget(this.#outbox.forget)
    parts.channel.onMessage((message) => {
      // What wakes this thread is not counted: nothing has to be heard after it.
      if (message.type !== 'poke') this.ring?.received()
      this.#receive(message)
    })
  }

  send(attempt: Attempt, follows = false): void {
    const { item, id } = attempt
    const { shipped, mode, options } = item
    if (shipped === undefined) return
    const bytes = shipped instanceof BytesCall ? this.#outbox.bytesOf(shipped) : undefined
    const { target, captured, args } = shipped
    const cell = this.#freeCells.pop() ?? -1
    attempt.cell = cell
    if (cell >= 0) this.#parts.cells.clear(cell)
    if (cell >= 0) {
      this.#byCell[cell] = attempt
      if (this.#sendByRing(attempt, shipped, cell, follows)) return
      // It can be taken back: what is changed in its arguments meanwhile is not meant for it.
      if (attempt.early) item.shipped = snapshotOf(shipped)
    }
    this.#attempts.set(id, attempt)
    attempt.line = this.#parts.line?.next(attempt) ?? 0
    try {
      const transfer = captured === undefined ? args.transfer : [...captured.transfer, ...args.transfer]
      this.#outbox.send(
        {
          type: 'call',
          id,
          call: item.callId,
          key: options.key,
          attempt: attempt.number,
          target,
          captured: captured && { plain: captured.plain, data: captured.data },
          args: { plain: args.plain, data: bytes === undefined ? args.data : withoutBytes(args.data as unknown[], bytes) },
          definitions: this.#outbox.definitionsFor(target, captured?.uses, args.uses),
          cell,
          mode: mode.type === 'chunk' ? mode.of : mode.type,
          credit: mode.type === 'stream' ? mode.credit : 0,
          tellBegin: options.timeout !== undefined,
          after: this.ring?.written ?? 0,
          number: attempt.line,
          bytes,
        },
        transfer,
      )
    } catch (error) {
      // It cannot be copied after all, or what it moves has been moved before. Later: the pool is in the middle of handing over.
      queueMicrotask(() => this.#ended(attempt, rejected(cloningError(error, 'argument'))))
    }
  }

  /** @returns false when it has to go as a message */
  #sendByRing({ id, item, number }: Attempt, { target, captured, args }: ShippedCall, cell: number, follows: boolean): boolean {
    const { ring } = this
    const { options, mode } = item
    if (ring === undefined || !args.plain || args.transfer.length > 0 || mode.type !== 'call') return false
    // Of a function whose text is not there what it captured is a table.
    if (captured !== undefined && (!captured.plain || captured.uses.length > 0)) return false
    if (!this.#outbox.has(target)) return false
    const call = this.#ringCall
    call.id = id
    call.call = item.callId
    call.attempt = number
    call.target = target
    call.cell = cell
    call.key = options.key
    call.captured = captured?.data as readonly unknown[] | undefined // That of a maker.
    call.tellBegin = options.timeout !== undefined
    const place = ring.send(call, args.data as readonly unknown[], follows) // Arguments are an array.
    if (place < 0) return false
    this.#placeInRing[cell] = place
    return true
  }

  takeBack(attempt: Attempt): boolean {
    const { cell, id, item, worker } = attempt
    if (cell < 0 || !this.#parts.cells.takeBack(cell)) return false
    // The cell is free when the worker has seen that there is nothing to run.
    this.#byCell[cell] = undefined
    this.#record = worker
    if (worker !== undefined) worker.returning++
    if (this.#attempts.delete(id)) this.#takenBack.set(id, cell)
    else if (this.ring !== undefined && item.shipped !== undefined && !(item.shipped instanceof BytesCall)) {
      const { target, captured } = item.shipped
      const call = new PlainCall(target, this.ring.argsAt(this.#placeInRing[cell] as number)) // It went that way.
      item.shipped = captured === undefined ? call : { target, captured, args: call }
    }
    attempt.cell = -1
    attempt.rename()
    return true
  }

  abort(attempt: Attempt): void {
    const { abortReason: reason, cell, id } = attempt
    const timeout = reason instanceof TimeoutError
    if (cell >= 0) this.#parts.cells.abort(cell, timeout ? abortCodes.timedOut : abortCodes.cancelled)
    const packed = this.#outbox.pack(reason, () => (timeout ? new TimeoutError(reason.message) : new CancelledError()))
    this.#outbox.post(
      { type: 'abort', id, timeout, reason: packed, definitions: this.#outbox.definitionsFor(packed.uses) },
      packed.transfer,
    )
  }

  hasBegun(attempt: Attempt): boolean {
    const { cell, place, line } = attempt
    if (place !== 'running') return false
    if (line !== 0) return (this.#outbox.closed ? this.#parts.line?.mayHaveBegun(attempt) : this.#parts.line?.hasBegun(attempt)) ?? true
    return cell < 0 || this.#parts.cells.begun(cell) > 0
  }

  confirmsBegun(attempt: Attempt): boolean {
    if (!this.hasBegun(attempt)) return false
    const { cell, line } = attempt
    return cell < 0 || line !== 0 || (this.#parts.confirms?.(cell) ?? true)
  }

  /** Those that the process has taken out of its line. They may be sent again at once: what it still has of them has their old names. */
  takenOut(isTaken: (attempt: Attempt) => boolean): void {
    const taken: Attempt[] = []
    for (const [id, attempt] of this.#attempts) {
      if (!isTaken(attempt)) continue
      this.#attempts.delete(id)
      if (attempt.cell >= 0) {
        this.#byCell[attempt.cell] = undefined
        this.#freeCells.push(attempt.cell)
      }
      attempt.cell = -1
      attempt.line = 0
      attempt.rename()
      taken.push(attempt)
    }
    this.#parts.events.recalled?.(taken)
  }

  /** A reply that may come again. Only of calls that stood in line: others may have told something before that was not written. */
  repliedEarly(message: FromWorker): void {
    if (message.type !== 'reply') return
    const attempt = this.#attempts.get(message.id)
    if (attempt !== undefined && attempt.line !== 0) this.#receive(message)
  }

  credit({ id, cell, item }: Attempt, count: number | 'stop'): void {
    // A chunk may be in a loop that gets no message.
    if (item.mode.type === 'chunk' && cell >= 0 && this.#parts.cells.aborted(cell) === 0) this.#parts.cells.abort(cell, abortCodes.stopped)
    else this.#outbox.post({ type: 'credit', id, count })
  }

  retire(): void {
    this.#outbox.post({ type: 'retire' })
  }

  kill(force: boolean): void {
    this.#parts.kill(force)
  }

  setRef(ref: boolean): void {
    this.#parts.setRef(ref)
    this.#parts.channel.setRef(ref)
  }

  pump(): void {
    this.#parts.channel.pump()
    this.#parts.hub?.drainAndSleep()
  }

  get unsent(): number {
    return this.#parts.channel.unsent ?? 0
  }

  get callNs(): number {
    return this.ring?.callNs ?? this.#parts.line?.callNs ?? 0
  }

  /** The worker has ended. What it had said is heard first. */
  gone(death: Omit<Death, 'inPeace'>): void {
    if (this.#outbox.closed) return
    this.#parts.channel.pump()
    if (this.ring !== undefined) {
      this.ring.drainAll()
      this.ring.close()
    }
    this.#outbox.closed = true
    this.#parts.bulk?.offForget(this.#outbox.forget)
    this.#parts.channel.close()
    this.#questions.cancel()
    this.#inbox.turns.whenNone(() =>
      this.#imported.gone(new WorkerDiedError('The worker that had made the future has ended before it', death)),
    )
    for (const attempt of this.#attempts.values()) {
      const { mode } = attempt.item
      if (mode.type === 'chunk' && attempt.cell >= 0) mode.begun = Math.max(mode.begun, this.#parts.cells.begun(attempt.cell))
    }
    this.#inbox.turns.whenNone(() => this.#parts.events.gone({ ...death, inPeace: this.#saidBye }))
  }

  /** There will be no worker. */
  discard(): void {
    this.#parts.bulk?.offForget(this.#outbox.forget)
    this.ring?.close()
    this.#parts.channel.close()
  }

  // ---- what comes back ------------------------------------------------------------------------------------------

  #receive(message: FromWorker): void {
    const { events } = this.#parts
    // What it leads to may be code of the program: callbacks, codecs, what reads the progress.
    beforeCallout()
    // Also when nobody wants the rest of it any more: they are not sent again.
    if ('definitions' in message) this.#inbox.define(message.definitions)
    switch (message.type) {
      case 'ready':
        events.ready()
        return
      case 'initializerFailed':
        this.#inbox.read(message, message.reason, (reason) => events.initializerFailed(reason))
        return
      case 'finalizerFailed':
        this.#inbox.read(message, message.reason, (reason) => events.finalizerFailed(reason))
        return
      case 'begun': {
        const attempt = this.#attempt(message.id)
        // The clocks of threads and processes agree on the time of day only.
        if (attempt !== undefined)
          events.begun(attempt, this.#parts.now() - Math.max(0, performance.timeOrigin + performance.now() - message.at))
        return
      }
      case 'reply': {
        const attempt = this.#attempt(message.id)
        if (attempt === undefined) {
          const cell = this.#takenBack.get(message.id)
          if (cell !== undefined && this.#takenBack.delete(message.id)) this.#passedOver(cell)
          return
        }
        const { status, memory, value } = message
        const plain: Outcome | undefined =
          status === 'skipped' ? rejected(new CancelledError()) : status === 'fulfilled' && value.plain ? fulfilled(value.data) : undefined
        if (plain !== undefined) this.#inTurn(attempt, () => this.#ended(attempt, plain, memory))
        else
          this.#inbox.read(
            message,
            value,
            (value) => this.#ended(attempt, status === 'fulfilled' ? fulfilled(value) : rejected(value), memory),
            (reason) => this.#ended(attempt, rejected(reason), memory),
            attempt,
          )
        return
      }
      case 'progress': {
        const attempt = this.#attempt(message.id)
        if (attempt !== undefined) this.#inbox.read(message, message.value, (value) => events.progress(attempt, value), undefined, attempt)
        return
      }
      case 'item':
        this.#item(message)
        return
      case 'outcomes':
        this.#outcomes(message)
        return
      case 'output':
        this.#parts.print(message.to, message.text)
        return
      case 'lent':
      case 'regained': {
        const attempt = this.#attempt(message.id)
        if (attempt === undefined) return
        if (message.type === 'lent') events.lent(attempt, message.what)
        else events.regained(attempt)
        return
      }
      case 'rpc':
        this.#questions.answer(message)
        return
      case 'future':
        this.#imported.told(message, this.#inbox)
        return
      case 'release':
        this.#parts.handles.release(message.handle, message.count)
        return
      case 'poke':
        this.#parts.hub?.woken()
        return
      case 'finishing':
        this.isFinishing = true
        return
      case 'bye':
        this.isFinishing = false
        this.#saidBye = true
        return
      case 'exit':
        return
    }
  }

  /** A reply in the ring. */
  readonly #replied = (cell: number, skipped: boolean, value: unknown): void => {
    const attempt = this.#byCell[cell]
    if (attempt !== undefined) {
      if (!skipped && !this.#inbox.turns.isReading) {
        this.#fulfilled(attempt, value)
        return
      }
      const outcome = skipped ? rejected(new CancelledError()) : fulfilled(value)
      this.#inTurn(attempt, () => this.#ended(attempt, outcome))
      return
    }
    this.#passedOver(cell)
    for (const [id, taken] of this.#takenBack) if (taken === cell) this.#takenBack.delete(id)
  }

  /** The worker has seen that this call was taken back. */
  #passedOver(cell: number): void {
    this.#freeCells.push(cell)
    if (this.#record !== undefined) this.#record.returning--
  }

  /** A call that the worker has. Those that went by the ring are looked for only when a message tells of them. */
  #attempt(id: number): Attempt | undefined {
    return this.#attempts.get(id) ?? this.#byCell.find((attempt) => attempt?.id === id)
  }

  #inTurn(attempt: Attempt, hear: () => void): void {
    if (!this.#inbox.turns.defer(attempt, hear)) hear()
  }

  #fulfilled(attempt: Attempt, value: unknown): void {
    const { sending } = attempt
    if (sending === undefined) {
      this.#endedAlone(attempt, fulfilled(value))
      return
    }
    const future = this.#next(attempt, sending)
    if (future !== undefined) sending.fulfil(future, value)
    else this.#endedAlone(attempt, fulfilled(value))
  }

  /** Its call has ended. @returns the future of that, when the next call has taken its place and was sent: before anybody is told, who may want to cancel it */
  #next(attempt: Attempt, sending: Sending): Future<unknown> | undefined {
    const { cell, id } = attempt
    if (cell >= 0 ? this.#byCell[cell] !== attempt : !this.#attempts.has(id)) return undefined
    const future = sending.next(attempt, this.#parts.events.now())
    if (future === undefined) return undefined
    if (this.#attempts.size > 0) this.#attempts.delete(id)
    if (cell < 0 || !this.#sendInPlace(attempt, cell)) {
      if (cell >= 0) {
        this.#byCell[cell] = undefined
        this.#freeCells.push(cell)
      }
      this.send(attempt, true)
    }
    return future
  }

  /** @returns false when it has to go another way */
  #sendInPlace(attempt: Attempt, cell: number): boolean {
    const { shipped } = attempt.item
    if (shipped === undefined || this.ring === undefined) return false
    this.#parts.cells.clear(cell)
    return this.#sendByRing(attempt, shipped, cell, true)
  }

  #ended(attempt: Attempt, outcome: Outcome, memory?: number): void {
    const { sending } = attempt
    const future = sending && memory === undefined ? this.#next(attempt, sending) : undefined
    if (future !== undefined) sending?.settle(future, outcome)
    else this.#endedAlone(attempt, outcome, memory)
  }

  /** No other call has taken its place. */
  #endedAlone(attempt: Attempt, outcome: Outcome, memory?: number): void {
    const { cell, item } = attempt
    if (cell >= 0) {
      if (this.#byCell[cell] !== attempt) return
      this.#byCell[cell] = undefined
      this.#freeCells.push(cell)
      if (this.#attempts.size > 0) this.#attempts.delete(attempt.id)
    } else if (!this.#attempts.delete(attempt.id)) return
    const unreadable = item.mode.type === 'stream' ? item.mode.unreadable : undefined
    this.#parts.events.ended(attempt, unreadable === undefined ? outcome : rejected(unreadable.reason), memory)
  }

  #item(message: FromWorker & { type: 'item' }): void {
    const attempt = this.#attempt(message.id)
    const mode = attempt?.item.mode
    if (attempt === undefined || mode?.type !== 'stream') return
    const give = (value: unknown): void => {
      if (mode.unreadable === undefined) mode.onItem(value)
    }
    const failed = (reason: unknown): void => {
      if (mode.unreadable !== undefined) return
      mode.unreadable = { reason }
      this.credit(attempt, 'stop')
    }
    this.#inbox.read(message, message.value, give, failed, attempt)
  }

  #outcomes(message: FromWorker & { type: 'outcomes' }): void {
    const attempt = this.#attempt(message.id)
    const mode = attempt?.item.mode
    if (attempt === undefined || mode?.type !== 'chunk') return
    const { from, outcomes, end } = message
    const { listener } = mode
    const { ms } = outcomes
    const { events } = this.#parts
    const over = (): void => {
      if (end !== undefined) this.#ended(attempt, fulfilled(undefined), end.memory)
    }
    if (outcomes.kind === 'rejected') {
      const failed = (reason: unknown): void => {
        events.told(mode, 'failed', 1)
        listener.failed(from, reason, ms)
      }
      this.#inbox.read(message, outcomes.reason, failed, undefined, attempt)
      return
    }
    const give = (values: unknown): void => {
      const list = values as ArrayLike<unknown> // It was one when it was packed.
      events.told(mode, 'done', list.length)
      listener.values(from, list, ms)
      over()
    }
    const failed = (reason: unknown): void => {
      events.told(mode, 'failed', outcomes.count)
      for (let at = 0; at < outcomes.count; at++) listener.failed(from + at, reason, ms)
      over()
    }
    this.#inbox.read(message, outcomes.values, give, failed, attempt)
  }
}

/** Structured clone would copy them again. */
function withoutBytes(args: readonly unknown[], { at }: SentBytes): unknown[] {
  return args.map((arg, index) => (index === at ? undefined : arg))
}
