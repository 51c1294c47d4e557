// Where the items come from: an iterable or an async one, opened late and closed once.
import { inspect } from 'node:util'
import { callout } from '../../core/callout.js'
import { show } from '../../core/options.js'
import { type ItemList, listOf } from './item-list.js'

/** Read instead of an item when there is none any more. */
export const END = Symbol('end')

/** Told what one read of an async source brought: an item, or {@link END}. */
export interface Reader {
  onItem(item: unknown): void
  onError(error: unknown): void
}

interface AnyIterator {
  next(): unknown
  return?(): unknown
}

/** @throws {TypeError} if it is not iterable */
export function sourceOf(items: unknown): Source {
  if (items !== undefined && items !== null) {
    const asyncly = (items as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator]
    if (typeof asyncly === 'function') return new Source(items as AsyncIterable<unknown>, true)
    const syncly = (items as Partial<Iterable<unknown>>)[Symbol.iterator]
    if (typeof syncly === 'function') return new Source(items as Iterable<unknown>, false)
  }
  throw new TypeError(
    `The items must be iterable, as an array, a Set or a generator, or async iterable; got ${show(items)} (${typeof items})`,
  )
}

export class Source {
  readonly isAsync: boolean
  readonly #items: Iterable<unknown> | AsyncIterable<unknown>
  #iterator: AnyIterator | undefined
  /** A read has begun and not ended. */
  #reading = false
  /** ended: by itself, so that there is nothing to close. */
  #state: 'open' | 'ended' | 'closing' | 'closed' = 'open'

  constructor(items: Iterable<unknown> | AsyncIterable<unknown>, isAsync: boolean) {
    this.#items = items
    this.isAsync = isAsync
  }

  get reading(): boolean {
    return this.#reading
  }

  /** All items of an iterable that has not been read from. */
  readAll(): ItemList {
    this.#state = 'ended'
    return listOf(this.#items as Iterable<unknown>)
  }

  /** The next item of an iterable, or {@link END}. @throws what the source throws */
  read(): unknown {
    this.#reading = true
    try {
      const { done, value } = callout(() => resultOf(this.#open().next()))
      if (!done) return value
      this.#state = 'ended'
      return END
    } catch (error) {
      this.#state = 'ended'
      throw error
    } finally {
      this.#reading = false
      // Closed by what it did while it was being read.
      if (this.#isClosing()) void this.#return()?.then(undefined, () => {})
    }
  }

  /** Reads the next item of an async iterable; the reader is told later. */
  readLater(reader: Reader): void {
    this.#reading = true
    const failed = (error: unknown): void => {
      this.#reading = false
      if (this.#state === 'open') this.#state = 'ended'
      reader.onError(error)
    }
    let coming: unknown
    try {
      coming = callout(() => this.#open().next())
    } catch (error) {
      // Later, as all else that it tells.
      coming = Promise.reject(error)
    }
    Promise.resolve(coming).then((result) => {
      let item: unknown
      try {
        const { done, value } = resultOf(result)
        item = done ? END : value
      } catch (error) {
        failed(error)
        return
      }
      this.#reading = false
      if (item === END && this.#state === 'open') this.#state = 'ended'
      reader.onItem(item)
    }, failed)
  }

  /**
   * Tells it, once, that no more items are wanted. The promise is that of its `return()`; none when it has none, has ended, or is in the
   * middle of a read, which may never end.
   */
  close(): Promise<unknown> | undefined {
    if (this.#state !== 'open') return undefined
    if (this.#iterator === undefined) {
      this.#state = 'closed'
      return undefined
    }
    if (!this.#reading) return this.#return()
    // A generator cannot be ended while it runs; an async one does it when it comes to its next yield.
    if (this.isAsync) return void this.#return()?.then(undefined, () => {})
    this.#state = 'closing'
    return undefined
  }

  /** A method, as the state changes behind the back of the compiler while user code runs. */
  #isClosing(): boolean {
    return this.#state === 'closing'
  }

  #open(): AnyIterator {
    if (this.#iterator === undefined) {
      const iterator = this.isAsync
        ? (this.#items as AsyncIterable<unknown>)[Symbol.asyncIterator]()
        : (this.#items as Iterable<unknown>)[Symbol.iterator]()
      this.#iterator = iterator as AnyIterator
    }
    return this.#iterator
  }

  #return(): Promise<unknown> | undefined {
    this.#state = 'closed'
    try {
      const closing = this.#iterator?.return?.()
      return this.isAsync && closing !== undefined ? Promise.resolve(closing) : undefined
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

function resultOf(result: unknown): IteratorResult<unknown> {
  if (typeof result === 'object' && result !== null) return result as IteratorResult<unknown>
  throw new TypeError(`The iterator of the items gave ${inspect(result)}, which is not an iterator result`)
}
