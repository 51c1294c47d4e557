// How long the calls of a pool take, and what follows from that: how many of them a worker is given ahead.
import { mostAhead } from './ring/layout.js'

/** Nanoseconds of work that a worker is given ahead. */
const aheadNs = 1e6

/**
 * How many calls more than it has places a worker may have. `slowest`: nanoseconds of a call at the slowest worker, 0 when nothing is known.
 * `steady`: workers are not replaced after a number of calls.
 */
export function aheadFor(slowest: number, steady: boolean): number {
  return slowest === 0 || !steady ? 0 : Math.min(mostAhead, Math.floor(aheadNs / slowest))
}
