// What a generator has yielded and its reader has not taken yet, and who waits for more. The end of the items is that of a future; a failure is
// looked at when it is given to a reader, or when the stream is left, and is otherwise reported as that of any other call.
import { type Future, listen, outcomeOf } from '../core/future.js'

export interface Reader<Y> {
  resolve(result: IteratorResult<Y>): void
  reject(reason: unknown): void
}

export class StreamItems<Y> {
  readonly #taken: () => void
  #ready: Y[] = []
  #readers: Reader<Y>[] = []
  #future: Future<unknown> | undefined
  /** Its end has been told, or the stream was left. */
  #over = false

  /** `taken`: told of each item that a reader takes. */
  constructor(taken: () => void = () => {}) {
    this.#taken = taken
  }

  /** The call, once it has begun. */
  get future(): Future<unknown> | undefined {
    return this.#future
  }

  follow(future: Future<unknown>): void {
    this.#future = future
    listen(future, () => this.#ended(future))
  }

  received(value: Y): void {
    if (this.#over) return
    const reader = this.#readers.shift()
    if (reader === undefined) this.#ready.push(value)
    else {
      reader.resolve({ done: false, value })
      this.#taken()
    }
  }

  /** What there is: an item, or the end. `undefined`: it has to be waited for. */
  poll(): Promise<IteratorResult<Y>> | undefined {
    if (this.#ready.length > 0) {
      const value = this.#ready.shift() as Y // There is one.
      this.#taken()
      return Promise.resolve({ done: false, value })
    }
    if (this.#over) return Promise.resolve(end)
    if (this.#future?.done !== true) return undefined
    const future = this.#future
    return new Promise((resolve, reject) => this.#finish(future, { resolve, reject }))
  }

  /** Waits for what {@link poll} has not given. */
  wait(reader: Reader<Y>): void {
    this.#readers.push(reader)
  }

  /** Nobody wants more, not even to know how it has ended. */
  leave(): void {
    this.#over = true
    this.#ready = []
    this.#settleReaders()
    if (this.#future?.done) outcomeOf(this.#future)
  }

  #ended(future: Future<unknown>): void {
    const reader = this.#over ? undefined : this.#readers.shift()
    if (reader === undefined) return
    this.#finish(future, reader)
    this.#settleReaders()
  }

  #finish(future: Future<unknown>, reader: Reader<Y>): void {
    this.#over = true
    const outcome = outcomeOf(future)
    if (outcome.status === 'rejected') reader.reject(outcome.reason)
    else reader.resolve(end)
  }

  #settleReaders(): void {
    for (const reader of this.#readers.splice(0)) reader.resolve(end)
  }
}

const end: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })
