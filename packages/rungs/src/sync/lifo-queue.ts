import { Queue, type QueueOptions } from './queue.js'
import type { Store } from './store.js'

class Stack<T> implements Store<T> {
  #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T {
    return this.#items.pop() as T // There is one, says the caller.
  }

  clear(): void {
    this.#items = []
  }

  values(): Iterable<T> {
    return this.#items
  }
}

/**
 * A {@link Queue} that gives the item that was put last.
 * @throws {RangeError} if `maxSize` is no integer of at least 0; {@link TypeError} for a wrong option.
 * @example
 * const todo = new LifoQueue<string>()
 */
export class LifoQueue<T> extends Queue<T> {
  constructor(options: QueueOptions = {}) {
    super(options, new Stack<T>())
  }
}
