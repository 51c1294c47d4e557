// Functions that one line makes again and again, as each request makes its closures. From the second one on, a worker has the text, and whatever
// all of them captured; what goes is the values of the other variables.

import { readClosure } from './closures.js'
import type { Encoded } from './encode.js'
import { isOwnOfFunction } from './encode-functions.js'
import { isBuiltinGlobal } from './globals.js'
import { inspectFunction, type Seen } from './inspector.js'
import type { AnyFunction } from './marks.js'
import type { Sender } from './sender.js'
import { isSelfContained } from './simple-facts.js'
import { Kind } from './wire.js'

/** A variable of such a function. */
interface Slot {
  readonly name: string
  /** The scope that holds it: how many are around it, and of which type. */
  readonly depth: number
  readonly type: string
  /** Set when all of the functions have the same value, which the worker knows. */
  readonly fixed: { readonly value: unknown } | undefined
}

/** What the functions of one line have in common. */
interface Maker {
  readonly id: number
  readonly name: string | undefined
  readonly prototype: unknown
  /** How many own properties they have. */
  readonly keys: number
  readonly slots: readonly Slot[]
  /** Each of them reaches nothing that can change: one that comes twice is kept instead. */
  readonly constant: boolean
}

const MOST = 5_000
/** Longer texts go the way where sizes are counted. */
const LONGEST = 10_000

/** The lines that made functions of which one side has sent some. */
export class Makers {
  readonly #sender: Sender
  /** By place in its script; undefined when the first was sent, null when the line is not for this way. */
  readonly #known = new Map<string, Maker | undefined | null>()
  /** Those that capture nothing for certain, by their text: the engine need not be asked. Wherever such a text stands, it means the same. */
  readonly #free = new Map<string, Maker>()

  constructor(sender: Sender) {
    this.#sender = sender
  }

  /** What to send of `fn`, if it is one of those: the definition of its line, and its values. Only the engine is asked. */
  valuesOf(fn: AnyFunction, sentBefore: boolean): { readonly id: number; readonly values: readonly unknown[] } | undefined {
    if (this.#known.size === 0) return undefined
    const free = this.#free.size === 0 ? undefined : this.#free.get(Function.prototype.toString.call(fn))
    if (free !== undefined && !(sentBefore && free.constant) && isLike(fn, free)) return { id: free.id, values: [this.#sender.origin(fn)] }
    const seen = inspectFunction(fn)
    const maker = seen === undefined ? undefined : this.#known.get(placeOf(seen))
    if (seen === undefined || maker === undefined || maker === null || (sentBefore && maker.constant) || !isLike(fn, maker))
      return undefined
    const values: unknown[] = [0]
    for (const { name, depth, type, fixed } of maker.slots) {
      const scope = seen.scopes[seen.scopes.length - depth]
      if (scope === undefined || scope.type !== type || !Object.hasOwn(scope.variables, name)) return undefined
      let value: unknown
      try {
        value = scope.variables[name]
      } catch {
        // It has no value yet, which is told elsewhere.
        return undefined
      }
      if (fixed === undefined) {
        if (!isSmall(value)) return undefined
        values.push(value)
      } else if (fixed.value !== value || !this.#isCurrent(value)) return undefined
    }
    values[0] = this.#sender.origin(fn)
    return { id: maker.id, values }
  }

  #isCurrent(value: unknown): boolean {
    return typeof value !== 'function' || this.#sender.steady.isCurrent(value)
  }

  /** Notes how `fn` was encoded. The second function of a line makes it a known one. */
  note(fn: AnyFunction, encoded: Encoded): void {
    const seen = inspectFunction(fn)
    if (seen?.scriptId === undefined || seen.bound !== undefined) return
    const place = placeOf(seen)
    if (!this.#known.has(place)) {
      if (this.#known.size >= MOST) this.#known.clear()
      this.#known.set(place, undefined)
    } else if (this.#known.get(place) === undefined) {
      const maker = this.#makerOf(fn, encoded)
      this.#known.set(place, maker ?? null)
      const text = Function.prototype.toString.call(fn)
      if (maker !== undefined && isSelfContained(text)) {
        if (this.#free.size >= MOST) this.#free.clear()
        this.#free.set(text, maker)
      }
    }
  }

  /** What was concluded of values may be wrong now. */
  forget(): void {
    this.#known.clear()
    this.#free.clear()
  }

  #makerOf(fn: AnyFunction, { table: { nodes } }: Encoded): Maker | undefined {
    const [kind, codeAt, , , heritageAt, name, names, , prototypeAt, extras, holderAt] = nodes[0] as unknown[]
    if (kind !== Kind.function || heritageAt !== -1 || prototypeAt !== -1 || extras || holderAt !== undefined) return undefined
    const [, code, owns, scopes] = nodes[codeAt as number] as [number, number, number[][], number[][]]
    const closure = readClosure(fn)
    const valuesAt = owns[0] as number[]
    // One text of one function, all of whose variables are its own.
    if (!('variables' in closure) || owns.length !== 1 || scopes.length > 0 || valuesAt.length !== closure.variables.length)
      return undefined
    const { facts, variables, source } = closure
    if (facts.form !== 'function' || facts.surroundings.eval || source !== facts.source || (names as string[]).length > 0) return undefined
    const found = new Set(variables.map((variable) => variable.name))
    if ([...facts.free.keys()].some((free) => !found.has(free) && !isBuiltinGlobal(free))) return undefined
    const fixedIds: number[] = []
    const slots: Slot[] = []
    for (const [index, variable] of variables.entries()) {
      const node = nodes[valuesAt[index] as number]
      const id = Array.isArray(node) && node[0] === Kind.defined ? (node[1] as number) : 0
      if (variable.home.type === 'Global' || (id === 0 && typeof node === 'object' && node !== null)) return undefined
      fixedIds.push(id)
      const { name, home, value } = variable
      slots.push({ name, depth: home.depth, type: home.type, fixed: id === 0 ? undefined : { value } })
    }
    return {
      id: this.#sender.maker(code, fixedIds, name as string | undefined),
      name: name as string | undefined,
      prototype: Object.getPrototypeOf(fn),
      keys: Reflect.ownKeys(fn).length,
      slots,
      constant: closure.constant,
    }
  }
}

/** No two functions of a program are written at the same place; what is made at run time has a script of its own. */
function placeOf({ scriptId, line, column }: Seen): string {
  return `${scriptId}:${line}:${column}`
}

/** It has nothing that others of its line do not have. */
function isLike(fn: AnyFunction, { name, prototype, keys }: Maker): boolean {
  return (
    Object.getPrototypeOf(fn) === prototype &&
    Object.isExtensible(fn) &&
    Reflect.ownKeys(fn).length === keys &&
    Object.getOwnPropertyDescriptor(fn, 'name')?.value === name &&
    (!Object.hasOwn(fn, 'prototype') || isOwnOfFunction(fn, 'prototype'))
  )
}

function isSmall(value: unknown): boolean {
  switch (typeof value) {
    case 'object':
      return value === null
    case 'function':
    case 'symbol':
      return false
    case 'string':
      return value.length <= LONGEST
    default:
      return true
  }
}
