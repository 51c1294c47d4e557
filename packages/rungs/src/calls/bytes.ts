// Bytes among the arguments of a call. Most bulky arguments are one view of bytes, and the cheapest way for it is a copy into memory that both sides
// share, made when the call is submitted: nothing of it is serialised, and what is changed here afterwards is not meant for the call. What is shared
// already is not even copied: once a worker knows the memory, its number and the part that is meant are all that goes.
import { types } from 'node:util'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { arePlain, hasBuffers, LONGEST_LISTED } from './plain.js'
import { anyTransfers, type Transferable, transfersOf } from './transfer.js'
import { BytesCall } from './wire.js'

/** The classes of what is bytes; a kind is a place in this list. */
const classes = [
  Uint8Array,
  Buffer,
  ArrayBuffer,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const

const BUFFER = 1
const ARRAY_BUFFER = 2
const SHARED_ARRAY_BUFFER = classes.length

const kinds = new Map<unknown, number>(classes.map(({ prototype }, kind) => [prototype, kind]))
// Node can be told to have none.
if (typeof SharedArrayBuffer === 'function') kinds.set(SharedArrayBuffer.prototype, SHARED_ARRAY_BUFFER)

/** Fewer bytes than this go well with the other arguments. */
const fewBytes = 4_096
/** More are left to structured clone: they would keep much memory busy. */
const mostBytes = 2 ** 30
/** Up to here it costs less to copy than to move. */
const mostMoved = 2 ** 18

const { getPrototypeOf, getOwnPropertyNames, getOwnPropertySymbols, isExtensible } = Object

/** Bytes on their way: a copy that nobody changes, or what the program shares. */
export class KeptBytes {
  constructor(
    /** What they are bytes of; see {@link viewOf}. */
    readonly kind: number,
    readonly bytes: Uint8Array,
    /** The number of the shared memory at whose beginning they lie; 0: they lie here only. */
    readonly memory: number,
    /** The memory is the program's own, and they lie in it at their `byteOffset`. */
    readonly isShared = false,
  ) {}
}

/** Copies bytes to where the workers can read them. */
export interface Keeper {
  /** @returns undefined when there is no memory for so much */
  keep(kind: number, bytes: Uint8Array): KeptBytes | undefined
  /** Nobody will read them any more. */
  release(bytes: KeptBytes): void
  /** @returns the number of memory that the program shares; undefined while it is not worth to have one */
  numberOf(memory: SharedArrayBuffer): number | undefined
}

/** Of a class of {@link classes}, by the object that its instances inherit from. */
export function kindOfBytes(value: object): number | undefined {
  return kinds.get(getPrototypeOf(value))
}

/** What has these bytes, and no others. */
export function viewOf(kind: number, { buffer, byteOffset, byteLength }: Uint8Array): unknown {
  if (kind === ARRAY_BUFFER || kind === SHARED_ARRAY_BUFFER) return buffer
  // Or a shared one: it takes both.
  if (kind === BUFFER) return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
  const View = classes[kind] as typeof Uint8Array // The constructors of all views are alike.
  return new View(buffer as ArrayBuffer, byteOffset, byteLength / View.BYTES_PER_ELEMENT)
}

/**
 * The call with its bytes kept, if one of its arguments is bytes and a way of their own is worth it. What is to be moved is gone here then; what is
 * shared stays as it is.
 */
export function bytesCall(
  target: number,
  args: readonly unknown[],
  transfer: readonly Transferable[] | undefined,
  keeper: Keeper,
): BytesCall | undefined {
  let at = -1
  for (let index = 0; index < args.length; index++) {
    const value = args[index]
    if (typeof value !== 'object' || value === null || !(ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value))) continue
    // Two may be views of the same buffer.
    if (at >= 0) return undefined
    at = index
  }
  if (at < 0) return undefined
  const value = args[at] as ArrayBufferLike | ArrayBufferView
  const kind = kindOfBytes(value)
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value
  const moved = movedOf(value, buffer, transfer)
  if (kind === undefined || moved === 'more') return undefined
  const moves = moved === 'it'
  if (types.isSharedArrayBuffer(buffer)) return moves ? undefined : sharedCall(target, args, at, kind, keeper)
  if (value.byteLength > (moves ? mostMoved : mostBytes) || !isWhole(value, buffer, kind === BUFFER && !moves)) return undefined
  if (value.byteLength < fewBytes && kind !== BUFFER && !moves) return undefined
  const rest = withoutBytes(args, at)
  if (rest === undefined) return undefined
  const bytes = kind === ARRAY_BUFFER ? new Uint8Array(value as ArrayBuffer) : asBytes(value as ArrayBufferView)
  const kept = bytes.byteLength < fewBytes ? new KeptBytes(kind, bytes.slice(), 0) : keeper.keep(kind, bytes)
  if (kept === undefined || (moves && !detach(buffer))) {
    if (kept !== undefined) keeper.release(kept)
    return undefined
  }
  return callWith(target, rest, kept, at)
}

