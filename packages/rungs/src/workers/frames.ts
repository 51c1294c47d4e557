// Messages as bytes: frames with their length in front. What most messages are is written by hand (plain-values.ts), the rest by v8 (v8-values.ts). A
// large buffer follows its frame as it is, or lies in a file that both sides have (part-file.ts). So its bytes are never copied here: they go from the
// memory of one value to that of the other by way of the kernel.
//
//   frame:  length u32 │ kind u8 │ count of parts u8 │ body │ for each part: length f64, position f64 │ parts without a position
//                      └────────────────────────────── length bytes ──────────────────────────────────┘
import { filedSize, type PartFile, readPart } from './part-file.js'
import { PlainReader, PlainWriter } from './plain-values.js'
import { V8Reader, V8Writer } from './v8-values.js'

/** Bytes that are collected before they become a piece of their own. */
export const pageSize = 64 * 1024
const headSize = 6
/** What is said of each part. */
const entrySize = 16
/** In the place of a position: the part follows its frame. */
const follows = -1
/** A body by v8 that is not larger is copied to what else waits. */
const smallBody = 4_096

/** What a message is on its way: `any` is for v8, `value` is one value written by hand, the others are read where they are written. */
export const frameKinds = { any: 0, value: 1, call: 2, reply: 3, lot: 4, taken: 5 } as const

/** Turns messages into pieces of bytes, to be written one after the other. */
export class FrameWriter {
  readonly #plain: PlainWriter
  #pieces: Uint8Array[] = []
  #lent = false
  /** Bytes that wait in {@link take}. */
  bytes = 0
  /** Where large buffers are put. Without it, or when it has no room, they follow their frames. */
  file: PartFile | undefined
  /** Whether some of what waits has parts in the file. */
  #filed = false

  /** `page`: memory for the frames of a turn that are not too many, which others may see. */
  constructor(page?: Buffer) {
    this.#plain = new PlainWriter(pageSize, page)
  }

  /** Where in the page all lies that waits; undefined when some of it is elsewhere. */
  get inPage(): { readonly start: number; readonly end: number } | undefined {
    return this.#pieces.length === 0 ? this.#plain.waiting : undefined
  }

  /** Whether some of what waits is memory of whoever sends it, so that it is to be written before that changes. */
  get lent(): boolean {
    return this.#lent
  }

  get filed(): boolean {
    return this.#filed
  }

  /**
   * Adds a message. `buffers`: ArrayBuffers in it, of which the large ones follow as they are when it is left to v8.
   * @throws if it cannot be written; then nothing is.
   */
  any(message: unknown, buffers: readonly ArrayBuffer[] = []): void {
    if (!this.simple(frameKinds.value, (to) => to.value(message))) this.byV8(message, buffers)
  }

  /** As {@link any}, when it is known that it cannot be written by hand. */
  byV8(message: unknown, buffers: readonly ArrayBuffer[] = []): void {
    const serializer = new V8Writer()
    serializer.writeHeader()
    for (const buffer of buffers) serializer.part(buffer)
    serializer.writeValue(message)
    this.#add(serializer.releaseBuffer(), serializer.parts)
  }

  /**
   * Adds a message made of numbers and of values, as `write` says. Gives up, and adds nothing, when one of the values is not written by hand.
   * @returns false if it gave up
   */
  simple(kind: number, write: (plain: PlainWriter) => boolean): boolean {
    const plain = this.#plain
    for (;;) {
      const start = plain.at
      plain.begin(headSize)
      const simple = write(plain)
      const { parts } = plain
      plain.forget()
      plain.room(entrySize * parts.length)
      if (simple && !plain.overflown) {
        plain.head(start, kind, parts.length, plain.at - start - 4 + entrySize * parts.length)
        this.bytes += plain.at - start
        if (parts.length > 0) this.#addParts(parts)
        return true
      }
      plain.at = start
      // Or it needs more than a page.
      if (!plain.overflown || start === 0) return false
      this.#closePage()
      plain.renew()
    }
  }

  /** Everything that was added since the last time. */
  take(): Uint8Array[] {
    this.#closePage()
    const pieces = this.#pieces
    this.#pieces = []
    this.bytes = 0
    this.#lent = false
    this.#filed = false
    return pieces
  }

