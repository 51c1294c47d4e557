// A channel over a pipe: messages are put together per turn of the loop and written at once.

import { closeSync } from 'node:fs'
import { nextTick, setImmediate } from '../core/platform.js'
import type { Channel } from './channel.js'
import { FrameReader, FrameWriter, frameKinds } from './frames.js'
import { PartFile } from './part-file.js'
import { Pipe } from './pipe.js'
import { type Aside, messageOf, type PipeMessage, writeMessage } from './pipe-messages.js'
import type { ReadyPage } from './ready-page.js'

/** What the event loop tells of a pipe. */
export interface Readiness {
  ref(): unknown
  unref(): unknown
  destroy(): unknown
}

/**
 * When a message is written: at the end of the turn; now, as far as the other side takes it; the same, and if much is left, this thread waits until it is
 * written; now, and this thread waits in any case.
 */
export type Urgency = 'at the end' | 'now' | 'and wait' | 'written'

export interface PipeChannelParts {
  readonly fd: number
  readonly socket: Readiness
  /** Milliseconds for which large buffers may keep this thread waiting until they are written. After that they are copied. */
  readonly patience: number
  /** Which messages must not wait for the end of the turn, since the turn may be long. */
  readonly urgent: (message: PipeMessage) => Urgency
  /** Something has come in. */
  readonly heard?: () => void
  /** Shows what waits to be written to another thread. */
  readonly ready?: ReadyPage
}

/** So much may wait to be written until what is printed has to wait for it. */
const muchOutput = 1024 * 1024
/** Frames of a turn that reach this size are written without waiting for its end. */
const muchAtOnce = 256 * 1024

export class PipeChannel<Out extends PipeMessage, In extends PipeMessage> implements Channel<Out | Aside, In | Aside> {
  readonly #parts: PipeChannelParts
  readonly #pipe: Pipe
  readonly #writer: FrameWriter
  readonly #reader: FrameReader
  #receive: ((message: In | Aside) => void) | undefined
  #flushing = false
  /** Up to where the parts in the other side's file have been read, and what the other side knows of that. */
  #taken = 0
  #toldTaken = 0
  #telling = false
  readonly #target = (): Uint8Array => this.#reader.target()
  readonly #filled = (count: number): void => this.#reader.filled(count)

  constructor(parts: PipeChannelParts) {
    this.#parts = parts
    this.#pipe = new Pipe(parts.fd)
    this.#writer = new FrameWriter(parts.ready?.bytes)
    // Written by the other end of this class.
    this.#reader = new FrameReader((kind, body, message) => {
      if (kind === frameKinds.taken && body !== undefined) this.#writer.file?.freed(body.double())
      else this.#receive?.(messageOf(kind, body, message) as In | Aside)
    })
  }

  /** From now on large buffers go by files that both sides have; see part-file.ts. They are closed with this channel. */
  shareFiles(files: { readonly write: number; readonly read: number }): void {
    this.#writer.file = new PartFile(files.write)
    this.#reader.file = { fd: files.read, taken: (position) => this.#took(position) }
  }

  /** The other side is gone. */
  get ended(): boolean {
    return this.#pipe.ended
  }

  get unsent(): number {
    return this.#pipe.waiting
  }

  post(message: Out | Aside): void {
    writeMessage(message, this.#writer)
    const when = this.#parts.urgent(message)
    if (this.#writer.lent) this.#writeParts()
    else if (when === 'at the end' && this.#writer.bytes < muchAtOnce && !(this.#writer.filed && this.#parts.ready !== undefined)) {
      this.#flushLater()
      if (this.#parts.ready !== undefined) this.#show(this.#parts.ready)
    } else {
      this.flush()
      const waits = when === 'written' || (when === 'and wait' && this.#pipe.waiting > muchOutput)
      if (waits && !this.#pipe.empty) this.flushSync(Number.POSITIVE_INFINITY)
    }
  }

  onMessage(receive: (message: In | Aside) => void): void {
    this.#receive = receive
  }

  /** Bytes that the event loop has read. What else is there is read now. */
  push(bytes: Uint8Array): void {
    this.#parts.heard?.()
    this.#reader.push(bytes)
    // The rest of something large goes straight to where it belongs.
    if (this.#reader.missing > 0) this.#pipe.read(this.#target, this.#filled)
    this.flush()
  }

  pump(): void {
    this.flush()
    this.#reader.resume()
    if (this.#pipe.read(this.#target, this.#filled)) this.#parts.heard?.()
    this.flush()
  }

  /** Hands what was posted to the kernel, as far as it takes it. */
  flush(): void {
    if (this.#writer.bytes === 0) {
      // A thread that is blocked has no turns on which the rest could follow.
      if (!this.#pipe.empty) this.#pipe.write([])
      return
    }
    this.#tellTaken()
    if (!this.#pipe.write(this.#writer.take())) return
    this.#parts.ready?.withdraw()
    this.#writer.reuse()
  }

  /** Blocks until all is written, or nothing could be for `ms`. */
  flushSync(ms: number): void {
    this.flush()
    this.#pipe.writeSync(ms)
  }

  setRef(ref: boolean): void {
    if (ref) this.#parts.socket.ref()
    else this.#parts.socket.unref()
  }

  close(): void {
    this.#pipe.close()
    this.#parts.socket.destroy()
    this.#writer.file?.close()
    if (this.#reader.file !== undefined) closeSync(this.#reader.file.fd)
    this.#writer.file = undefined
    this.#reader.file = undefined
  }

  /** That is told with what is written next, if there is anything soon. */
  #took(position: number): void {
    this.#taken = position
    if (this.#telling) return
    this.#telling = true
    setImmediate(() => {
      this.#telling = false
      this.#tellTaken()
      this.flush()
    })
  }

  #tellTaken(): void {
    if (this.#taken === this.#toldTaken) return
    this.#toldTaken = this.#taken
    this.#writer.simple(frameKinds.taken, (to) => {
      to.double(this.#taken)
      return true
    })
  }

  /** Large buffers are written from where they are, and whoever sent them may change them after this. */
  #writeParts(): void {
    this.flush()
    if (this.#pipe.empty || this.#pipe.writeSync(this.#parts.patience)) return
    this.#pipe.copyQueue()
  }

  /** What waits, if all that was posted before it has been written. */
  #show(ready: ReadyPage): void {
    const place = this.#pipe.empty ? this.#writer.inPage : undefined
    if (place !== undefined) ready.publish(place.start, place.end)
  }

  #flushLater(): void {
    if (this.#flushing) return
    this.#flushing = true
    nextTick(() => {
      this.#flushing = false
      this.flush()
    })
  }
}
