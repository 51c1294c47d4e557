import type { Metric } from './claim.js'

export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** @throws {RangeError} of no values: there is no number to print, and a made-up one would look measured. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  if (low === undefined || high === undefined) throw new RangeError('the median of no values')
  return (low + high) / 2
}

export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/** The smallest value that at least this share of the sorted values does not exceed. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (value === undefined) throw new RangeError('a percentile of no values')
  return value
}

/**
 * How many times better ours is: the median over the rounds in which both were measured of the ratio within that round. The two
 * runs of a round are seconds apart, so what slows the machine for longer than that is in both and cancels out.
 * Undefined when no round has both.
 */
export function timesBetter(ours: ByRound, theirs: ByRound, better: Metric['better']): number | undefined {
  const ratios: number[] = []
  for (const [round, our] of ours) {
    const their = theirs.get(round)
    if (their !== undefined) ratios.push(better === 'higher' ? our / their : their / our)
  }
  return ratios.length === 0 ? undefined : median(ratios)
}

export type ByRound = ReadonlyMap<number, number>
