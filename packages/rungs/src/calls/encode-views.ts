// Views of buffers. Of a pool that many small Buffers lie in, only the parts that somebody sends cross, and it is known at the end which these are.

import { types } from 'node:util'
import type { Encoder } from './encode.js'
import { encodePrototype, extrasOf } from './encode-properties.js'
import { LONGEST_LISTED } from './plain.js'
import { Kind } from './wire.js'

/** A part of a buffer, and the node of the view of it. */
export interface Part {
  readonly node: unknown[]
  readonly from: number
  readonly to: number
}

/** The node of a view; that of a part of a pool is completed by {@link placeViews}. */
export function encodeView(encoder: Encoder, value: ArrayBufferView, prototype: object | null, at: number): unknown[] {
  const isBuffer = Buffer.isBuffer(value)
  const name = isBuffer ? 'Buffer' : types.isDataView(value) ? 'DataView' : ((value as Uint8Array)[Symbol.toStringTag] as string)
  const { buffer, byteOffset, byteLength } = value
  const length = name === 'DataView' || isBuffer ? byteLength : (value as Uint8Array).length
  const own = isBuffer ? -1 : (encodePrototype(encoder, prototype, at, name) ?? -1)
  const isElement = (key: string | symbol) => typeof key === 'string' && /^\d+$/.test(key)
  const extras = length > LONGEST_LISTED ? undefined : extrasOf(encoder, value, at, isElement)
  const node: unknown[] = [Kind.view, name, -1, byteOffset, length, own, extras]
  if (!isBuffer && tracksLength(value)) node.push(true)
  const pooled = isBuffer && buffer instanceof ArrayBuffer && byteLength !== buffer.byteLength && !encoder.moving.has(buffer)
  if (pooled) {
    const parts = encoder.views.get(buffer) ?? []
    parts.push({ node, from: byteOffset, to: byteOffset + byteLength })
    encoder.views.set(buffer, parts)
  } else node[2] = encoder.at(buffer, at, { words: '.buffer' })
  return node
}

/** `resize` is newer than the declarations that we compile with. */
interface ResizableBuffer extends ArrayBuffer {
  readonly resizable?: boolean
  readonly maxByteLength: number
  resize(length: number): void
}

/** Whether it has no length of its own. Only a change of the buffer tells, which is taken back before anybody can see it. */
function tracksLength(view: ArrayBufferView): boolean {
  const buffer = view.buffer as ResizableBuffer
  if (buffer.resizable !== true) return false
  const { byteLength: before } = view
  const { byteLength, maxByteLength } = buffer
  const step = 8 // A multiple of the size of any element.
  if (view.byteOffset + before + step <= byteLength) return false
  try {
    if (byteLength + step <= maxByteLength) {
      buffer.resize(byteLength + step)
      const tracks = view.byteLength > before
      buffer.resize(byteLength)
      return tracks
    }
    if (before <= step) return false
    const last = new Uint8Array(buffer).slice(byteLength - step)
    buffer.resize(byteLength - step)
    // One with a length of its own has none of it now.
    const tracks = isWithin(view)
    buffer.resize(byteLength)
    new Uint8Array(buffer).set(last, byteLength - step)
    return tracks
  } catch {
    // Memory of WebAssembly has sizes of its own.
    return false
  }
}

function isWithin(view: ArrayBufferView): boolean {
  try {
    return view.byteLength > 0
  } catch {
    return false // A DataView throws.
  }
}

/** Writes the parts, when all views of them are known. */
export function placeViews(encoder: Encoder): void {
  for (const [buffer, parts] of encoder.views) {
    parts.sort((a, b) => a.from - b.from)
    let sharedAt = -1
    let start = 0
    let end = -1
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] as Part
      // Buffers that overlap share their bytes there as well; the rest of the pool they lie in belongs to others.
      if (part.from >= end) {
        start = part.from
        end = part.to
        for (let next = index + 1; next < parts.length && (parts[next] as Part).from < end; next++) {
          end = Math.max(end, (parts[next] as Part).to)
        }
        const bytes = buffer.slice(start, end)
        encoder.bytes += bytes.byteLength
        sharedAt = encoder.add([Kind.clone, bytes])
      }
      part.node[2] = sharedAt
      part.node[3] = part.from - start
    }
  }
}
