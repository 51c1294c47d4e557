// What can move from one thread to another, told apart where a list of it was written.
import { types } from 'node:util'
import type { Transferable } from './executor.js'
import { show } from './options.js'

/** The platform's classes whose instances can move. That it is the real one is seen when it is sent. */
const classes = new Set(['MessagePort', 'ReadableStream', 'WritableStream', 'TransformStream', 'FileHandle', 'AbortSignal'])

/** @throws {TypeError} that names the first that cannot move. */
export function requireTransferables(name: string, list: unknown): asserts list is readonly Transferable[] {
  if (!Array.isArray(list)) throw new TypeError(`${name} must be an array of transferable values, got ${show(list)}`)
  for (const [at, value] of list.entries()) {
    if (isTransferable(value)) continue
    throw new TypeError(
      `${name}[${at}] must be an ArrayBuffer, a MessagePort, a stream or a FileHandle, got ${show(value)}${insteadOf(value)}`,
    )
  }
}

function isTransferable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (types.isArrayBuffer(value)) return true
  if (types.isProxy(value)) return false
  const Class: unknown = value.constructor
  return typeof Class === 'function' && classes.has(Class.name)
}

function insteadOf(value: unknown): string {
  if (ArrayBuffer.isView(value)) return '. Write its buffer: view.buffer'
  return types.isSharedArrayBuffer(value) ? '. All threads can use it without being given it: leave it out' : ''
}
