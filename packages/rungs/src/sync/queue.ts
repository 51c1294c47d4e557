import { inspect } from 'node:util'
import { CancelledError, InvalidStateError } from '../core/errors.js'
import { requireInteger, requireKnown, requireOneOf } from '../core/options.js'
import { Deque } from './deque.js'
import { QueueShutDownError } from './errors.js'
import { currentScope, undelivered } from './scope.js'
import type { Store } from './store.js'
import { type Place, refusal, signalOf, Waiter, type WaitOptions, WaitQueue } from './wait-queue.js'

/** How large a {@link Queue} may grow. */
export interface QueueOptions {
  /** How many items it holds at most; `put` waits for room. 0, the default: any number. */
  readonly maxSize?: number | undefined
}

/** How a {@link Queue} is shut down. */
export interface QueueShutdownOptions {
  /** Also drops the items that are in it, as if each had been taken and done. Default false: they can still be taken. */
  readonly immediate?: boolean | undefined
}

/** What is known of a {@link Queue}. */
export interface QueueStats {
  /** How many items are in it. */
  readonly size: number
  /** How many it holds at most; 0 is any number. */
  readonly maxSize: number
  /** Items that were put and are not done: see {@link Queue.taskDone}. */
  readonly unfinished: number
  /** How many wait for an item. */
  readonly getting: number
  /** How many wait for room. */
  readonly putting: number
  /** Whether it was shut down. */
  readonly shutDown: boolean
}

const put = Promise.resolve()

/** @throws {TypeError} for a number, which is how other languages say it. */
export function requireNoSize(options: unknown): void {
  if (typeof options === 'number') throw new TypeError(`A queue takes an object with options, got ${options}. Pass { maxSize: ${options} }`)
}

/** For a broadcast: forgets the first item of a queue that is full, also if somebody has been woken for it, and puts one in, which is for them. */
export let replaceOldest: <T>(queue: Queue<T>, item: T) => void

/**
 * Hands items from those who make them to those who need them, first in, first out.
 *
 * `put` waits while the queue is full, `get` while it is empty; cancelling the task or aborting `signal` ends the wait, and no item is lost or
 * given twice by that. Those who wait are served in the order in which they came; one who is woken and cancelled in the same turn passes it
 * on. `for await` takes items until the queue is shut down and empty. An item that is a promise is awaited by `get`, as the language has it;
 * `tryGet` gives it as it is.
 * @throws {RangeError} if `maxSize` is no integer of at least 0; {@link TypeError} for a wrong option.
 * @example
 * const queue = new Queue<string>({ maxSize: 100 })
 * group.spawn(async () => {
 *   for await (const url of queue) await visit(url)
 * })
 * await queue.put('https://example.org')
 * queue.shutdown()
 */
export class Queue<T> implements AsyncIterable<T> {
  readonly #maxSize: number
  readonly #items: Store<T>
  readonly #getters: WaitQueue<T>
  readonly #putters: WaitQueue<void>
  readonly #joiners = new WaitQueue<void>({ take: () => undefined, describe: () => `${this.constructor.name}.join()` })
  /** Items that are meant for those who have been woken and have not gone on. Nobody else gets them. */
  #promisedItems = 0
  /** Room that is meant for those who have been woken and have not gone on. */
  #promisedRoom = 0
  #unfinished = 0
  #shutDown = false