  /** What was taken has been written: its memory can be used again. */
  reuse(): void {
    if (this.#pieces.length === 0) this.#plain.restart()
  }

  #add(body: Uint8Array, parts: readonly Uint8Array[]): void {
    const plain = this.#plain
    const small = body.byteLength <= smallBody
    const entries = entrySize * parts.length
    if (!plain.fits(headSize + (small ? body.byteLength : 0) + entries)) {
      this.#closePage()
      plain.renew()
    }
    const start = plain.at
    plain.begin(headSize)
    plain.head(start, frameKinds.any, parts.length, headSize - 4 + body.byteLength + entries)
    this.bytes += headSize + body.byteLength
    if (small) plain.bytes(body)
    else {
      this.#closePage()
      this.#pieces.push(body)
    }
    if (parts.length > 0) this.#addParts(parts)
  }

  /** For which there is room in the page. */
  #addParts(parts: readonly Uint8Array[]): void {
    const plain = this.#plain
    const following: Uint8Array[] = []
    for (const part of parts) {
      const position = part.byteLength < filedSize ? undefined : this.file?.put(part)
      plain.double(part.byteLength)
      plain.double(position ?? follows)
      if (position === undefined) following.push(part)
    }
    this.bytes += entrySize * parts.length
    if (following.length < parts.length) this.#filed = true
    if (following.length === 0) return
    this.#closePage()
    for (const part of following) {
      this.#pieces.push(part)
      this.bytes += part.byteLength
    }
    this.#lent = true
  }

  #closePage(): void {
    const piece = this.#plain.piece()
    if (piece !== undefined) this.#pieces.push(piece)
  }
}

/** Puts frames together again out of what comes in, and hands over what they hold. */
export class FrameReader {
  readonly #receive: (kind: number, body: PlainReader | undefined, message: unknown) => void
  readonly #scratch = Buffer.allocUnsafeSlow(pageSize)
  /** Bytes of the scratch that are there and were not read. May change whenever something is handed over: that may read more. */
  #start = 0
  #end = 0
  /** What was pushed and has not been looked at. Undefined when that is nothing. */
  #rest: Uint8Array | undefined
  /** A frame that is larger than the scratch, or has parts. */
  #large: LargeFrame | undefined
  /** Where parts lie that do not follow their frames. `taken` is told up to where they have been read. */
  file: { readonly fd: number; readonly taken: (position: number) => void } | undefined

  readonly #plain = new PlainReader()

  /** `receive` gets the kind, and either a reader of what `simple` wrote, which it uses before it does anything else, or the message. */
  constructor(receive: (kind: number, body: PlainReader | undefined, message: unknown) => void) {
    this.#receive = receive
  }

  /** How many bytes are known to be missing; 0: not known. */
  get missing(): number {
    return this.#large?.missing ?? 0
  }

