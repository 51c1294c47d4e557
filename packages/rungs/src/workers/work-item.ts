// What stays here of a call: the work item, with the future of whoever submitted it. Each attempt to run it is a ticket of its own, so that the
// late end of an attempt that was given up is not taken for the end of the next.
import type { AsyncResource } from 'node:async_hooks'
import { hasHandles, type Packed, type ShippedCall } from '../calls/index.js'
import type { CheckedCallOptions } from '../core/call-options.js'
import type { CallSite } from '../core/call-site.js'
import type { CancelledError } from '../core/errors.js'
import { cancelFuture, createFuture, type Driver, type Future, failFuture, fulfilFuture, startFuture } from '../core/future.js'
import type { Outcome } from '../core/outcome.js'
import type { Deadline } from './deadlines.js'
import type { TaskCall } from './local.js'
import type { Sending } from './sent-calls.js'
import { isSmall, sharesMemory } from './small.js'
import { Batch, Ticket } from './ticket.js'

// biome-ignore lint/suspicious/noExplicitAny: any function can be submitted; its parameters are checked where submit() is called.
export type AnyFunction = (...args: any[]) => unknown

/** What a call is, beyond a function and arguments: one call, a generator whose items come one by one, or many calls in one message. */
export type Mode =
  | { readonly type: 'call' }
  | StreamMode
  /**
   * `of`: its arguments are the items and the index of the first; or each is the list of arguments of one call. `left`: of how many nothing was told.
   * `begun`: how many items had begun when its worker died.
   */
  | { readonly type: 'chunk'; readonly of: 'items' | 'lists'; readonly listener: ChunkListener; left: number; begun: number }

export interface StreamMode {
  readonly type: 'stream'
  readonly onItem: (value: unknown) => void
  readonly credit: number
  /** Set when an item has come that cannot be read here: with that the stream fails. */
  unreadable?: { readonly reason: unknown } | undefined
}

/** Told of the items of a chunk, in order. */
export interface ChunkListener {
  values(from: number, values: ArrayLike<unknown>, ms: number): void
  failed(offset: number, reason: unknown, ms: number): void
}

export const oneCall: Mode = { type: 'call' }

/** Who runs the item: what its future asks of it. */
export interface ItemOwner {
  cancelled(item: WorkItem, reason: unknown): void
  isRunning(item: WorkItem): boolean
  /** Somebody waits for it. */
  awaited(item: WorkItem): void
  /** Whether the code that runs now is a part of the call of this future. */
  isOwn(future: Future<unknown>): boolean
  /** Undefined where the call needs this very thread. */
  readonly waitSync: ((future: Future<unknown>, ms: number) => void) | undefined
}

/** One of a batch: nobody has a future of it. */
export interface Part {
  readonly batch: Batch
  /** Gets the outcome. Called once. */
  readonly receive: (outcome: Outcome, item: WorkItem) => void
  received: boolean
  /** Of the call that it is at, if that has one. */
  readonly future?: Future<unknown> | undefined
  /** Ends it wherever it is. Where it is not there, `receive` gets the error. */
  readonly stop?: (error: CancelledError, reason: unknown) => void
}

export interface Limits {
  deadline?: Deadline
  /** Before its next attempt. */
  pause?: Deadline
  /** Why it is tried again. */
  failure?: { readonly reason: unknown }
  /** Its reader has left; by then it has to be over. */
  leaving?: Deadline
}

export class WorkItem implements Driver {
  /** How often it was started. */
  attempts = 0
  startedAt: number | undefined = undefined
  endedAt: number | undefined = undefined
  /** The attempt that counts. */
  attempt: Attempt | undefined = undefined
  /** Most calls have none of these. */
  limits: Limits | undefined = undefined
  /** No further attempt is wanted. */
  isLast = false
  /** The call as data; undefined where nothing is sent. */
  shipped: ShippedCall | undefined = undefined
  #future: Future<unknown> | undefined = undefined

  constructor(
    readonly owner: ItemOwner,
    readonly fn: AnyFunction,
    readonly args: readonly unknown[],
    readonly options: CheckedCallOptions,
    readonly mode: Mode,
    readonly site: CallSite | undefined,
    /** The async context of the submitter. */
    readonly context: AsyncResource,
    /** Of one of many that were submitted together. */
    readonly part: Part | undefined = undefined,
  ) {}

  /** Made when it is first asked for: the items of a batch do without. */
  get future(): Future<unknown> {
    this.#future ??= createFuture({ driver: this, key: this.options.key, site: this.site })
    return this.#future
  }

  /** The number by which users know the call. */
  get callId(): number {
    return (this.part?.future ?? this.future).id
  }

  get done(): boolean {
    return this.part === undefined ? this.future.done : this.part.received
  }

  /** Milliseconds from the first start to the end. */
  get ms(): number {
    return this.startedAt === undefined || this.endedAt === undefined ? 0 : this.endedAt - this.startedAt
  }

