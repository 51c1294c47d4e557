// What a call prints goes to the pool as messages, whole lines at a time: lines of different workers do not mix, and on the same way as the
// result they arrive before it.
import { isUtf8 } from 'node:buffer'

type Name = 'stdout' | 'stderr'

/** More than this is sent on without waiting for the end of the line. */
const longest = 64 * 1024

export class Output {
  readonly #send: (to: Name, text: string | Uint8Array) => void
  readonly #rest = { stdout: '', stderr: '' }
  /** Bytes of a character whose others have not come yet. */
  readonly #begun: Record<Name, Uint8Array> = { stdout: nothing, stderr: nothing }

  /** Takes over `process.stdout` and `process.stderr` of this thread. */
  constructor(send: (to: Name, text: string | Uint8Array) => void) {
    this.#send = send
    for (const name of ['stdout', 'stderr'] as const) {
      const write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
        if (typeof chunk !== 'string') this.#addBytes(name, chunk)
        else if (isText(encoding)) this.#add(name, chunk)
        // Text in an encoding such as hex names bytes.
        else this.#addBytes(name, Buffer.from(chunk, encoding as BufferEncoding)) // Or it would be text.
        const done = typeof encoding === 'function' ? encoding : callback
        if (typeof done === 'function') process.nextTick(done)
        return true
      }
      Object.defineProperty(process[name], 'write', { value: write, writable: true, configurable: true })
    }
  }

  /** Sends what is there of a line that has not ended. */
  flush(): void {
    if (this.#rest.stdout === '' && this.#rest.stderr === '') return
    this.#flush('stdout')
    this.#flush('stderr')
  }

  #flush(name: Name): void {
    const rest = this.#rest[name]
    if (rest === '') return
    this.#rest[name] = ''
    this.#send(name, rest)
  }

  #addBytes(name: Name, bytes: Uint8Array): void {
    const begun = this.#begun[name]
    const all = begun.length === 0 ? bytes : Buffer.concat([begun, bytes])
    const end = endOfText(all)
    this.#begun[name] = nothing
    if (end === undefined) {
      this.#flush(name)
      this.#send(name, Uint8Array.from(all))
      return
    }
    if (end < all.length) this.#begun[name] = Uint8Array.from(all.subarray(end))
    this.#add(name, Buffer.from(all.buffer, all.byteOffset, end).toString())
  }

  #add(name: Name, text: string): void {
    if (this.#begun[name].length > 0) {
      const begun = this.#begun[name]
      this.#begun[name] = nothing
      this.#flush(name)
      this.#send(name, begun)
    }
    const all = this.#rest[name] + text
    const end = all.length > longest ? all.length : all.lastIndexOf('\n') + 1
    this.#rest[name] = all.slice(end)
    if (end > 0) this.#send(name, all.slice(0, end))
  }
}

const nothing = new Uint8Array(0)

function isText(encoding: unknown): boolean {
  return typeof encoding !== 'string' || /^utf-?8$/i.test(encoding) || !Buffer.isEncoding(encoding)
}

/** Up to where these bytes are text, but for a character at their end that is not complete. Undefined when they are none. */
function endOfText(bytes: Uint8Array): number | undefined {
  if (isUtf8(bytes)) return bytes.length
  for (let end = bytes.length - 1; end >= 0 && end >= bytes.length - 3; end--) {
    // The first byte of a character says how many there are.
    const first = bytes[end] as number // Within the list.
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
    if (length > bytes.length - end && isUtf8(bytes.subarray(0, end))) return end
  }
  return undefined
}
