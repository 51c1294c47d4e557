// Items that were read, as a list: an array of the map's own, or numbers in a typed array.

import { types } from 'node:util'

type TypedArray = Exclude<NodeJS.TypedArray, DataView>
export type ItemList = unknown[] | TypedArray

const typedPrototype: object = Object.getPrototypeOf(Uint8Array.prototype)
const { iterator } = Symbol

/**
 * All items of an iterable in a list of their own, so that it may be changed here and there. Memory that is shared is meant to be: it is not
 * copied.
 */
export function listOf(items: Iterable<unknown>): ItemList {
  if (!isTypedArray(items)) return [...items]
  return types.isSharedArrayBuffer(items.buffer) ? items : items.slice()
}

/** A part of it. */
export function sliceOf(list: ItemList, from: number, to = list.length): ItemList {
  return from === 0 && to === list.length && Array.isArray(list) ? list : list.slice(from, to)
}

/** One whose items are read in no way of its own. */
function isTypedArray(items: Iterable<unknown>): items is TypedArray {
  if (!ArrayBuffer.isView(items) || items instanceof DataView) return false
  return Reflect.get(items, iterator) === Reflect.get(typedPrototype, iterator)
}
