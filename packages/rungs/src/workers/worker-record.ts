import { TicketList } from './ticket.js'

/**
 *   starting ──ready──▶ ready ──▶ retiring ──gone──▶ (forgotten)
 *       └─────────────────┴───── dying ──gone──▶
 *
 * `retiring`: ends after its calls, in peace. `dying`: is being ended.
 */
export type WorkerPhase = 'starting' | 'ready' | 'retiring' | 'dying'

/** A worker as the decisions see it. */
export interface WorkerRecord {
  /** Never used twice. */
  readonly id: number
  /** From 0; a worker that replaces another takes its index. */
  readonly index: number
  phase: WorkerPhase
  /** What it is known to have. */
  readonly calls: TicketList
  /** Additional places, lent by calls that wait for others. */
  extra: number
  /** Calls of it that block its thread and wait for others: nothing else begins there meanwhile. */
  blockedBy: number
  /** Whether the roster has it in its list of those that may have a place of their own free, or a lent one. */
  listed: boolean
  listedLent: boolean
  /** How many calls it was given, ever. */
  given: number
  /** Since when it has no call; undefined while it has. */
  idleSince: number | undefined
  /** When it was last given a call while it had none. Only where calls are known to be short. */
  busySince: number
  /** How many of its calls wait there for a place. */
  ahead: number
  /** Whether it is given calls ahead. `recalling`: not until those that it has were taken back. `stuck`: not until one of its calls has ended. */
  pace: 'even' | 'recalling' | 'stuck'
  /** At how many looks in a row nothing had ended there. */
  still: number
  /** When a call has last ended there. Kept for the pool. */
  lastEnd: number
  /** How many were taken back and not yet been passed over there: until then they take room. Kept by who takes them back. */
  returning: number
}

export function startingWorker(id: number, index: number): WorkerRecord {
  return {
    id,
    index,
    phase: 'starting',
    calls: new TicketList(),
    extra: 0,
    blockedBy: 0,
    listed: false,
    listedLent: false,
    given: 0,
    idleSince: undefined,
    busySince: 0,
    ahead: 0,
    pace: 'even',
    still: 0,
    lastEnd: 0,
    returning: 0,
  }
}
