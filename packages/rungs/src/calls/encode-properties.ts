// The own properties of an object: plain data by name, everything else one by one. And its prototype.

import type { Encoder } from './encode.js'
import { isNative } from './globals.js'
import { registeredFor } from './marks.js'
import { loweredOwner, privateOwner } from './privates.js'
import { type Extras, Kind } from './wire.js'

const PLAIN = 7

/** Names and places of the plain properties, and the rest. */
export function encodeProperties(encoder: Encoder, value: object, at: number): [string[], number[], Extras | undefined] {
  const names: string[] = []
  const valuesAt: number[] = []
  const strange: (string | symbol)[] = []
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key)
    if (descriptor === undefined) continue
    // What comes after a strange one is put back after it: the order of keys is a part of the value.
    if (strange.length > 0) strange.push(key)
    else if (typeof key === 'string' && 'value' in descriptor && flagsOf(descriptor) === PLAIN && key !== '__proto__') {
      names.push(key)
      valuesAt.push(encoder.at(descriptor.value, at, key))
    } else if (
      flagsOf(descriptor) !== PLAIN &&
      'value' in descriptor &&
      !Object.isExtensible(value) &&
      typeof key === 'string' &&
      descriptor.enumerable
    ) {
      // Of a frozen or sealed object: freezing it again gives the flags back.
      names.push(key)
      valuesAt.push(encoder.at(descriptor.value, at, key))
    } else strange.push(key)
  }
  return [names, valuesAt, extrasFrom(encoder, value, at, strange)]
}

/** All own properties as extras but those that `skip` names. */
export function extrasOf(encoder: Encoder, value: object, at: number, skip: (key: string | symbol) => boolean): Extras | undefined {
  return extrasFrom(
    encoder,
    value,
    at,
    Reflect.ownKeys(value).filter((key) => !skip(key)),
  )
}

/** These own properties as extras. */
export function extrasFrom(encoder: Encoder, value: object, at: number, keys: readonly (string | symbol)[]): Extras | undefined {
  const integrity = Object.isFrozen(value) ? 3 : Object.isSealed(value) ? 2 : Object.isExtensible(value) ? 0 : 1
  if (keys.length === 0 && (integrity === 0 || Object.isExtensible(value))) return undefined
  const properties: Extras['properties'][number][] = []
  for (const key of keys) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor
    const keyAt = encoder.at(key, at, { words: ` (a key)` })
    const label = typeof key === 'symbol' ? { words: `[${String(key)}]` } : key
    if ('value' in descriptor) properties.push([keyAt, flagsOf(descriptor), encoder.at(descriptor.value, at, label)])
    else {
      const getterAt = descriptor.get === undefined ? -1 : encoder.at(descriptor.get, at, { words: ` (the getter of ${String(key)})` })
      const setterAt = descriptor.set === undefined ? -1 : encoder.at(descriptor.set, at, { words: ` (the setter of ${String(key)})` })
      properties.push([keyAt, flagsOf(descriptor), getterAt, setterAt])
    }
  }
  return { properties, integrity: Object.isExtensible(value) ? 0 : integrity }
}

function flagsOf(descriptor: PropertyDescriptor): number {
  return (descriptor.writable ? 1 : 0) + (descriptor.enumerable ? 2 : 0) + (descriptor.configurable ? 4 : 0)
}

/** Says whether this is the prototype that a kind of value has by itself, in this realm or another. */
export function isStandard(prototype: object, name: string): boolean {
  const standard: unknown = Reflect.get(globalThis, name)
  if (typeof standard === 'function' && standard.prototype === prototype) return true
  const Class: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof Class === 'function' && Class.name === name && Class.prototype === prototype && isNative(Class)
}

/** The place of an object's prototype; undefined when it is the one that its kind has anyway, -2 when there is none. */
export function encodePrototype(
  encoder: Encoder,
  prototype: object | null,
  at: number,
  standard: string,
  keepsPrivates = false,
): number | undefined {
  if (prototype === null) return -2
  if (isStandard(prototype, standard)) return undefined
  const Class: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  if (typeof Class === 'function' && Class.prototype === prototype) {
    const owner = keepsPrivates ? undefined : (privateOwner(prototype) ?? loweredOwner(prototype, encoder.valueAt(at) as object))
    if (owner !== undefined) {
      // A codec is for the instances of its own class, not for those of classes that extend it.
      const name = Class.name || owner.name
      const value = name.slice(0, 1).toLowerCase() + name.slice(1)
      const whose =
        registeredFor(owner.prototype as object) === undefined ? '' : `, and what was registered for ${owner.name} makes no ${name}`
      encoder.refuse(
        at,
        `it has private members of class ${owner.name}, which nothing outside of the class can read${whose}`,
        `Write register(${name}, { encode: (${value}) => …, decode: (data) => new ${name}(…) })`,
      )
    }
    const classAt = encoder.at(Class, at, { words: ` (its class ${Class.name || 'without a name'})` })
    return encoder.add([Kind.prototype, classAt])
  }
  return encoder.at(prototype, at, { words: ' (its prototype)' })
}
