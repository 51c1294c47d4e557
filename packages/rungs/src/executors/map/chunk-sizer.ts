// How many items the next chunk has: data in, a number out. It starts with one item, since nothing is known of them; grows while chunks are
// over too soon; shrinks at once when one took long; and cuts smaller and smaller pieces at the end of the input, so that no worker is left
// with nothing to do while another has a whole chunk to go ("guided self-scheduling").

/** What is known of the items. */
export interface Sizing {
  /** How many items the next chunk has, before it is fitted to the end of the input. */
  readonly size: number
  /** How long an item takes, on the safe side; undefined before the first chunk has ended. */
  readonly msPerItem: number | undefined
  /** How many items the last chunk had that was measured. */
  readonly measured: number
}

/** A chunk has ended. */
export interface ChunkEnded {
  readonly items: number
  /** How long its items took together. */
  readonly ms: number
}

/** What a chunk should take: long enough to make a message cheap, short enough to keep the workers even. */
export const targetMs = 5
/** Growth in one step, of what was measured. */
export const maxGrowth = 8
/**
 * No item is cheaper than this, all told: it has to be sent, and its result too. It keeps a message of trivial items at 12,500: longer ones gain
 * nothing, hold up the event loop here, and live long enough to be a burden to the garbage collector.
 */
export const leastMsPerItem = 0.0004
/** At the end of the input a chunk need not be cut smaller than this. */
export const leastMs = 0.1

export const firstSizing: Sizing = { size: 1, msPerItem: undefined, measured: 0 }

/** What is known after `ended`. */
export function nextSizing(sizing: Sizing, { items, ms }: ChunkEnded): Sizing {
  if (items < 1) return sizing
  const measured = Math.max(ms / items, leastMsPerItem)
  const before = sizing.msPerItem
  // Slower than thought counts at once, faster only by the share of items that say so: one long chunk too many is worse than some short ones, but the
  // very first call of a function, which is the slowest, says little about a hundred.
  const share = items / (items + sizing.measured)
  const msPerItem = before === undefined || measured >= before ? measured : share * measured + (1 - share) * before
  const wanted = Math.floor(targetMs / msPerItem)
  // The step is taken from what was measured: several chunks of one item say no more about a thousand than a single one does.
  const most = Math.max(sizing.size, items * maxGrowth)
  return { size: Math.max(1, Math.min(wanted, most)), msPerItem, measured: items }
}

/** How many items to cut now, when `remaining` are left and nothing comes after them. */
export function fittedSize({ size, msPerItem }: Sizing, remaining: number, workers: number): number {
  const fair = Math.ceil(remaining / (2 * workers))
  const least = msPerItem === undefined ? 1 : Math.floor(leastMs / msPerItem)
  return Math.max(1, Math.min(size, Math.max(fair, least), remaining))
}
