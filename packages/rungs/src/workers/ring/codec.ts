// Small values as words of shared memory, without an allocation on the way: a tag, then what it needs. What does not fit here (a value of another
// kind, too deep, too wide, too long) is refused as a whole and goes the long way, by structured clone.
//
// A value is given back as structured clone would: that is what `isPlain` of `calls` has made sure of before. Two things are looked at here,
// because they are lost easily: -0, and one object that is in the value twice.
import { KeptBytes, kindOfBytes, viewOf } from '../../calls/index.js'
import type { ElsewhereReader } from './bulk.js'

/** Tags. A number that is not an integer of 32 bits starts on an even word, so that it can be read as it lies. */
const UNDEFINED = 0
const NULL = 1
const FALSE = 2
const TRUE = 3
const INTEGER = 4
const NUMBER = 5
const LATIN1 = 6
const UTF16 = 7
const ARRAY = 8
const OBJECT = 9
const BYTES = 10
/** Bytes that lie in other shared memory, to be copied. */
const BULK = 11
/** A part of other shared memory itself. */
const SHARED = 12

/** Objects in one value; more would make the search for one that is there twice slow. */
const mostObjects = 16
/** Elements of an array, keys of an object. `isPlain` has looked at all properties of arrays up to this length. */
const widest = 64
/** Below this, copying letters one by one is faster than a call into the runtime. */
const shortText = 24

const { getPrototypeOf } = Object

/** Reads and writes values in a part of shared memory. Positions are in words. */
export class Codec {
  readonly words: Int32Array
  readonly #doubles: Float64Array
  readonly #bytes: Buffer
  readonly #seen: object[] = []
  /** Where the next value is read. */
  at = 0
  elsewhere: ElsewhereReader = nowhere

  constructor(buffer: SharedArrayBuffer, byteOffset: number, words: number) {
    this.words = new Int32Array(buffer, byteOffset, words)
    this.#doubles = new Float64Array(buffer, byteOffset, words >> 1)
    this.#bytes = Buffer.from(buffer, byteOffset, words * Int32Array.BYTES_PER_ELEMENT)
  }

  /** `at` must be even. */
  writeDouble(at: number, value: number): void {
    this.#doubles[at >> 1] = value
  }

  readDouble(at: number): number {
    return this.#doubles[at >> 1] as number // Within the memory: so are all reads below, as the writer has kept to it.
  }

  /** Writes all of `values` from `at` on. @returns where they end, or -1 when one of them is not for this way, or `end` was reached */
  writeAll(values: readonly unknown[], at: number, end: number): number {
    this.#forgetSeen()
    let next = at
    for (let index = 0; index < values.length && next >= 0; index++) next = this.#write(values[index], next, end)
    return next
  }

  /** As {@link writeAll}, of one value. */
  write(value: unknown, at: number, end: number): number {
    this.#forgetSeen()
    return this.#write(value, at, end)
  }

  /** To set the length of an array costs as much as all else of a number. */
  #forgetSeen(): void {
    if (this.#seen.length > 0) this.#seen.length = 0
  }

  readAll(count: number): unknown[] {
    const values = new Array<unknown>(count)
    for (let index = 0; index < count; index++) values[index] = this.read()
    return values
  }

  /** The value at `at`, which moves on. */
  read(): unknown {
    const { words } = this
    const tag = words[this.at++]
    switch (tag) {
      case UNDEFINED:
        return undefined
      case NULL:
        return null
      case FALSE:
        return false
      case TRUE:
        return true
      case INTEGER:
        return words[this.at++]
      case NUMBER: {
        const at = (this.at + 1) & ~1
        this.at = at + 2
        return this.#doubles[at >> 1]
      }
      case LATIN1:
        return this.#readText(words[this.at++] as number, false)
      case UTF16:
        return this.#readText(words[this.at++] as number, true)
      case ARRAY:
        return this.readAll(words[this.at++] as number)
      case OBJECT: {
        const count = words[this.at++] as number
        const value: Record<string, unknown> = {}
        for (let index = 0; index < count; index++) {
          const key = this.read() as string // Written as a text.
          value[key] = this.read()
        }
        return value
      }
      case BYTES: {
        const kind = words[this.at++] as number
        const length = words[this.at++] as number
        const from = this.at * 4
        this.at += (length + 3) >> 2
        const copy = new Uint8Array(length)
        copy.set(this.#bytes.subarray(from, from + length))
        return kind === 0 ? copy : viewOf(kind, copy)
      }
      case BULK: {
        const at = this.at
        this.at += 3
        return this.elsewhere.read(words[at] as number, words[at + 1] as number, words[at + 2] as number)
      }
      case SHARED: {
        const at = this.at
        this.at += 4
        return this.elsewhere.view(words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number)
      }
      default:
        throw new RangeError(`There is no value at word ${this.at - 1}: ${tag}`)
    }
  }

  #write(value: unknown, at: number, end: number): number {
    const { words } = this
    // The widest of what has no length: a tag, a word to be even, a number.
    if (at + 4 > end) return -1
    switch (typeof value) {
      case 'number':
        // Divided for each number, not only for 0: what is done for the first time after thousands of calls makes V8 throw away what it has compiled.
        if ((value | 0) === value && 1 / value !== Number.NEGATIVE_INFINITY) {
          words[at] = INTEGER
          words[at + 1] = value
          return at + 2
        } else {
          words[at] = NUMBER
          const place = (at + 2) & ~1
          this.#doubles[place >> 1] = value
          return place + 2
        }
      case 'undefined':
        words[at] = UNDEFINED
        return at + 1
      case 'boolean':
        words[at] = value ? TRUE : FALSE
        return at + 1
      case 'string':
        return this.#writeText(value, at, end)
      case 'object':
        if (value === null) {
          words[at] = NULL
          return at + 1
        }
        return this.#writeObject(value, at, end)
      default:
        return -1
    }
  }

