// What most arguments and results are (numbers, texts, bytes, small objects and arrays of these), written and read by hand: a tenth of what
// v8.serialize takes for them. What is not written here is refused as a whole, and goes by v8.
//
// Objects come here only if `calls` has found that structured clone keeps all of their meaning (isPlain), or if this library has made them. Looked at
// here is what is lost easily: -0, holes, halves of surrogate pairs, and one object that is in a value twice.
import { viewClass, viewKindOf, viewOf } from './views.js'

const tags = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  int: 4,
  double: 5,
  text: 6,
  latin1: 7,
  utf16: 8,
  array: 9,
  object: 10,
  view: 11,
  viewPart: 12,
  buffer: 13,
  bufferPart: 14,
} as const

/** Buffers from this size on follow their frame. Below, one more piece to write costs more than the copy. */
export const partSize = 16 * 1024
/** Parts that a frame may have. */
export const mostParts = 250
/** Longer texts are left to v8: it copies them once as well. */
const longestText = 16 * 1024
/** Below this, to copy letters one by one is faster than a call into the runtime. */
const shortText = 16
/** Each character of a text takes at most this many bytes. */
const bytesPerCharacter = 3
/** Elements of an array, keys of an object. isPlain has looked at all properties of arrays up to this length. */
const widest = 64
/** Objects in one value; more would make the search for one that is there twice slow. */
const mostObjects = 24
/** Bytes that are copied one by one. */
const fewBytes = 32

const { getPrototypeOf } = Object
/** Halves of surrogate pairs have no UTF-8. Part of ES2024, and of every Node that we run on. */
const { isWellFormed } = String.prototype as unknown as { isWellFormed: (this: string) => boolean }

export class PlainWriter {
  readonly #size: number
  /** The page that is used whenever nothing waits. */
  readonly #first: Buffer
  #page: Buffer
  /** What lies before has been given away as pieces. */
  #from = 0
  at = 0
  /** Something did not fit. What was written since then is of no use. */
  overflown = false
  /** Of the frame that is being written: what follows it. Memory of whoever sends it. */
  parts: Uint8Array[] = []
  /** Objects of the frame that is being written. */
  readonly #seen: object[] = []

  constructor(size: number, page: Buffer = Buffer.allocUnsafeSlow(size)) {
    this.#size = size
    this.#first = page
    this.#page = page
  }

  /** Where what was not given away lies in the page that this was made with; undefined when some is elsewhere. */
  get waiting(): { readonly start: number; readonly end: number } | undefined {
    return this.#page === this.#first ? { start: this.#from, end: this.at } : undefined
  }

  fits(bytes: number): boolean {
    return this.at + bytes <= this.#size
  }

  /** Begins a frame with room for a head. */
  begin(head: number): void {
    this.overflown = !this.fits(head)
    this.at += head
  }

  /** Keeps nothing of whoever sends it. */
  forget(): void {
    this.#seen.length = 0
    if (this.parts.length > 0) this.parts = []
  }

  room(bytes: number): void {
    if (!this.fits(bytes)) this.overflown = true
  }

  /** A new page. All of the last one must have been given away. */
  renew(): void {
    this.#page = Buffer.allocUnsafeSlow(this.#size)
    this.#from = 0
    this.at = 0
  }

