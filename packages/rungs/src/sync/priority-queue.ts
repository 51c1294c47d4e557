import { requireFunction, requireKnown, show } from '../core/options.js'
import { Queue, type QueueOptions, requireNoSize } from './queue.js'
import type { Store } from './store.js'

/** The order of a {@link PriorityQueue}. */
export interface PriorityQueueOptions<T> extends QueueOptions {
  /**
   * Negative if `a` is to leave before `b`, as for `Array.prototype.sort`; nothing but a number is taken. Default: smallest first. That compares numbers with numbers, texts
   * with texts, objects by what their `valueOf` or `Symbol.toPrimitive` gives, as dates, and arrays by their first elements that differ, as
   * Python's tuples. For others it throws, as Python does: give a `compare`.
   */
  readonly compare?: ((a: T, b: T) => number) | undefined
}

interface Entry<T> {
  readonly item: T
  readonly order: number
}

/** The index of the one above in the heap. */
function above(index: number): number {
  return (index - 1) >> 1
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
    // Compared before anything moves: when `compare` throws, nothing has happened.
    let at = entries.length
    while (at > 0 && this.#before(entry, entries[above(at)] as Entry<T>)) at = above(at) // Within the heap.
    for (let from = entries.length; from > at; from = above(from)) entries[from] = entries[above(from)] as Entry<T> // As before.
    entries[at] = entry
  }

  shift(): T {
    const entries = this.#entries
    const first = entries[0] as Entry<T> // There is one, says the caller.
    const last = entries.pop() as Entry<T>
    if (entries.length === 0) return last.item
    // The last one takes the place of the first and moves down to where it belongs.
    let at = 0
    try {
      for (let child = 1; child < entries.length; child = 2 * at + 1) {
        const right = entries[child + 1]
        if (right !== undefined && this.#before(right, entries[child] as Entry<T>)) child++
        const below = entries[child] as Entry<T> // Within the heap.
        if (!this.#before(below, last)) break
        entries[at] = below
        at = child
      }
    } catch (error) {
      // All go back to where they were.
      for (; at > 0; at = above(at)) entries[at] = entries[above(at)] as Entry<T> // Within the heap.
      entries[0] = first
      entries.push(last)
      throw error
    }
    entries[at] = last
    return first.item
  }

  clear(): void {
    this.#entries = []
  }

  values(): Iterable<T> {
    const entries = [...this.#entries]
    try {
      entries.sort((a, b) => (this.#before(a, b) ? -1 : 1))
    } catch {
      // Some that cannot be compared have not met. To look at them is no error.
    }
    return entries.map(({ item }) => item)
  }

  #before(a: Entry<T>, b: Entry<T>): boolean {
    const difference: unknown = this.#compare(a.item, b.item)
    // True and false would be 1 and 0, which never says that `a` comes first.
    if (typeof difference !== 'number' && typeof difference !== 'bigint') {
      throw new TypeError(
        `The compare of a PriorityQueue must give a number, negative if its first argument is to leave first, got ${show(difference)}: (a, b) => a - b, not (a, b) => a > b`,
      )
    }
    // What is neither is equal, as for `sort`.
    return difference < 0 || (!(difference > 0) && a.order < b.order)
  }
}

/**
 * A {@link Queue} that gives the smallest item first; of equal ones, the one that was put first. An error that `compare` throws comes out
 * of the call that put the item, and the item has not been put; so does the {@link TypeError} for items that have no order without it.
 * @throws {RangeError} if `maxSize` is no integer of at least 0; {@link TypeError} for a wrong option.
 * @example
 * const jobs = new PriorityQueue<Job>({ compare: (a, b) => a.due - b.due })
 */
export class PriorityQueue<T> extends Queue<T> {
  constructor(options: PriorityQueueOptions<T> = {}) {
    requireNoSize(options)
    if (typeof options === 'function')
      throw new TypeError(`A priority queue takes an object with options, got ${show(options)}. Pass { compare: ${nameOf(options)} }`)
    requireKnown('The options of a priority queue', options, ['maxSize', 'compare'])
    const { compare = smallestFirst, maxSize } = options
    requireFunction('compare', compare)
    super({ maxSize }, new Heap(compare))
  }
}

/** How a function may be written: by its name, if it has one that can be written. */
function nameOf(fn: (...args: never[]) => unknown): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value
  return typeof name === 'string' && /^[\w$]+$/.test(name) ? name : 'fn'
}

function smallestFirst(a: unknown, b: unknown): number {
  // Most priorities are numbers.
  if (typeof a === 'number' && typeof b === 'number') return orderOf(a, b)
  if (a === b) return 0
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const difference = smallestFirst(a[i], b[i])
      if (difference !== 0) return difference
    }
    return a.length - b.length
  }
  const [left, right] = [primitiveOf(a), primitiveOf(b)]
  const kind = kindOf(left)
  if (kind === undefined || kind !== kindOf(right)) {
    throw new TypeError(`A PriorityQueue cannot tell which of ${show(a)} and ${show(b)} comes first. Give it the option compare`)
  }
  return orderOf(left as number, right as number) // Both numbers or both texts.
}

function orderOf(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What an object stands for when it is compared, as the time of a date. Not its text: that of most objects says nothing of an order. */
function primitiveOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const own = value as { [Symbol.toPrimitive]?: unknown; valueOf?: unknown }
  if (typeof own[Symbol.toPrimitive] === 'function') return (own[Symbol.toPrimitive] as (hint: string) => unknown).call(value, 'number')
  return typeof own.valueOf === 'function' ? own.valueOf.call(value) : value
}

/** Those of one kind can be compared. Not a text with a number, as in Python: the language would take the text for a number, or not. */
function kindOf(value: unknown): 'number' | 'text' | undefined {
  switch (typeof value) {
    case 'number':
    case 'bigint':
    case 'boolean':
      return 'number'
    case 'string':
      return 'text'
  }
  return undefined
}
