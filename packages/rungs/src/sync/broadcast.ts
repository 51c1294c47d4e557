import { inspect } from 'node:util'
import { requireInteger, requireKnown, requireOneOf } from '../core/options.js'
import { QueueShutDownError } from './errors.js'
import { Queue, replaceOldest } from './queue.js'
import { currentScope } from './scope.js'
import { type Place, refusal, signalOf, Waiter, type WaitOptions, WaitQueue } from './wait-queue.js'

/** How much a {@link Broadcast} keeps for a reader that is behind, and what happens then. */
export interface BroadcastOptions {
  /** How many values are kept for each reader at most. Default 16. */
  readonly bufferSize?: number | undefined
  /**
   * What happens when a reader is further behind. `'wait'`, the default: `send` waits for it. `'drop'`: it loses the oldest, which
   * {@link Subscription.missed} counts, and holds up nobody.
   */
  readonly onLag?: 'wait' | 'drop' | undefined
}

/**
 * One reader of a {@link Broadcast}: `for await` it. Leaving the loop, or `using`, ends the subscription.
 * @example
 * for await (const price of prices.subscribe()) console.log(price)
 */
export interface Subscription<T> extends AsyncIterableIterator<T>, Disposable {
  /** How many values it has lost by being too slow. */
  readonly missed: number
}

class Reader<T> implements Subscription<T> {
  readonly #values: Queue<T>
  readonly #onRead: () => void
  readonly #onEnd: (reader: Reader<T>) => void
  missed = 0

  constructor(bufferSize: number, onRead: () => void, onEnd: (reader: Reader<T>) => void) {
    this.#values = new Queue<T>({ maxSize: bufferSize })
    this.#onRead = onRead
    this.#onEnd = onEnd
  }

  get full(): boolean {
    return this.#values.full
  }

  give(value: T): void {
    if (!this.full) this.#values.tryPut(value)
    else {
      replaceOldest(this.#values, value)
      this.missed++
    }
  }

  /** Nothing more will come. */
  close(): void {
    this.#values.shutdown()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<T>> {
    try {
      const value = await this.#values.get()
      this.#onRead()
      return { done: false, value }
    } catch (error) {
      if (error instanceof QueueShutDownError) return { done: true, value: undefined }
      throw error
    }
  }

  async return(): Promise<IteratorResult<T>> {
    this[Symbol.dispose]()
    return { done: true, value: undefined }
  }

  [Symbol.dispose](): void {
    this.#values.shutdown({ immediate: true })
    this.#onEnd(this)
  }
}

/**
 * One writes, many read: every reader gets every value that is sent after it has subscribed, in order.
 *
 * `send` waits while a reader is `bufferSize` values behind, in arrival order; cancelling the task or aborting `signal` ends the wait, and
 * nobody has got the value. With `onLag: 'drop'` it never waits. Without readers values are gone.
 * @throws {RangeError} if `bufferSize` is no integer of at least 1; {@link TypeError} for a wrong option.
 * @example
 * const prices = new Broadcast<number>()
 * const reader = prices.subscribe()
 * await prices.send(42)
 * prices.close()
 * for await (const price of reader) console.log(price) // 42
 */
export class Broadcast<T> {
  readonly #bufferSize: number
  readonly #drops: boolean
  readonly #readers = new Set<Reader<T>>()
  readonly #senders = new WaitQueue<void>({ take: () => undefined, describe: () => 'Broadcast.send()' })
  /** A sender has been woken and has not gone on; it sends first. */
  #promised = false
  #closed = false

  constructor(options: BroadcastOptions = {}) {
    requireKnown('The options of a Broadcast', options, ['bufferSize', 'onLag'])
    const { bufferSize = 16, onLag = 'wait' } = options
    requireInteger('bufferSize', bufferSize, 1)
    requireOneOf('onLag', onLag, ['wait', 'drop'])
    this.#bufferSize = bufferSize
    this.#drops = onLag === 'drop'
  }

  /** How many read. */
  get readers(): number {
    return this.#readers.size
  }

  /**
   * Begins to read: what is sent from now on.
   * @example
   * using reader = prices.subscribe()
   */
  subscribe(): Subscription<T> {
    const ended = (reader: Reader<T>): void => {
      this.#readers.delete(reader)
      this.#wake()
    }
    const reader = new Reader<T>(this.#bufferSize, () => this.#wake(), ended)
    if (this.#closed) reader.close()
    else this.#readers.add(reader)
    return reader
  }

  /**
   * Gives a value to all who read, waiting for those that are too far behind.
   * @throws {QueueShutDownError} (as a rejection) if it is or will be closed; {@link CancelledError} if cancelled first.
   * @example
   * await prices.send(42)
   */
  send(value: T, options?: WaitOptions): Promise<void> {
    const signal = signalOf('send()', options)
    const error = refusal(signal) ?? (this.#closed ? closedError() : undefined)
    if (error !== undefined) return Promise.reject(error)
    if (this.#canSend()) {
      this.#give(value)
      return Promise.resolve()
    }
    const waiter = new Waiter(this.#placeOf(value), currentScope(), signal)
    this.#senders.add(waiter)
    return waiter.promise
  }

  /**
   * Ends it: readers get what was sent before, and then their loops end. Doing so again does nothing.
   * @example
   * prices.close()
   */
  close(): void {
    this.#closed = true
    for (const reader of this.#readers) reader.close()
    this.#readers.clear()
    this.#senders.failAll(closedError)
  }

  /** How many read, and how many wait to send: what `console.log` shows. */
  [inspect.custom](): string {
    return `Broadcast { readers: ${this.readers}, sending: ${this.#senders.size}${this.#closed ? ', closed' : ''} }`
  }

  #canSend(): boolean {
    if (this.#promised || this.#senders.size > 0) return false
    return this.#hasRoom()
  }

  #hasRoom(): boolean {
    if (this.#drops) return true
    for (const reader of this.#readers) if (reader.full) return false
    return true
  }

  #give(value: T): void {
    for (const reader of this.#readers) reader.give(value)
  }

  #wake(): void {
    if (this.#promised || this.#senders.size === 0 || !this.#hasRoom()) return
    this.#promised = true
    this.#senders.grantNext()
  }

  #placeOf(value: T): Place<void> {
    return {
      take: () => {
        this.#promised = false
        if (this.#closed) throw closedError()
        this.#give(value)
        this.#wake()
      },
      passOn: () => {
        this.#promised = false
        this.#wake()
      },
      describe: () => 'Broadcast.send()',
    }
  }
}

function closedError(): QueueShutDownError {
  return new QueueShutDownError('The broadcast is closed')
}
