// Recognises values for which structured clone keeps every meaning, without allocating: most arguments and results are such values, and
// then nothing of this folder stands in their way.

import { types } from 'node:util'
import { anyTransfers, transfersOf } from './transfer.js'

/** Deeper values go the long way: this walk recurses. */
const DEEPEST = 50
/** More objects than this may be a small graph with many ways through it. */
const MOST = 1_000_000
/** With more elements that are undefined an array may be one of holes. */
const MOST_MISSING = 1_000
/** Of longer views properties of their own are not looked for: each element would be among them. */
export const LONGEST_LISTED = 64

const objectPrototype = Object.prototype
const arrayPrototype = Array.prototype
const { getPrototypeOf, getOwnPropertyNames, getOwnPropertySymbols, isExtensible } = Object
const { isDate, isMap, isProxy, isSet } = types
const hasOwn = objectPrototype.hasOwnProperty
// The only way to ask for an accessor that makes no descriptor.
const lookupGetter = (objectPrototype as unknown as { __lookupGetter__: (this: object, key: string) => unknown }).__lookupGetter__

let visited = 0
let buffers = 0

/** True when structured clone, and v8.serialize, give back the same value. False also when that would take too long to find out. */
export function isPlain(value: unknown): boolean {
  if (isPrimitive(value)) return typeof value !== 'symbol'
  visited = 0
  buffers = 0
  return plainAt(value, 0)
}

/** The same for the array of arguments of a call, whose own identity nobody can see. */
export function arePlain(values: readonly unknown[]): boolean {
  visited = 0
  buffers = 0
  for (let at = 0; at < values.length; at++) if (!plainAt(values[at], 0)) return false
  return true
}

/** Whether there was a view of bytes among the values that were last looked at. */
export function hasBuffers(): boolean {
  return buffers > 0
}

function isPrimitive(value: unknown): boolean {
  return (typeof value !== 'object' && typeof value !== 'function') || value === null
}

function plainAt(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'object':
      break
    case 'function':
    case 'symbol':
      return false
    default:
      return true
  }
  if (value === null) return true
  if (depth > DEEPEST || ++visited > MOST) return false
  if (anyTransfers() && transfersOf(value) !== undefined) return false
  // Before anything is asked of it that it could answer by itself.
  if (isProxy(value)) return false
  const prototype = getPrototypeOf(value)
  if (prototype === objectPrototype) return plainObject(value as Record<string, unknown>, depth)
  if (prototype === arrayPrototype) return Array.isArray(value) && plainArray(value, depth)
  return plainBuiltin(value, prototype, depth)
}

function plainObject(value: Record<string, unknown>, depth: number): boolean {
  if (!isExtensible(value)) return false
  let count = 0
  for (const key in value) {
    // Something was added to Object.prototype: not ours to judge.
    if (!hasOwn.call(value, key) || key === '__proto__') return false
    if (lookupGetter.call(value, key) !== undefined) return false
    const member = value[key]
    // Only a setter reads as undefined without being it.
    if (member === undefined && Object.getOwnPropertyDescriptor(value, key)?.set !== undefined) return false
    if (!plainAt(member, depth + 1)) return false
    count++
  }
  // An arguments object has a symbol of its own.
  return count === getOwnPropertyNames(value).length && getOwnPropertySymbols(value).length === 0
}

function plainArray(value: readonly unknown[], depth: number): boolean {
  if (!isExtensible(value)) return false
  const { length } = value
  if (length <= 64) {
    if (getOwnPropertyNames(value).length !== length + 1) return false
  } else if ('index' in value || 'raw' in value) return false
  let missing = 0
  for (let at = 0; at < length; at++) {
    const member = value[at]
    if (typeof member === 'number' || typeof member === 'string') continue
    if (member === undefined && ++missing > MOST_MISSING) return plainElements(value, depth)
    if (!plainAt(member, depth + 1)) return false
  }
  return true
}

/** Of what may be mostly holes: its length says nothing of what there is. */
function plainElements(value: readonly unknown[], depth: number): boolean {
  for (const key of Object.keys(value)) if (!plainAt(value[key as unknown as number], depth + 1)) return false
  return true
}

function plainBuiltin(value: object, prototype: unknown, depth: number): boolean {
  // Objects can be made with these prototypes that are nothing of the kind.
  if (prototype === Date.prototype) return isDate(value) && isBare(value)
  if (prototype === Map.prototype) {
    if (!isMap(value) || !isBare(value)) return false
    for (const [key, member] of value as Map<unknown, unknown>) {
      if (!plainAt(key, depth + 1) || !plainAt(member, depth + 1)) return false
    }
    return true
  }
  if (prototype === Set.prototype) {
    if (!isSet(value) || !isBare(value)) return false
    for (const member of value as Set<unknown>) if (!plainAt(member, depth + 1)) return false
    return true
  }
  return isWholeView(value, prototype)
}

/** Two views of one buffer, or a part of a buffer, have meanings that v8.serialize loses: only a single whole view is plain. */
function isWholeView(value: object, prototype: unknown): boolean {
  if (!ArrayBuffer.isView(value) || value instanceof DataView || ++buffers > 1) return false
  const view = value as Uint8Array
  const { buffer } = view
  return (
    prototype === (Reflect.get(globalThis, view[Symbol.toStringTag]) as { prototype: unknown } | undefined)?.prototype &&
    buffer instanceof ArrayBuffer &&
    view.byteLength === buffer.byteLength &&
    view.byteLength > 0 &&
    !(buffer as { resizable?: boolean }).resizable &&
    isExtensible(view) &&
    (view.length > LONGEST_LISTED || getOwnPropertyNames(view).length === view.length) &&
    getOwnPropertySymbols(view).length === 0
  )
}

/** It has no properties of its own. */
function isBare(value: object): boolean {
  return isExtensible(value) && getOwnPropertyNames(value).length === 0 && getOwnPropertySymbols(value).length === 0
}