  constructor(options: QueueOptions = {}, store: Store<T> = new Deque<T>()) {
    requireNoSize(options)
    requireKnown('The options of a queue', options, ['maxSize'])
    const { maxSize = 0 } = options
    if (maxSize !== Number.POSITIVE_INFINITY) requireInteger('maxSize', maxSize, 0)
    this.#maxSize = maxSize === Number.POSITIVE_INFINITY ? 0 : maxSize
    this.#items = store
    this.#getters = new WaitQueue<T>({
      take: () => {
        this.#promisedItems--
        // It was shut down at once, meanwhile.
        if (this.#items.size === 0) throw this.#ended()
        return this.#take()
      },
      passOn: () => {
        this.#promisedItems--
        this.#promiseItem()
      },
      describe: () => `${this.constructor.name}.get()`,
    })
    this.#putters = new WaitQueue<void>({ take: () => undefined, describe: () => `${this.constructor.name}.put()` })
  }

  /** How many items are in it. */
  get size(): number {
    return this.#items.size
  }

  /** How many items it holds at most; 0 is any number. */
  get maxSize(): number {
    return this.#maxSize
  }

  /** Whether there is no item. */
  get empty(): boolean {
    return this.#items.size === 0
  }

  /** Whether there is no room. */
  get full(): boolean {
    return this.#maxSize > 0 && this.#items.size >= this.#maxSize
  }

  /** Sizes, and how many wait. */
  get stats(): QueueStats {
    return {
      size: this.size,
      maxSize: this.#maxSize,
      unfinished: this.#unfinished,
      getting: this.#getters.size,
      putting: this.#putters.size,
      shutDown: this.#shutDown,
    }
  }

  /**
   * Puts an item in, waiting in arrival order until there is room. Cancelling the task or aborting `signal` ends the wait, and the item has
   * not been put.
   * @throws {QueueShutDownError} (as a rejection) if the queue is or will be shut down; {@link CancelledError} if cancelled first.
   * @example
   * await queue.put(item)
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    if (undelivered === 0 && options === undefined && this.#promisedRoom === 0 && !this.#shutDown && this.#hasRoom()) {
      this.#store(item)
      return put
    }
    const signal = signalOf('put()', options)
    const error = refusal(signal) ?? (this.#shutDown ? this.#closed() : undefined)
    if (error !== undefined) return Promise.reject(error)
    if (this.#promisedRoom === 0 && this.#hasRoom()) {
      this.#store(item)
      return put
    }
    const waiter = new Waiter(this.#placeOf(item), currentScope(), signal)
    this.#putters.add(waiter)
    // There may be room, but those who have been woken put first.
    this.#promiseRoom()
    return waiter.promise
  }

  /**
   * Takes an item out, waiting in arrival order until there is one. Cancelling the task or aborting `signal` ends the wait, and no item has
   * been taken.
   * @throws {QueueShutDownError} (as a rejection) if the queue is shut down and empty; {@link CancelledError} if cancelled first.
   * @example
   * const item = await queue.get()
   */
  get(options?: WaitOptions): Promise<T> {
    if (undelivered === 0 && options === undefined && this.#promisedItems === 0 && this.#items.size > 0)
      return Promise.resolve(this.#take())
    return this.#next(signalOf('get()', options))
  }

  /**
   * Puts an item in if there is room; never waits.
   * @returns Whether it was put.
   * @throws {QueueShutDownError} if the queue is shut down.
   * @example
   * if (!queue.tryPut(item)) dropped++
   */
  tryPut(item: T): boolean {
    if (this.#shutDown) throw this.#closed()
    if (!this.#hasRoom()) return false
    this.#store(item)
    return true
  }

  /**
   * Takes an item out if there is one that nobody waits for; never waits.
   * @returns A record with the item, or `undefined` if there is none.
   * @throws {QueueShutDownError} if the queue is shut down and empty.
   * @example
   * const got = queue.tryGet()
   * if (got !== undefined) console.log(got.value)
   */
  tryGet(): { value: T } | undefined {
    if (this.#items.size > this.#promisedItems) return { value: this.#take() }
    if (this.#shutDown && this.#items.size === 0) throw this.#ended()
    return undefined
  }

  /**
   * Says that an item that was taken is done with. When all that were ever put are done, `join` returns.
   * @throws {InvalidStateError} if called more often than items were put.
   * @example
   * const item = await queue.get()
   * try {
   *   await work(item)
   * } finally {
   *   queue.taskDone()
   * }
   */
  taskDone(): void {
    if (this.#unfinished === 0) throw new InvalidStateError('taskDone() was called more often than items were put')
    this.#done(1)
  }

  /**
   * Waits until every item that was put has been taken and reported with `taskDone`; at once if there is none.
   * @throws {CancelledError} (as a rejection) if cancelled first.
   * @example
   * await queue.join()
   */
  join(options?: WaitOptions): Promise<void> {
    const signal = signalOf('join()', options)
    const error = refusal(signal)
    if (error !== undefined) return Promise.reject(error)
    return this.#unfinished === 0 ? Promise.resolve() : this.#joiners.join(signal).promise
  }

  /**
   * Refuses further items, also those of who waits for room. What is in the queue can still be taken; then `get` throws and `for await`
   * ends. Doing so again may only make it immediate.
   * @throws {TypeError} for a wrong option.
   * @example
   * queue.shutdown()
   */
  shutdown(options: QueueShutdownOptions = {}): void {
    requireKnown('The options of shutdown()', options, ['immediate'])
    const { immediate = false } = options
    requireOneOf('immediate', immediate, [true, false])
    this.#shutDown = true
    if (immediate) {
      const dropped = Math.min(this.#items.size, this.#unfinished)
      this.#items.clear()
      if (dropped > 0) this.#done(dropped)
    }
    this.#endGetters()
    this.#putters.failAll(() => this.#closed())
  }

  /** Takes items until the queue is shut down and empty. Several loops share the items. Leaving it withdraws a `next` that waits. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    const waiting = new Set<Waiter<T>>()
    const left = new CancelledError('The iteration was left')
    let isLeft = false
    const end = (): IteratorResult<T> => ({ done: true, value: undefined })
    return {
      [Symbol.asyncIterator]() {
        return this
      },
      next: async () => {
        if (isLeft) return end()
        let waiter: Waiter<T> | undefined
        const joined = (joining: Waiter<T>): void => {
          waiter = joining
          waiting.add(joining)
        }
        try {
          return { done: false, value: await this.#next(undefined, joined) }
        } catch (error) {
          if (error === left || (this.#shutDown && error instanceof QueueShutDownError)) return end()
          throw error
        } finally {
          if (waiter !== undefined) waiting.delete(waiter)
        }
      },
      return: async () => {
        isLeft = true
        // Else the next item would be given to nobody. One that a waiter has been woken for passes on.
        for (const waiter of waiting) waiter.interrupt(left)
        return end()
      },
    }
  }

  /** The items, and how many wait: what `console.log` shows. */
  [inspect.custom](depth: number, options: Parameters<typeof inspect>[1], show: typeof inspect): string {
    const limit = this.#maxSize === 0 ? '' : `, maxSize: ${this.#maxSize}`
    const waiting = `getting: ${this.#getters.size}, putting: ${this.#putters.size}, unfinished: ${this.#unfinished}`
    const items = depth < 0 ? `${this.size} items` : show([...this.#items.values()], options)
    return `${this.constructor.name} { ${items}${limit}, ${waiting}${this.#shutDown ? ', shut down' : ''} }`
  }

  #hasRoom(): boolean {
    return this.#maxSize === 0 || this.#items.size + this.#promisedRoom < this.#maxSize
  }

  #store(item: T): void {
    this.#items.push(item)
    this.#unfinished++
    this.#promiseItem()
  }

  #take(): T {
    const item = this.#items.shift()
    this.#promiseRoom()
    if (this.#shutDown) this.#endGetters()
    return item
  }

  /** Sends away those who wait once there is nothing left. Until then an item may still be passed on by one who was woken for it. */
  #endGetters(): void {
    if (this.#items.size === 0) this.#getters.failAll(() => this.#ended())
  }

  #done(items: number): void {
    this.#unfinished -= items
    if (this.#unfinished === 0) this.#joiners.grantAll()
  }

  /** Takes an item, or stands in line for one, of which `joined` is told. */
  #next(signal: AbortSignal | undefined, joined?: (waiter: Waiter<T>) => void): Promise<T> {
    const error = refusal(signal)
    if (error !== undefined) return Promise.reject(error)
    if (this.#promisedItems === 0 && this.#items.size > 0) return Promise.resolve(this.#take())
    if (this.#shutDown && this.#items.size === 0) return Promise.reject(this.#ended())
    const waiter = this.#getters.join(signal)
    joined?.(waiter)
    // There may be an item, but those who have been woken take first.
    this.#promiseItem()
    return waiter.promise
  }

  /** Wakes the one who has waited longest, if there is an item for it. */
  #promiseItem(): void {
    if (this.#getters.size === 0 || this.#items.size <= this.#promisedItems) return
    this.#promisedItems++
    this.#getters.grantNext()
  }

  #promiseRoom(): void {
    if (this.#putters.size === 0 || !this.#hasRoom()) return
    this.#promisedRoom++
    this.#putters.grantNext()
  }

  /** The item goes in when its `put` goes on, not when room is made: until then that can be cancelled. */
  #placeOf(item: T): Place<void> {
    return {
      take: () => {
        this.#promisedRoom--
        if (this.#shutDown) throw this.#closed()
        try {
          this.#store(item)
        } catch (error) {
          // It has no place in the order of the others. Its room is for the next.
          this.#promiseRoom()
          throw error
        }
      },
      passOn: () => {
        this.#promisedRoom--
        this.#promiseRoom()
      },
      describe: () => `${this.constructor.name}.put()`,
    }
  }

  #closed(): QueueShutDownError {
    return new QueueShutDownError('The queue is shut down and takes no more items')
  }

  #ended(): QueueShutDownError {
    return new QueueShutDownError('The queue is shut down, and there is nothing in it')
  }

  static {
    replaceOldest = (queue, item) => {
      queue.#items.shift()
      queue.#items.push(item)
    }
  }
}
