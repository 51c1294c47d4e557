import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DeviceResult } from './result.js'

/** One JSON object a line, written as it comes: what was answered before a crash or a Ctrl-C is there. */
export class ResultsFile implements Disposable {
  readonly path: string
  #descriptor: number

  /** Empties the file. Fails here, before a device is asked, when it cannot be written. */
  constructor(path: string) {
    this.path = path
    mkdirSync(dirname(path), { recursive: true })
    this.#descriptor = openSync(path, 'w')
  }

  restart(): void {
    closeSync(this.#descriptor)
    this.#descriptor = openSync(this.path, 'w')
  }

  write(result: DeviceResult): void {
    writeSync(this.#descriptor, `${JSON.stringify(result)}\n`)
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor)
  }
}
