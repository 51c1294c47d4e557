// The functions and classes that a kept function is made of, and what each was when it was sent: somebody may have put something else on it since.
import { isClass } from './class-name.js'
import type { AnyFunction } from './marks.js'

interface Part {
  readonly fn: AnyFunction
  readonly keys: number
  readonly enumerable: number
  /** Of a class: its static members and its methods. */
  readonly members: readonly Members[]
}

/** What an object holds. Reading it makes nothing, as that is done at each submit. */
class Members {
  readonly #holder: object
  readonly #keys: readonly (string | symbol)[]
  readonly #values: readonly unknown[]
  readonly #enumerable: number

  constructor(holder: object) {
    // Accessors are not asked.
    const descriptors = Reflect.ownKeys(holder).map((key) => [key, Object.getOwnPropertyDescriptor(holder, key)] as const)
    const fields = descriptors.filter(([, descriptor]) => descriptor !== undefined && 'value' in descriptor)
    this.#holder = holder
    this.#keys = fields.map(([key]) => key)
    this.#values = fields.map(([, descriptor]) => descriptor?.value)
    this.#enumerable = Object.keys(holder).length
  }

  get areAsTheyWere(): boolean {
    try {
      for (let index = 0; index < this.#keys.length; index++) {
        if (!Object.is(Reflect.get(this.#holder, this.#keys[index] as string | symbol), this.#values[index])) return false
      }
    } catch {
      // A getter has taken the place of a field.
      return false
    }
    return Object.keys(this.#holder).length === this.#enumerable
  }
}

export class Reached {
  readonly #parts: Part[] = []

  constructor(fn?: AnyFunction) {
    if (fn === undefined) return
    const holders = isClass(fn) ? [fn, fn.prototype as object] : []
    const members = holders.map((holder) => new Members(holder))
    this.#parts.push({ fn, keys: Reflect.ownKeys(fn).length, enumerable: Object.keys(fn).length, members })
  }

  addAll(reached: Reached): void {
    for (const part of reached.#parts) if (!this.#parts.some(({ fn }) => fn === part.fn)) this.#parts.push(part)
  }

  get isAsItWas(): boolean {
    for (const { fn, keys, members } of this.#parts) {
      if (Reflect.ownKeys(fn).length !== keys || !members.every((one) => one.areAsTheyWere)) return false
    }
    return true
  }

  /** The same for what is put on a function by an assignment: that is seen without an allocation. */
  get looksAsItWas(): boolean {
    const parts = this.#parts
    for (let index = 0; index < parts.length; index++) {
      const { fn, enumerable, members } = parts[index] as Part // Within the list.
      if (Object.keys(fn).length !== enumerable) return false
      for (let at = 0; at < members.length; at++) if (!members[at]?.areAsTheyWere) return false
    }
    return true
  }
}