  start(): void {
    if (this.part === undefined) startFuture(this.future)
  }

  fulfil(value: unknown): void {
    if (this.part === undefined) fulfilFuture(this.future, value)
    else receive(this, this.part, { status: 'fulfilled', value })
  }

  fail(reason: unknown): boolean {
    return this.part === undefined ? failFuture(this.future, reason) : receive(this, this.part, { status: 'rejected', reason })
  }

  /** Ends it wherever it is. */
  stop(error: CancelledError, reason?: unknown): void {
    if (this.part === undefined) cancelFuture(this.future, error, reason)
    else if (this.part.stop !== undefined) this.part.stop(error, reason)
    else if (receive(this, this.part, { status: 'rejected', reason: error })) this.owner.cancelled(this, reason)
  }

  /** It has ended, and stands for another call from now on. */
  renew(): void {
    this.attempts = 0
    this.startedAt = undefined
    this.endedAt = undefined
    this.limits = undefined
    this.isLast = false
    this.shipped = undefined
  }

  tryNoMore(): void {
    this.isLast = true
  }

  // ---- what its future asks -------------------------------------------------------------------------------------

  cancel(_future: Future<unknown>, reason: unknown): void {
    this.owner.cancelled(this, reason)
  }

  isRunning(): boolean {
    return this.owner.isRunning(this)
  }

  awaited(): void {
    this.owner.awaited(this)
  }

  isOwn(future: Future<unknown>): boolean {
    return this.owner.isOwn(future)
  }

  get waitSync(): ((future: Future<unknown>, ms: number) => void) | undefined {
    return this.owner.waitSync
  }
}

function receive(item: WorkItem, part: Part, outcome: Outcome): boolean {
  if (part.received) return false
  part.received = true
  part.receive(outcome, item)
  return true
}

let lastId = 0

export class Attempt extends Ticket {
  /** Names it on the way to the worker and back. */
  id = ++lastId
  /** Which place in the worker's shared memory is its own. */
  cell = -1
  /** Its number among those that stand in line at a process; 0: none. */
  line = 0
  sentAt: number | undefined = undefined
  startedAt: number | undefined = undefined
  /** Futures of its own pool that it waits for: while there are some, its place is lent. Only of tasks; a worker counts for itself. */
  waits = 0
  /** Of one that stands for call after call of those that are sent. */
  sending: Sending | undefined = undefined
  /** Of a task: what runs here. */
  task: TaskCall | undefined = undefined
  timeout: Deadline | undefined = undefined
  grace: Deadline | undefined = undefined
  /** Why it is no longer wanted: what its signal is aborted with. */
  abortReason: unknown = undefined

  constructor(
    readonly item: WorkItem,
    readonly number: number,
  ) {
    super(item.options.priority)
  }

  override renew(): void {
    super.renew()
    this.rename()
    this.cell = -1
    this.line = 0
    this.sentAt = undefined
    this.startedAt = undefined
    this.timeout = undefined
    this.grace = undefined
    this.abortReason = undefined
    this.item.renew()
  }

  /** It was taken back: what a worker still says of it is about the way that it has come back from. */
  rename(): void {
    this.id = ++lastId
  }
}

export function itemOf(ticket: Ticket): WorkItem {
  return (ticket as Attempt).item // All tickets of a pool are attempts, but for its batches.
}

/** Those that a batch has left are made now: they end without having begun. */
export function itemsOf(ticket: Ticket): WorkItem[] {
  return ticket instanceof Batch ? Array.from({ length: ticket.count }, () => itemOf(ticket.take())) : [itemOf(ticket)]
}

/** Names the call in a message, if it has a name. */
export function labelOf(item: WorkItem): string {
  return item.options.key === undefined ? '' : ` (call ${JSON.stringify(item.options.key)})`
}

/**
 * What can be taken back without a loss: a call of small arguments, or a chunk, whose function has captured little. What stands for an object that stays
 * here would be let go there.
 */
export function mayGoAhead({ shipped, mode }: WorkItem): boolean {
  if (shipped === undefined) return false
  const { captured, args } = shipped
  if (captured !== undefined && !(canComeAgain(captured) && isSmall(captured.data))) return false
  return canComeAgain(args) && (mode.type === 'chunk' || (mode.type === 'call' && isSmall(args.data)))
}

/** Nothing in it moves, or stands for an object that stays here. */
function canComeAgain(packed: Packed): boolean {
  return packed.transfer.length === 0 && (packed.plain || !hasHandles(packed))
}

/** Says which function a call has, to learn from how long others of it took. 0: whatever it captured may make it another. */
export function kindOf({ shipped, mode }: WorkItem): number {
  if (shipped === undefined || mode.type !== 'call' || sharesMemory()) return 0
  return shipped.captured === undefined || shipped.captured.plain ? shipped.target : 0
}