  /** Where the next bytes belong. */
  target(): Uint8Array {
    if (this.#large !== undefined) return this.#large.target()
    if (this.#end === pageSize) {
      this.#scratch.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    return this.#scratch.subarray(this.#end)
  }

  /** So many bytes were put there. */
  filled(count: number): void {
    if (this.#large === undefined) this.#end += count
    else this.#large.filled(count)
    this.#read()
  }

  /** Takes bytes from elsewhere. They are copied. */
  push(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return
    this.#rest = bytes
    this.resume()
  }

  /** Hands over what is there and was not: who is handed something may wait for what comes behind it. */
  resume(): void {
    this.#read()
    while (this.#rest !== undefined) {
      const rest = this.#rest
      const target = this.target()
      const count = Math.min(target.byteLength, rest.byteLength)
      target.set(count === rest.byteLength ? rest : rest.subarray(0, count))
      this.#rest = count === rest.byteLength ? undefined : rest.subarray(count)
      this.filled(count)
    }
  }

  #read(): void {
    for (;;) {
      if (this.#large !== undefined) {
        if (this.#large.missing > 0) return
        const { head, parts } = this.#large
        this.#large = undefined
        this.#give(head, 0, head.byteLength, this.#complete(entriesOf(head, head.byteLength, head[1] ?? 0), parts))
        continue
      }
      const there = this.#end - this.#start
      if (there < 4) break
      const length = this.#scratch.readUInt32LE(this.#start)
      const counted = there >= headSize ? (this.#scratch[this.#start + 5] ?? 0) : undefined
      if (counted !== undefined && there >= 4 + length) {
        const start = this.#start + 4
        const end = start + length
        const entries = counted === 0 ? none : entriesOf(this.#scratch, end, counted)
        if (entries.every(({ position }) => position !== follows)) {
          this.#start = end
          this.#give(this.#scratch, start, end, counted === 0 ? none : this.#complete(entries, none))
          continue
        }
      } else if (counted === undefined || 4 + length <= pageSize) {
        // It may be read where it is once it is complete.
        break
      }
      this.#beginLarge(length)
    }
    if (this.#start === this.#end) {
      this.#start = 0
      this.#end = 0
    } else if (this.#start > pageSize / 2) {
      this.#scratch.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
  }

  #beginLarge(length: number): void {
    const large = new LargeFrame(length)
    this.#large = large
    this.#start += 4
    while (this.#start < this.#end && large.missing > 0) {
      const target = large.target()
      const count = Math.min(target.byteLength, this.#end - this.#start)
      target.set(this.#scratch.subarray(this.#start, this.#start + count))
      this.#start += count
      large.filled(count)
    }
  }

  /** All parts, in their order. */
  #complete(entries: readonly Entry[], following: readonly ArrayBuffer[]): ArrayBuffer[] {
    let at = 0
    return entries.map(({ length, position }) => {
      if (position === follows) return following[at++] ?? new ArrayBuffer(0)
      if (this.file === undefined) throw new Error('A part lies in a file that is not here')
      const part = readPart(this.file.fd, position, length)
      this.file.taken(position + length)
      return part
    })
  }

  #give(bytes: Buffer, start: number, end: number, parts: readonly ArrayBuffer[]): void {
    const kind = bytes[start] ?? 0
    const body = start + 2
    if (kind !== frameKinds.any) {
      const reader = this.#plain
      reader.begin(bytes, body, parts)
      if (kind === frameKinds.value) this.#receive(kind, undefined, reader.value())
      else this.#receive(kind, reader, undefined)
      reader.end()
      return
    }
    const deserializer = new V8Reader(bytes.subarray(body, end - entrySize * parts.length), parts)
    deserializer.readHeader()
    this.#receive(kind, undefined, deserializer.readValue())
  }
}

/** What is said of a part. */
interface Entry {
  readonly length: number
  readonly position: number
}

const none: readonly never[] = []

/** Of the frame that ends there. */
function entriesOf(bytes: Buffer, end: number, count: number): Entry[] {
  const start = end - entrySize * count
  return Array.from({ length: count }, (_, part) => ({
    length: bytes.readDoubleLE(start + entrySize * part),
    position: bytes.readDoubleLE(start + entrySize * part + 8),
  }))
}

/** Bytes go straight to where they stay. */
class LargeFrame {
  readonly head: Buffer
  /** Those that follow. */
  readonly parts: ArrayBuffer[] = []
  #headFilled = 0
  #part = 0
  #partFilled = 0
  missing: number

  constructor(length: number) {
    this.head = Buffer.allocUnsafeSlow(length)
    this.missing = length
  }

  target(): Uint8Array {
    if (this.#headFilled < this.head.byteLength) return this.head.subarray(this.#headFilled)
    const part = this.parts[this.#part]
    return part === undefined ? this.head.subarray(this.head.byteLength) : new Uint8Array(part, this.#partFilled)
  }

  filled(count: number): void {
    this.missing -= count
    if (this.#headFilled < this.head.byteLength) {
      this.#headFilled += count
      if (this.#headFilled === this.head.byteLength) this.#readLengths()
      return
    }
    this.#partFilled += count
    if (this.#partFilled === this.parts[this.#part]?.byteLength) {
      this.#part++
      this.#partFilled = 0
    }
  }

  #readLengths(): void {
    for (const { length, position } of entriesOf(this.head, this.head.byteLength, this.head[1] ?? 0)) {
      if (position !== follows) continue
      // Not one that is cleared first: that would take as long as to fill it.
      this.parts.push(Buffer.allocUnsafeSlow(length).buffer)
      this.missing += length
    }
  }
}