  /** The first page again, from its beginning. */
  restart(): void {
    if (this.#from !== this.at) return
    this.#page = this.#first
    this.#from = 0
    this.at = 0
  }

  /** What was written since the last time. */
  piece(): Uint8Array | undefined {
    if (this.at === this.#from) return undefined
    const piece = this.#page.subarray(this.#from, this.at)
    this.#from = this.at
    return piece
  }

  /** The head of a frame whose other bytes follow. */
  head(start: number, kind: number, parts: number, length: number): void {
    this.#page.writeUInt32LE(length, start)
    this.#page[start + 4] = kind
    this.#page[start + 5] = parts
  }

  bytes(bytes: Uint8Array): void {
    this.#page.set(bytes, this.at)
    this.at += bytes.byteLength
  }

  byte(value: number): void {
    this.room(1)
    if (!this.overflown) this.#page[this.at++] = value
  }

  uint(value: number): void {
    this.room(4)
    if (this.overflown) return
    const page = this.#page
    const { at } = this
    page[at] = value
    page[at + 1] = value >>> 8
    page[at + 2] = value >>> 16
    page[at + 3] = value >>> 24
    this.at = at + 4
  }

  int(value: number): void {
    this.uint(value >>> 0)
  }

  double(value: number): void {
    this.room(8)
    if (this.overflown) return
    this.#page.writeDoubleLE(value, this.at)
    this.at += 8
  }

  /** @returns false if it is not for this way, or did not fit */
  value(value: unknown): boolean {
    switch (typeof value) {
      case 'number':
        if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
          this.byte(tags.int)
          this.int(value)
        } else {
          this.byte(tags.double)
          this.double(value)
        }
        return true
      case 'string':
        return this.#text(value)
      case 'boolean':
        this.byte(value ? tags.true : tags.false)
        return true
      case 'undefined':
        this.byte(tags.undefined)
        return true
      case 'object':
        if (value !== null) return this.#object(value)
        this.byte(tags.null)
        return true
      default:
        return false
    }
  }

  #object(value: object): boolean {
    const seen = this.#seen
    if (seen.length >= mostObjects || seen.includes(value)) return false
    seen.push(value)
    const prototype = getPrototypeOf(value)
    if (prototype === Uint8Array.prototype) return this.#view(value as Uint8Array, 0)
    if (prototype === Object.prototype) return this.#record(value as Record<string, unknown>)
    if (prototype === Array.prototype) return Array.isArray(value) && this.#list(value)
    if (prototype === ArrayBuffer.prototype) return this.#buffer(value as ArrayBuffer)
    if (!ArrayBuffer.isView(value)) return false
    const kind = viewKindOf(value)
    return kind >= 0 && prototype === viewClass(kind).prototype && this.#view(value, kind)
  }

  #list(list: readonly unknown[]): boolean {
    const { length } = list
    if (length > widest) return false
    this.byte(tags.array)
    this.byte(length)
    for (let index = 0; index < length; index++) {
      const value = list[index]
      if ((value === undefined && !(index in list)) || !this.value(value)) return false
    }
    return true
  }

  #record(record: Record<string, unknown>): boolean {
    this.byte(tags.object)
    const { at } = this
    this.byte(0)
    let count = 0
    for (const key in record) {
      if (++count > widest || key === '__proto__' || !this.#text(key) || !this.value(record[key])) return false
    }
    if (!this.overflown) this.#page[at] = count
    return true
  }

  /** The whole of its memory. What else a view can be is not plain. */
  #view(view: ArrayBufferView, kind: number): boolean {
    const { buffer, byteOffset, byteLength } = view
    if (byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return false
    const bytes = kind === 0 ? (view as Uint8Array) : new Uint8Array(buffer, byteOffset, byteLength)
    if (byteLength >= partSize) return this.#part(tags.viewPart, kind, bytes)
    this.byte(tags.view)
    this.byte(kind)
    return this.#copy(bytes)
  }

  #buffer(buffer: ArrayBuffer): boolean {
    if ((buffer as { resizable?: boolean }).resizable === true) return false
    const bytes = new Uint8Array(buffer)
    if (bytes.byteLength >= partSize) return this.#part(tags.bufferPart, 0, bytes)
    this.byte(tags.buffer)
    return this.#copy(bytes)
  }

  #part(tag: number, kind: number, bytes: Uint8Array): boolean {
    if (this.parts.length >= mostParts) return false
    this.byte(tag)
    this.byte(kind)
    this.byte(this.parts.length)
    this.parts.push(bytes)
    return true
  }

  #copy(bytes: Uint8Array): boolean {
    const { byteLength } = bytes
    this.uint(byteLength)
    this.room(byteLength)
    if (this.overflown) return false
    const page = this.#page
    const { at } = this
    if (byteLength > fewBytes) page.set(bytes, at)
    else for (let index = 0; index < byteLength; index++) page[at + index] = bytes[index] as number // Within both.
    this.at = at + byteLength
    return true
  }

  #text(text: string): boolean {
    const { length } = text
    if (length > longestText) return false
    this.room(5 + length)
    if (this.overflown) return false
    if (length <= shortText && this.#letters(text)) return true
    const wide = !isWellFormed.call(text)
    if (!this.fits(5 + length * bytesPerCharacter) && !this.fits(5 + (wide ? 2 * length : Buffer.byteLength(text)))) {
      this.overflown = true
      return false
    }
    const start = this.at + 5
    const size = wide ? this.#page.write(text, start, 'utf16le') : this.#page.write(text, start)
    this.byte(wide ? tags.utf16 : size === length ? tags.latin1 : tags.text)
    this.uint(size)
    this.at = start + size
    return true
  }

  /** @returns false if not all of them are of ASCII */
  #letters(text: string): boolean {
    const page = this.#page
    const start = this.at + 5
    for (let index = 0; index < text.length; index++) {
      const letter = text.charCodeAt(index)
      if (letter > 127) return false
      page[start + index] = letter
    }
    this.byte(tags.latin1)
    this.uint(text.length)
    this.at = start + text.length
    return true
  }
}

