// Handles to what a worker keeps: sent once (share), or made there (perWorker).

/** A handle to a value that is sent once per worker. */
export class Shared<T> {
  readonly #value: T

  /** @internal */
  constructor(value: T) {
    this.#value = value
  }

  /** The value: here the original, in a worker its copy there, each time the same object. */
  get(): T {
    return this.#value
  }
}

/** A handle to a value that each worker makes for itself. */
export class PerWorker<T> {
  readonly #init: () => T
  #made: { readonly value: T } | undefined

  /** @internal */
  constructor(init: () => T) {
    this.#init = init
  }

  /**
   * What `init` returned, called at the first `get()` on this side. Of an async `init` it is the promise. When `init` throws or its
   * promise rejects, the next `get()` calls it again.
   */
  get(): T {
    if (this.#made !== undefined) return this.#made.value
    const made = { value: this.#init() }
    this.#made = made
    if (made.value instanceof Promise) {
      made.value.catch(() => {
        if (this.#made === made) this.#made = undefined
      })
    }
    return made.value
  }

  /** @internal The recipe, which is what crosses. */
  static initOf(handle: PerWorker<unknown>): () => unknown {
    return handle.#init
  }
}

/**
 * A handle to `value` that can be captured by or passed to any number of calls while the value itself crosses once per worker, at its
 * first use there. It is a snapshot of that moment: share what does not change.
 * @example
 * const dictionary = share(await loadDictionary())
 * const results = pool.map((word) => spell(dictionary.get(), word), words)
 */
export function share<T>(value: T): Shared<T> {
  return new Shared(value)
}

/**
 * A handle to something that every worker makes for itself and keeps: a connection, a parser, a cache. `init` runs there at the first
 * `get()`, and what it made never crosses. Calls that run on this side, as on a task pool, share one.
 * @throws {TypeError} if `init` is not a function.
 * @example
 * const db = perWorker(() => connect(url))
 * await pool.submit(async (id: number) => (await db.get()).find(id), 7)
 */
export function perWorker<T>(init: () => T): PerWorker<T> {
  if (typeof init !== 'function') throw new TypeError(`perWorker() takes a function that makes the value, got ${typeof init}`)
  return new PerWorker(init)
}
