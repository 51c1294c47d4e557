// The functions that a kept function is made of, and how many properties each had when it was sent: somebody may have put one more on it since.
import type { AnyFunction } from './marks.js'

interface Part {
  readonly fn: AnyFunction
  readonly keys: number
  readonly enumerable: number
}

export class Reached {
  readonly #parts: Part[] = []

  add(fn: AnyFunction): void {
    this.#parts.push({ fn, keys: Reflect.ownKeys(fn).length, enumerable: Object.keys(fn).length })
  }

  addAll(reached: Reached): void {
    for (const part of reached.#parts) if (!this.#parts.some(({ fn }) => fn === part.fn)) this.#parts.push(part)
  }

  get isAsItWas(): boolean {
    for (const { fn, keys } of this.#parts) if (Reflect.ownKeys(fn).length !== keys) return false
    return true
  }

  /** The same for what is put on a function by an assignment: that is seen without an allocation. */
  get looksAsItWas(): boolean {
    const parts = this.#parts
    for (let index = 0; index < parts.length; index++) {
      const { fn, enumerable } = parts[index] as Part // Within the list.
      if (Object.keys(fn).length !== enumerable) return false
    }
    return true
  }
}
