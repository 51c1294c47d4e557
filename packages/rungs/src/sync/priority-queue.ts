import { requireFunction, requireKnown } from '../core/options.js'
import { Queue, type QueueOptions } from './queue.js'
import type { Store } from './store.js'

/** The order of a {@link PriorityQueue}. */
export interface PriorityQueueOptions<T> extends QueueOptions {
  /**
   * Negative if `a` is to leave before `b`, as for `Array.prototype.sort`. Default: smallest first by `<`; arrays by their first elements
   * that differ, as Python's tuples.
   */
  readonly compare?: ((a: T, b: T) => number) | undefined
}

interface Entry<T> {
  readonly item: T
  readonly order: number
}

/** A binary heap. The order of arrival decides between equals. */
class Heap<T> implements Store<T> {
  readonly #compare: (a: T, b: T) => number
  #entries: Entry<T>[] = []
  #arrivals = 0

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#entries.length
  }

  push(item: T): void {
    const entries = this.#entries
    const entry = { item, order: this.#arrivals++ }
    let at = entries.length
    entries.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = entries[parent] as Entry<T> // Within the heap.
      if (!this.#before(entry, above)) break
      entries[at] = above
      at = parent
    }
    entries[at] = entry
  }

  shift(): T {
    const entries = this.#entries
    const first = entries[0] as Entry<T> // There is one, says the caller.
    const last = entries.pop() as Entry<T>
    if (entries.length > 0) this.#sink(last)
    return first.item
  }

  clear(): void {
    this.#entries = []
  }

  values(): Iterable<T> {
    return [...this.#entries].sort((a, b) => (this.#before(a, b) ? -1 : 1)).map(({ item }) => item)
  }

  /** Puts `entry` in the place of the first and moves it down to where it belongs. */
  #sink(entry: Entry<T>): void {
    const entries = this.#entries
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= entries.length) break
      const right = entries[child + 1]
      if (right !== undefined && this.#before(right, entries[child] as Entry<T>)) child++
      const below = entries[child] as Entry<T> // Within the heap.
      if (!this.#before(below, entry)) break
      entries[at] = below
      at = child
    }
    entries[at] = entry
  }

  #before(a: Entry<T>, b: Entry<T>): boolean {
    const difference = this.#compare(a.item, b.item)
    return difference < 0 || (difference === 0 && a.order < b.order)
  }
}

/**
 * A {@link Queue} that gives the smallest item first; of equal ones, the one that was put first. An error that `compare` throws comes out
 * of the call that put the item.
 * @throws {RangeError} if `maxSize` is no integer of at least 0; {@link TypeError} for a wrong option.
 * @example
 * const jobs = new PriorityQueue<Job>({ compare: (a, b) => a.due - b.due })
 */
export class PriorityQueue<T> extends Queue<T> {
  constructor(options: PriorityQueueOptions<T> = {}) {
    requireKnown('The options of a priority queue', options, ['maxSize', 'compare'])
    const { compare = smallestFirst, maxSize } = options
    requireFunction('compare', compare)
    super({ maxSize }, new Heap(compare))
  }
}

function smallestFirst(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const difference = smallestFirst(a[i], b[i])
      if (difference !== 0) return difference
    }
    return a.length - b.length
  }
  // Whatever `<` can compare; the language decides.
  const [left, right] = [a as number, b as number]
  return left < right ? -1 : left > right ? 1 : 0
}
