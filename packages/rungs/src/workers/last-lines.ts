// What a process writes to stderr past us: passed on, and the last of it remembered, for it often says why the process ended.
import { StringDecoder } from 'node:string_decoder'

/** Characters. What Node prints when it runs out of memory is about half of that. */
const most = 8_192
const mostLines = 20

export class LastLines {
  readonly #pass: (text: string) => void
  readonly #decoder = new StringDecoder('utf8')
  #last = ''

  constructor(pass: (text: string) => void) {
    this.#pass = pass
  }

  add(bytes: Buffer): void {
    const text = this.#decoder.write(bytes)
    this.#pass(text)
    this.#last = (this.#last + text).slice(-most)
  }

  /** The last lines; undefined if there are none. */
  get text(): string | undefined {
    const text = this.#last.trimEnd().split('\n').slice(-mostLines).join('\n')
    return text === '' ? undefined : text
  }

  /** What Node or V8 said before they gave up. */
  get fatal(): string | undefined {
    return /^FATAL ERROR: (.*)$/m.exec(this.#last)?.[1] ?? /^# Fatal (.*)$/m.exec(this.#last)?.[0]
  }
}
