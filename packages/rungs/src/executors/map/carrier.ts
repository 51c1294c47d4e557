// Between the map, which reads items and gives results, and the pool: how items become calls. One by one (singles.ts) or many in a message
// (chunks.ts).
import type { Outcome } from '../../core/outcome.js'
import type { ItemList } from './item-list.js'

/** What a map is told of its items. */
export interface Sink {
  /** An item has ended. Each item once. */
  ended(index: number, input: unknown, outcome: Outcome, attempts: number, ms: number): void
  /** An item has ended with this value. @returns false if that is to be told with all else that is known of it */
  gave(index: number, value: unknown): boolean
  /** Items from this index on have ended with these values. @returns false if each is to be told by itself */
  allEnded(index: number, values: ArrayLike<unknown>): boolean
  /** Some items have ended; there is time for what is done once for several. */
  advance(): void
  /** The items from this index on are not taken. `by`: whether it was they, or the pool, that would not. */
  refused(error: unknown, index: number, by: 'items' | 'pool'): void
}

/** How items become calls. Nothing in it throws. */
export interface Carrier {
  /** Whether there is room for another item. When there is none, `submitter.whenRoom()` tells when there is. */
  readonly hasRoom: boolean
  /** Takes an item that has been read. */
  add(item: unknown, index: number): void
  /** Whether {@link addAll} may be used. */
  readonly takesAll: boolean
  /** Takes all items there are, from index 0. The array is the map's own. */
  addAll(items: ItemList): void
  /** No more items can be read now: what is kept back for a larger message may have to go. */
  pause(): void
  /** No more items come. */
  finish(): void
  /** Somebody waits for the item that has been on its way for longest. */
  await(): void
  /** Cancels what has not begun, and tells nothing any more. */
  cancelPending(reason: unknown): void
  /** Cancels all that has not ended, and tells nothing any more. */
  cancelAll(reason: unknown): void
  /** How many items are running. */
  readonly running: number
}
