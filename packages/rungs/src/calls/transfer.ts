// Values that move instead of being copied.

import { types } from 'node:util'
import type { MessagePort as NodeMessagePort } from 'node:worker_threads'
import { requireTransferables } from '../core/transferables.js'
import { classNameOf } from './class-name.js'

/** What can move from one thread to another: ArrayBuffers, MessagePorts, streams, file handles. */
export type Transferable = NonNullable<Parameters<NodeMessagePort['postMessage']>[1]>[number]

const marks = new WeakMap<object, readonly Transferable[] | undefined>()
let marked = false

/**
 * Marks `value` so that what is transferable in it moves to the other side instead of being copied. It is given away, and
 * detached here, when `submit` returns, whatever becomes of the call. It works for arguments, for captured variables and for results. Between
 * processes there is no moving: the value is copied.
 *
 * Without a `list` the transferables are looked for in the value, its plain objects, arrays, maps and sets: ArrayBuffers, the buffers of
 * typed arrays, MessagePorts and streams. Nothing waits, and `value` itself is returned.
 * @throws {TypeError} if `value` is not an object, or something in the list cannot move.
 * @example
 * const pixels = new Uint8ClampedArray(width * height * 4)
 * const blurred = await pool.submit(blur, transfer(pixels), width)
 */
export function transfer<T extends object>(value: T, list?: readonly Transferable[]): T {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    throw new TypeError(`transfer() takes an object, got ${value === null ? 'null' : typeof value}`)
  }
  if (list !== undefined) requireTransferables('The list of transfer()', list)
  marks.set(value, list)
  marked = true
  return value
}

/** Whether any value was ever marked: lets the common path skip its look-ups. */
export function anyTransfers(): boolean {
  return marked
}

/** What moves with `value` when it was given to transfer(). */
export function transfersOf(value: object): readonly Transferable[] | undefined {
  if (!marks.has(value)) return undefined
  return marks.get(value) ?? findTransferables(value)
}

/** Says whether `value` moves: it cannot be cloned, or need not be. */
function isTransferable(value: object): value is Transferable & object {
  return value instanceof ArrayBuffer || movesOnly(value)
}

/** MessagePorts, streams and file handles can only move, never be copied. */
export function movesOnly(value: object): boolean {
  const name = classNameOf(value)
  switch (name) {
    case 'MessagePort':
    case 'ReadableStream':
    case 'WritableStream':
    case 'TransformStream':
    case 'FileHandle':
      // The names are easily taken by a class of the user's; the real ones are not plain JavaScript objects of the user's making.
      return Object.getPrototypeOf(value) === builtinPrototype(name, value)
    default:
      return false
  }
}

function builtinPrototype(name: string, value: object): unknown {
  const global = Reflect.get(globalThis, name) as { prototype?: unknown } | undefined
  return name === 'FileHandle' ? Object.getPrototypeOf(value) : global?.prototype
}

function findTransferables(root: object): readonly Transferable[] {
  const found = new Set<Transferable>()
  const seen = new Set<object>()
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    if (ArrayBuffer.isView(value)) {
      // A small Buffer is a part of a pool that it shares with strangers: its bytes are copied.
      const whole = value.byteLength === value.buffer.byteLength || !Buffer.isBuffer(value)
      if (whole && value.buffer instanceof ArrayBuffer) found.add(value.buffer)
    } else if (isTransferable(value)) found.add(value)
    else if (Array.isArray(value)) open.push(...value)
    else if (value instanceof Map) open.push(...value.keys(), ...value.values())
    else if (value instanceof Set) open.push(...value)
    else if (!types.isSharedArrayBuffer(value)) {
      for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(value))) open.push(descriptor.value)
    }
  }
  return [...found]
}
