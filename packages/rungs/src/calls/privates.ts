// Private members: an instance that has some cannot be made without running its constructor.

import { slotsOf } from './lowered-privates.js'
import type { AnyFunction } from './marks.js'
import { sourceFacts } from './source-facts.js'

/** The class in the chain of `prototype` that has given `value` private members of which a tool has made weak collections. */
export function loweredOwner(prototype: object, value: object): AnyFunction | undefined {
  for (let link: object | null = prototype; link !== null; link = Object.getPrototypeOf(link) as object | null) {
    const Class: unknown = Object.getOwnPropertyDescriptor(link, 'constructor')?.value
    if (typeof Class === 'function' && slotsOf(Class as AnyFunction).some((slot) => slot.has(value))) return Class as AnyFunction
  }
  return undefined
}

const known = new WeakMap<object, AnyFunction | null>()

/** The class in the chain of `prototype` that gives its instances private members. */
export function privateOwner(prototype: object): AnyFunction | undefined {
  const answer = known.get(prototype)
  if (answer !== undefined) return answer ?? undefined
  const found = ownerIn(prototype)
  known.set(prototype, found ?? null)
  return found
}

function ownerIn(prototype: object): AnyFunction | undefined {
  for (let link: object | null = prototype; link !== null; link = Object.getPrototypeOf(link) as object | null) {
    const Class: unknown = Object.getOwnPropertyDescriptor(link, 'constructor')?.value
    if (typeof Class !== 'function') continue
    const text = Function.prototype.toString.call(Class)
    // Most classes have no such letter at all, which spares a parse.
    if (!text.startsWith('class') || !text.includes('#')) continue
    const facts = sourceFacts(text)
    if (typeof facts !== 'string' && facts.klass?.privates) return Class as AnyFunction
  }
  return undefined
}
