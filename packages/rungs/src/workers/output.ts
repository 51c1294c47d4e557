// What a call prints goes to the pool as messages, whole lines at a time: lines of different workers do not mix, and on the same way as the
// result they arrive before it.
import { StringDecoder } from 'node:string_decoder'

type Name = 'stdout' | 'stderr'

/** More than this is sent on without waiting for the end of the line. */
const longest = 64 * 1024

export class Output {
  readonly #send: (to: Name, text: string) => void
  readonly #rest = { stdout: '', stderr: '' }

  /** Takes over `process.stdout` and `process.stderr` of this thread. */
  constructor(send: (to: Name, text: string) => void) {
    this.#send = send
    for (const name of ['stdout', 'stderr'] as const) {
      const decoder = new StringDecoder('utf8')
      const write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
        const text =
          typeof chunk === 'string'
            ? decodeText(chunk, encoding)
            : decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
        this.#add(name, text)
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
    for (const name of ['stdout', 'stderr'] as const) {
      const rest = this.#rest[name]
      if (rest === '') continue
      this.#rest[name] = ''
      this.#send(name, rest)
    }
  }

  #add(name: Name, text: string): void {
    const all = this.#rest[name] + text
    const end = all.length > longest ? all.length : all.lastIndexOf('\n') + 1
    this.#rest[name] = all.slice(end)
    if (end > 0) this.#send(name, all.slice(0, end))
  }
}

/** Text in an encoding such as hex names bytes. */
function decodeText(text: string, encoding: unknown): string {
  if (typeof encoding !== 'string' || /^utf-?8$/i.test(encoding) || !Buffer.isEncoding(encoding)) return text
  return Buffer.from(text, encoding).toString('utf8')
}
