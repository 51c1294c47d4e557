// What a function or class is by its text, and what it has lost since: deleted members would come back with the text, and what was frozen would thaw.

import type { Closure } from './closures.js'
import { SHAPE } from './compile.js'
import type { Encoder } from './encode.js'
import { Kind } from './wire.js'

/** A function, and what its text says if that is known. */
type Shaped = Pick<Closure, 'fn'> & Partial<Pick<Closure, 'facts'>>

/** Says whether the text of a class makes this member of it or of its prototype. */
export function isWritten({ fn, facts }: Shaped, holder: object, key: string | symbol): boolean {
  const klass = facts?.klass
  if (klass === undefined) return false
  const { value, get, set } = Object.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor
  const found = [value, get, set].filter((one: unknown) => one !== undefined) as unknown[]
  const methods = holder === fn ? klass.staticMethods : klass.methods
  const named = typeof key === 'string' && methods.has(key)
  if ((!named && !klass.computed) || found.length === 0) return false
  const text = Function.prototype.toString.call(fn)
  return found.every((one) => typeof one === 'function' && text.includes(Function.prototype.toString.call(one)))
}

/** Tells the other side which keys there are, where some are gone, and whether the prototype of a class can still be changed. */
export function addShape(encoder: Encoder, closure: Shaped, at: number, names: string[], valuesAt: number[]): void {
  const { fn, facts } = closure
  const prototype = facts?.klass === undefined ? undefined : (Object.getOwnPropertyDescriptor(fn, 'prototype')?.value as object)
  const own = hasLost(closure, fn) ? Reflect.ownKeys(fn) : undefined
  const inherited = prototype !== undefined && hasLost(closure, prototype) ? Reflect.ownKeys(prototype) : undefined
  const integrity = prototype === undefined ? 0 : integrityOf(prototype)
  if (own === undefined && inherited === undefined && integrity === 0) return
  const list = (keys: readonly (string | symbol)[] | undefined) =>
    keys === undefined
      ? encoder.add(null)
      : addArray(
          encoder,
          keys.map((key) => encoder.at(key, at, { words: ' (a key)' })),
        )
  names.push(SHAPE)
  valuesAt.push(addArray(encoder, [list(own), list(inherited), encoder.add(integrity)]))
}

function addArray(encoder: Encoder, valuesAt: number[]): number {
  return encoder.add([Kind.array, valuesAt.length, valuesAt, -1, undefined])
}

/** Says whether a function, a class or its prototype does not have all that its text gives it; also where that cannot be told. */
function hasLost(closure: Shaped, holder: object): boolean {
  const { fn, facts } = closure
  const klass = facts?.klass
  const isStatic = holder === fn
  const isGone = (name: string) => !Object.hasOwn(holder, name)
  if (isStatic ? isGone('name') || isGone('length') : isGone('constructor')) return true
  if (klass === undefined) return false
  const methods = isStatic ? klass.staticMethods : klass.methods
  if ([...methods].some(isGone) || (isStatic && [...klass.staticFields].some(isGone))) return true
  const computed = klass.keys.filter((key) => key.static === isStatic && (isStatic || !key.field))
  if (computed.length === 0) return false
  const there = Reflect.ownKeys(holder).filter(
    (key) => key !== 'constructor' && !methods.has(String(key)) && isWritten(closure, holder, key),
  )
  return computed.some(({ field }) => field) || there.length < computed.length
}

/** As in `Extras`. */
function integrityOf(value: object): number {
  return Object.isExtensible(value) ? 0 : Object.isFrozen(value) ? 3 : Object.isSealed(value) ? 2 : 1
}
