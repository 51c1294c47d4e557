// Values that are not written by hand (plain-values.ts): v8 writes them, and leaves to us what becomes of large buffers, of views and of what cannot be
// written.
import { Deserializer, Serializer } from 'node:v8'
import { mostParts, partSize } from './plain-values.js'
import { viewKindOf, viewOf } from './views.js'

/** What the declarations of Node leave out of its documented Serializer. */
interface Hooks {
  _setTreatArrayBufferViewsAsHostObjects(flag: boolean): void
}

/** Its `parts` follow what it writes. */
export class V8Writer extends Serializer {
  readonly parts: Uint8Array[] = []

  constructor() {
    super()
    ;(this as unknown as Hooks)._setTreatArrayBufferViewsAsHostObjects(true)
  }

  /** From now on this buffer is mentioned by its number only. */
  part(buffer: ArrayBuffer): void {
    if (buffer.byteLength < partSize || this.parts.length >= mostParts) return
    this.transferArrayBuffer(this.parts.length, buffer)
    this.parts.push(new Uint8Array(buffer))
  }

  /** The errors that are thrown when something cannot be written. */
  _getDataCloneError(message: string): Error {
    return new DOMException(message, 'DataCloneError')
  }

  _writeHostObject(value: unknown): void {
    if (!ArrayBuffer.isView(value)) throw this._getDataCloneError('An object of Node itself cannot be sent to another process')
    const bytes = new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength)
    this.writeUint32(Math.max(0, viewKindOf(value)))
    this.writeUint32(bytes.byteLength)
    if (bytes.byteLength >= partSize && this.parts.length < mostParts) {
      this.writeUint32(1 + this.parts.length)
      this.parts.push(bytes)
      return
    }
    this.writeUint32(0)
    this.writeRawBytes(bytes)
  }
}

/** Reads what a V8Writer has written. */
export class V8Reader extends Deserializer {
  readonly #parts: readonly ArrayBuffer[]

  constructor(bytes: Uint8Array, parts: readonly ArrayBuffer[]) {
    super(bytes)
    this.#parts = parts
    for (const [id, part] of parts.entries()) this.transferArrayBuffer(id, part)
  }

  _readHostObject(): ArrayBufferView {
    const kind = this.readUint32()
    const length = this.readUint32()
    const part = this.readUint32()
    // A copy: what is read here is the memory of the next frame.
    const buffer = part === 0 ? new Uint8Array(this.readRawBytes(length)).buffer : (this.#parts[part - 1] ?? new ArrayBuffer(0))
    return viewOf(kind, buffer)
  }
}
