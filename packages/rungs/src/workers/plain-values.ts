// Numbers, short texts and the other simple values, written and read by hand: a tenth of what v8.serialize takes for them.

const tags = { undefined: 0, null: 1, true: 2, false: 3, int: 4, double: 5, text: 6 } as const
/** Longer texts are left to v8. */
const longestText = 4_096
/** Each character of a text takes at most this many bytes. */
const bytesPerCharacter = 3

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

  /** Leaves room for a head. */
  begin(head: number): void {
    this.overflown = !this.fits(head)
    this.at += head
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

  frame(kind: number, parts: readonly Uint8Array[], headLength: number, bodyLength: number): void {
    const page = this.#page
    page.writeUInt32LE(headLength - 4 + bodyLength, this.at)
    page[this.at + 4] = kind
    page[this.at + 5] = parts.length
    for (const [index, part] of parts.entries()) page.writeDoubleLE(part.byteLength, this.at + 6 + 8 * index)
    this.at += headLength
  }

  /** Completes the frame without parts that began at `start`. */
  head(start: number, kind: number): void {
    this.#page.writeUInt32LE(this.at - start - 4, start)
    this.#page[start + 4] = kind
    this.#page[start + 5] = 0
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
    this.#page.writeUInt32LE(value, this.at)
    this.at += 4
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

  /** @returns false if it is not a simple value */
  value(value: unknown): boolean {
    switch (typeof value) {
      case 'number':
        if ((value | 0) === value && !Object.is(value, -0)) {
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
        if (value !== null) return false
        this.byte(tags.null)
        return true
      default:
        return false
    }
  }

  #text(text: string): boolean {
    if (text.length > longestText || !isWellFormed.call(text)) return false
    this.room(5 + text.length * bytesPerCharacter)
    if (this.overflown) return false
    const length = this.#page.write(text, this.at + 5)
    this.byte(tags.text)
    this.uint(length)
    this.at += length
    return true
  }
}

export class PlainReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
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
      case tags.text: {
        const length = this.uint()
        const start = this.#at
        this.#at += length
        return this.#bytes.toString('utf8', start, this.#at)
      }
      default:
        return undefined
    }
  }
}
