// What the parts of a pool have in common.
import type { HeldFunction, Keeper, Outgoing } from '../calls/index.js'
import { type CallSite, captureCallSite } from '../core/call-site.js'
import { putOff } from '../core/callout.js'
import type { Bell } from './bell.js'
import { Deadlines } from './deadlines.js'
import { Deaths } from './deaths.js'
import type { Batches, SpawnHost, WorkerHost } from './host.js'
import { keptShapes } from './kept-shapes.js'
import type { PoolOptions } from './pool-options.js'
import { PoolState } from './pool-state.js'
import type { AnyFunction, WorkItem } from './work-item.js'

/** The function whose caller submits, or, for what is submitted later, where that was. */
export type Origin = AnyFunction | { readonly site: CallSite | undefined; readonly held?: HeldFunction | undefined }

export interface PoolParts {
  readonly spawn: SpawnHost
  /** Turns calls into data; undefined where nothing is sent. */
  readonly outgoing?: Outgoing | undefined
  /** Rung by workers when they have told something. Undefined where they need this thread. */
  readonly news?: Bell | undefined
  /** Of workers that can have calls before they have a place for them. */
  readonly hub?: Batches | undefined
  /** Keeps bytes for workers. */
  readonly bulk?: Keeper | undefined
}

export class PoolCore {
  readonly options: PoolOptions
  readonly parts: PoolParts
  readonly state: PoolState
  readonly deadlines = new Deadlines()
  readonly hosts = new Map<number, WorkerHost>()
  /** Paused before their next attempt. */
  readonly paused = new Set<WorkItem>()
  readonly deaths: Deaths
  readonly counts = { done: 0, failed: 0, cancelled: 0, retried: 0, restarts: 0, busyMs: 0 }
  /** It was shut down, and what has not begun is not wanted. */
  cancelsFutures = false
  terminating: { readonly kill: boolean } | undefined = undefined
  /** When the batch began whose outcomes are being handed over. */
  batchNow: number | undefined = undefined
  readonly shapes = keptShapes
  /** Performs what was decided; in the middle of a batch, after it. */
  readonly drain: () => void
  /** The same at once, wherever this thread is. */
  readonly perform: () => void

  constructor(options: PoolOptions, parts: PoolParts, drain: () => void, perform: () => void) {
    this.options = options
    this.parts = parts
    this.drain = drain
    this.perform = perform
    this.deaths = new Deaths(options.name)
    this.state = new PoolState(options, () => this.deadlines.now())
  }

  /** Whether calls that a worker has a place for may come back, because another blocks its thread. */
  get mayTakeBack(): boolean {
    return this.options.callsPerWorker > 1 && this.parts.outgoing !== undefined
  }

  /** What was decided is performed before code of the program runs, which may block this thread until that has led to something. Tasks need it themselves. */
  putOff(): void {
    if (this.parts.outgoing === undefined) return
    const { admitted, actions } = this.state
    if (admitted.length > 0 || actions.length > 0) putOff(this.perform)
  }

  /** The time, or when the batch began. */
  now(): number {
    return this.batchNow ?? this.deadlines.now()
  }
}

export function siteFrom(from: Origin): CallSite | undefined {
  return typeof from === 'function' ? captureCallSite(from) : from.site
}