/** With the number of the memory, if it has one. */
function sharedCall(target: number, args: readonly unknown[], at: number, kind: number, keeper: Keeper): BytesCall | undefined {
  const value = args[at] as SharedArrayBuffer | ArrayBufferView
  const memory = ArrayBuffer.isView(value) ? (value.buffer as ArrayBufferLike as SharedArrayBuffer) : value
  if ((memory as { growable?: boolean }).growable || memory.byteLength > mostBytes || value.byteLength === 0) return undefined
  if (!isBare(memory) || (value !== memory && !isBare(value))) return undefined
  const number = keeper.numberOf(memory)
  const rest = number === undefined ? undefined : withoutBytes(args, at)
  if (number === undefined || rest === undefined) return undefined
  const bytes = ArrayBuffer.isView(value) ? asBytes(value) : new Uint8Array(memory)
  return callWith(target, rest, new KeptBytes(kind, bytes, number, true), at)
}

/** The other arguments, if nothing in them could be the same bytes. */
function withoutBytes(args: readonly unknown[], at: number): unknown[] | undefined {
  const rest = args.map((arg, index) => (index === at ? undefined : arg))
  return arePlain(rest) && !hasBuffers() ? rest : undefined
}

function callWith(target: number, rest: unknown[], kept: KeptBytes, at: number): BytesCall {
  const data = rest.some((arg) => typeof arg === 'object' && arg !== null) ? (structuredClone(rest) as unknown[]) : rest
  data[at] = kept
  return new BytesCall(target, data, kept, at)
}

/** Whether its bytes are all that there is to it. `part`: of a Buffer only its own part is sent, wherever it lies. */
function isWhole(value: ArrayBufferLike | ArrayBufferView, buffer: ArrayBufferLike, part: boolean): boolean {
  if (!types.isArrayBuffer(buffer) || (buffer as { resizable?: boolean }).resizable) return false
  // Empty, or moved away: that is refused elsewhere.
  if (value.byteLength === 0 || (!part && value.byteLength !== buffer.byteLength)) return false
  return isBare(value)
}

/** It has no properties of its own. Of longer views that is not looked for: each element would be among the names. */
function isBare(value: ArrayBufferLike | ArrayBufferView): boolean {
  if (!isExtensible(value) || getOwnPropertySymbols(value).length > 0) return false
  const length = ArrayBuffer.isView(value) ? (value as Uint8Array).length : 0
  return length > LONGEST_LISTED || getOwnPropertyNames(value).length === length
}

/** Whether its memory is to be moved: it and nothing else, or more than that. */
function movedOf(value: object, buffer: ArrayBufferLike, transfer: readonly Transferable[] | undefined): 'nothing' | 'it' | 'more' {
  let moved: 'nothing' | 'it' = 'nothing'
  const lists = anyTransfers() ? [transfer, transfersOf(value), transfersOf(buffer)] : [transfer]
  for (const list of lists) {
    if (list === undefined || list.length === 0) continue
    if (list.length > 1 || list[0] !== buffer) return 'more'
    moved = 'it'
  }
  return moved
}

/** A port that nobody listens to: what is moved there is let go at once, where a clone would keep it until it is collected. */
let nowhere: MessagePort | undefined

/** @returns false if it cannot be moved, which is told elsewhere */
function detach(buffer: ArrayBufferLike): boolean {
  if (nowhere === undefined) {
    nowhere = new MessageChannel().port1
    nowhere.close()
  }
  try {
    nowhere.postMessage(undefined, [buffer as ArrayBuffer])
    return true
  } catch {
    return false
  }
}

function asBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