const nothing = Buffer.alloc(0)
const noParts: readonly ArrayBuffer[] = []

/** Reads what a PlainWriter has written. One serves for all frames. */
export class PlainReader {
  #bytes: Buffer = nothing
  #parts: readonly ArrayBuffer[] = noParts
  #at = 0

  /** What is read next begins there. */
  begin(bytes: Buffer, at: number, parts: readonly ArrayBuffer[]): void {
    this.#bytes = bytes
    this.#at = at
    this.#parts = parts
  }

  /** Keeps nothing of what it has read. */
  end(): void {
    this.begin(nothing, 0, noParts)
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0
  }

  uint(): number {
    const value = this.#bytes.readUInt32LE(this.#at)
    this.#at += 4
    return value
  }

  int(): number {
    return this.uint() | 0
  }

  double(): number {
    const value = this.#bytes.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  value(): unknown {
    switch (this.byte()) {
      case tags.null:
        return null
      case tags.true:
        return true
      case tags.false:
        return false
      case tags.int:
        return this.int()
      case tags.double:
        return this.double()
      case tags.text:
        return this.#text('utf8')
      case tags.latin1:
        return this.#text('latin1')
      case tags.utf16:
        return this.#text('utf16le')
      case tags.array: {
        const length = this.byte()
        const list: unknown[] = []
        for (let index = 0; index < length; index++) list.push(this.value())
        return list
      }
      case tags.object: {
        const count = this.byte()
        const record: Record<string, unknown> = {}
        for (let index = 0; index < count; index++) {
          this.#at++
          const key = this.#key()
          record[key] = this.value()
        }
        return record
      }
      case tags.view: {
        const kind = this.byte()
        const bytes = this.#copy()
        return kind === 0 ? bytes : viewOf(kind, bytes.buffer)
      }
      case tags.viewPart: {
        const kind = this.byte()
        return viewOf(kind, this.#part())
      }
      case tags.buffer:
        return this.#copy().buffer
      case tags.bufferPart:
        this.#at++
        return this.#part()
      default:
        return undefined
    }
  }

  #key(): string {
    const tag = this.#bytes[this.#at - 1]
    return this.#text(tag === tags.latin1 ? 'latin1' : tag === tags.text ? 'utf8' : 'utf16le')
  }

  #text(encoding: 'utf8' | 'latin1' | 'utf16le'): string {
    const length = this.uint()
    const start = this.#at
    this.#at += length
    return this.#bytes.toString(encoding, start, this.#at)
  }

  /** What is read here is the memory of the next frame. */
  #copy(): Uint8Array {
    const length = this.uint()
    const start = this.#at
    this.#at += length
    const copy = new Uint8Array(length)
    const bytes = this.#bytes
    if (length > fewBytes) copy.set(bytes.subarray(start, this.#at))
    else for (let index = 0; index < length; index++) copy[index] = bytes[start + index] as number // Within both.
    return copy
  }

  #part(): ArrayBuffer {
    return this.#parts[this.byte()] ?? new ArrayBuffer(0)
  }
}