  #writeObject(value: object, at: number, end: number): number {
    const { words } = this
    const seen = this.#seen
    if (seen.length >= mostObjects || seen.includes(value)) return -1
    seen.push(value)
    if (Array.isArray(value)) {
      if (value.length > widest) return -1
      words[at] = ARRAY
      words[at + 1] = value.length
      let next = at + 2
      for (let index = 0; index < value.length && next >= 0; index++) next = this.#write(value[index], next, end)
      return next
    }
    const prototype = getPrototypeOf(value)
    if (prototype === Object.prototype) {
      words[at] = OBJECT
      let count = 0
      let next = at + 2
      for (const key in value) {
        if (++count > widest) return -1
        next = this.#writeText(key, next, end)
        if (next < 0) return -1
        next = this.#write((value as Record<string, unknown>)[key], next, end)
        if (next < 0) return -1
      }
      words[at + 1] = count
      return next
    }
    if (value instanceof KeptBytes) return this.#writeKept(value, at, end)
    const kind = ArrayBuffer.isView(value) ? kindOfBytes(value) : undefined
    return kind === undefined ? -1 : this.#writeBytes(kind, value as Uint8Array, at, end)
  }

  #writeBytes(kind: number, value: Uint8Array, at: number, end: number): number {
    const { byteLength } = value
    const size = (byteLength + 3) >> 2
    if (at + 3 + size > end) return -1
    this.words[at] = BYTES
    this.words[at + 1] = kind
    this.words[at + 2] = byteLength
    this.#bytes.set(kind === 0 ? value : new Uint8Array(value.buffer, value.byteOffset, byteLength), (at + 3) * 4)
    return at + 3 + size
  }

  #writeKept({ kind, bytes, memory, isShared }: KeptBytes, at: number, end: number): number {
    if (memory === 0) return this.#writeBytes(kind, bytes, at, end)
    const { words } = this
    if (isShared) {
      if (at + 5 > end) return -1
      words[at] = SHARED
      words[at + 1] = memory
      words[at + 2] = kind
      words[at + 3] = bytes.byteOffset
      words[at + 4] = bytes.byteLength
      return at + 5
    }
    words[at] = BULK
    words[at + 1] = memory
    words[at + 2] = kind
    words[at + 3] = bytes.byteLength
    return at + 4
  }

  #writeText(text: string, at: number, end: number): number {
    const { length } = text
    if (at + 2 + ((length + 3) >> 2) > end) return -1
    const bytes = this.#bytes
    const from = (at + 2) * 4
    let wide = false
    if (length <= shortText) {
      for (let index = 0; index < length; index++) {
        const letter = text.charCodeAt(index)
        if (letter > 255) {
          wide = true
          break
        }
        bytes[from + index] = letter
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: all that one byte can hold.
    } else if (/^[\u0000-\u00ff]*$/.test(text)) bytes.write(text, from, length, 'latin1')
    else wide = true
    if (!wide) {
      this.words[at] = LATIN1
      this.words[at + 1] = length
      return at + 2 + ((length + 3) >> 2)
    }
    const size = (length + 1) >> 1
    if (at + 2 + size > end) return -1
    this.words[at] = UTF16
    this.words[at + 1] = length
    bytes.write(text, from, length * 2, 'utf16le')
    return at + 2 + size
  }

  #readText(length: number, wide: boolean): string {
    const from = this.at * 4
    if (wide) {
      this.at += (length + 1) >> 1
      return this.#bytes.toString('utf16le', from, from + length * 2)
    }
    this.at += (length + 3) >> 2
    return this.#bytes.toString('latin1', from, from + length)
  }
}

const nowhere: ElsewhereReader = { read: readNothing, view: readNothing }

function readNothing(): never {
  throw new Error('What lies elsewhere is only among the arguments of calls')
}
