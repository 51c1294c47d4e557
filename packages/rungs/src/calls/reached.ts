// The functions and classes that a kept function is made of, and what each was when it was sent: somebody may have put something else on it since.
import { isClass } from './class-name.js'
import type { AnyFunction } from './marks.js'

/** What an object was: its own properties, its prototype, whether it can grow. Nothing of the program runs to find out: accessors are not asked. */
class Snapshot {
  readonly #object: object
  readonly #keys: readonly (string | symbol)[]
  /** Of each key; undefined of what can never change. */
  readonly #descriptors: readonly (PropertyDescriptor | undefined)[]
  readonly #enumerable: number
  readonly #above: object | null
  readonly #extensible: boolean

  constructor(object: object) {
    this.#object = object
    this.#keys = Reflect.ownKeys(object)
    this.#descriptors = this.#keys.map((key) => {
      const descriptor = Object.getOwnPropertyDescriptor(object, key)
      // `arguments` and `caller` of an old function are of this kind too, and are another value whenever it runs.
      return descriptor?.configurable === false && descriptor.writable !== true ? undefined : descriptor
    })
    this.#enumerable = Object.keys(object).length
    this.#above = Object.getPrototypeOf(object) as object | null
    this.#extensible = Object.isExtensible(object)
  }

  get isUnchanged(): boolean {
    if (!this.#isOfTheSameKind) return false
    const object = this.#object
    const before = this.#keys
    const keys = Reflect.ownKeys(object)
    if (keys.length !== before.length) return false
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string | symbol // Within the list.
      if (key !== before[index]) return false
      const was = this.#descriptors[index]
      if (was !== undefined && !isSame(was, Object.getOwnPropertyDescriptor(object, key))) return false
    }
    return true
  }

  /** The same, for what an assignment adds, and for prototypes and freezing. It allocates next to nothing. */
  get looksUnchanged(): boolean {
    return this.#isOfTheSameKind && Object.keys(this.#object).length === this.#enumerable
  }

  get #isOfTheSameKind(): boolean {
    return Object.getPrototypeOf(this.#object) === this.#above && Object.isExtensible(this.#object) === this.#extensible
  }
}

function isSame(a: PropertyDescriptor, b: PropertyDescriptor | undefined): boolean {
  return (
    b !== undefined &&
    Object.is(a.value, b.value) &&
    a.get === b.get &&
    a.set === b.set &&
    a.writable === b.writable &&
    a.enumerable === b.enumerable &&
    a.configurable === b.configurable
  )
}

/** A function or class. */
class Part {
  readonly fn: AnyFunction
  readonly #itself: Snapshot
  readonly #prototype: unknown
  /** Of what `new` makes instances of: their methods. */
  readonly #members: Snapshot | undefined
  readonly #isClass: boolean

  constructor(fn: AnyFunction) {
    this.fn = fn
    this.#itself = new Snapshot(fn)
    const prototype: unknown = prototypeOf(fn)
    this.#prototype = prototype
    this.#members = typeof prototype === 'object' && prototype !== null ? new Snapshot(prototype) : undefined
    this.#isClass = isClass(fn)
  }

  get isUnchanged(): boolean {
    return this.#itself.isUnchanged && (this.#members?.isUnchanged ?? true)
  }

  /** Of a class that is all there is to look at: its members do not show where they are assigned. */
  get looksUnchanged(): boolean {
    if (this.#isClass) return this.isUnchanged
    if (!this.#itself.looksUnchanged) return false
    return this.#members === undefined || (this.fn.prototype === this.#prototype && this.#members.looksUnchanged)
  }
}

/** Only of functions that can be called with `new` it is a property of the engine's, which runs nothing. */
function prototypeOf(fn: AnyFunction): unknown {
  return Object.getOwnPropertyDescriptor(fn, 'prototype')?.value
}

export class Reached {
  readonly #parts: Part[] = []

  constructor(fn?: AnyFunction) {
    if (fn !== undefined) this.#parts.push(new Part(fn))
  }

  addAll(reached: Reached): void {
    for (const part of reached.#parts) if (!this.#parts.some(({ fn }) => fn === part.fn)) this.#parts.push(part)
  }

  get isAsItWas(): boolean {
    const parts = this.#parts
    for (let index = 0; index < parts.length; index++) if (!parts[index]?.isUnchanged) return false
    return true
  }

  /** The same for calls that are submitted in a loop: of a function that is no class it is not asked whether what it is called is still the same. */
  get looksAsItWas(): boolean {
    const parts = this.#parts
    for (let index = 0; index < parts.length; index++) if (!parts[index]?.looksUnchanged) return false
    return true
  }
}
