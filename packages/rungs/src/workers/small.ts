// Whether there may be hundreds of a value on their way: calls go ahead to workers that have no place for them yet.
import { types } from 'node:util'
import { KeptBytes } from '../calls/index.js'

/** Characters, bytes and members of a value that are still small. */
const mostSize = 4_096

/** Bytes that were kept apart. */
const mostKept = 1 << 20

/** Of what is tiny: how many, and how long a text. */
const mostTiny = 16
const mostLetters = 64

let left = 0
let shared = false

/** Of plain data. Looks at a few hundred members at most. */
export function isSmall(data: unknown): boolean {
  left = mostSize
  shared = false
  return fits(data)
}

/** Whether something in what {@link isSmall} was last asked about, and was small, is memory that others have too: its call may wait for another there. */
export function sharesMemory(): boolean {
  return shared
}

/** Whether all of them are values that nothing can change, and of hardly any size. */
export function areTiny(values: readonly unknown[]): boolean {
  for (let at = 0; at < values.length; at++) {
    const value = values[at]
    switch (typeof value) {
      case 'number':
      case 'boolean':
      case 'undefined':
        break
      case 'string':
        if (value.length > mostLetters) return false
        break
      default:
        if (value !== null) return false
    }
  }
  return values.length <= mostTiny
}

function fits(data: unknown): boolean {
  if (typeof data === 'string') return takes(data.length)
  if (typeof data !== 'object' || data === null) return takes(8)
  // They lie apart already, and do not have to be read again to be taken back.
  if (data instanceof KeptBytes) {
    shared ||= data.isShared
    return data.isShared || data.bytes.byteLength <= mostKept
  }
  shared ||= types.isSharedArrayBuffer(ArrayBuffer.isView(data) ? data.buffer : data)
  if (ArrayBuffer.isView(data)) return takes(data.byteLength)
  // Its holes would be looked at as well.
  if (Array.isArray(data)) return takes(8) && data.length <= mostSize && data.every(fits)
  if (data instanceof Map || data instanceof Set) return takes(8 * data.size) && [...data].every(fits)
  if (!takes(8)) return false
  for (const key in data) if (!takes(key.length) || !fits((data as Record<string, unknown>)[key])) return false
  return true
}

function takes(size: number): boolean {
  left -= size
  return left >= 0
}
