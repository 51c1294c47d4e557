// A channel over a pipe: messages are put together per turn of the loop and written at once.
import { closeSync } from 'node:fs'
import { Kind } from '../calls/wire.js'
import type { Channel } from './channel.js'
import { FrameReader, FrameWriter, frameKinds } from './frames.js'
import type { FromWorker, Parcel, Reply, Request, ToWorker } from './messages.js'
import { PartFile } from './part-file.js'
import { Pipe } from './pipe.js'
import type { PlainReader, PlainWriter } from './plain-values.js'
import type { ReadyPage } from './ready-page.js'

/** About the pipe itself, and about what threads see in shared memory. */
export type Aside =
  | { readonly type: 'start'; readonly start: unknown }
  /**
   * How much of each of these calls has begun: 0 or 1, of a chunk the number of items. `atEnd`: of the others, nothing has, and the last in line
   * that has begun has this number.
   */
  | {
      readonly type: 'begun cells'
      readonly cells: readonly (readonly [cell: number, count: number])[]
      readonly atEnd: { readonly line: number } | undefined
    }
  /** Of the calls that stand in line, those up to this number may begin now. A call takes so long. */
  | Lot
  /** What ended the process. */
  | { readonly type: 'crash'; readonly name: string; readonly message: string; readonly stack: string | undefined; readonly code: unknown }

export interface Lot {
  readonly type: 'lot'
  readonly upTo: number
  readonly callNs: number
}

type Message = ToWorker | FromWorker | Aside

/** What the event loop tells of a pipe. */
export interface Readiness {
  ref(): unknown
  unref(): unknown
  destroy(): unknown
}

export interface PipeChannelParts {
  readonly fd: number
  readonly socket: Readiness
  /** Milliseconds for which large buffers may keep this thread waiting until they are written. After that they are copied. */
  readonly patience: number
  /** Messages that must not wait for the end of the turn, since the turn may be long. */
  readonly urgent: (message: Message) => 'now' | 'at the end' | 'and wait'
  /** Something has come in. */
  readonly heard?: () => void
  /** Shows what waits to be written to another thread. */
  readonly ready?: ReadyPage
}

const modes = ['call', 'stream', 'items', 'lists'] as const
const statuses = ['fulfilled', 'rejected', 'skipped'] as const
/** So much may wait to be written until what is printed has to wait for it. */
const muchOutput = 1024 * 1024
/** Frames of a turn that reach this size are written without waiting for its end. */
const muchAtOnce = 256 * 1024
const noMemory = -1
/** Of a call or a reply. */
const flags = { plain: 1, tellBegin: 2 } as const

export class PipeChannel<Out extends Message, In extends Message> implements Channel<Out | Aside, In | Aside> {
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
    this.#write(message)
    const when = this.#parts.urgent(message)
    if (this.#writer.lent) this.#writeParts()
    else if (when === 'at the end' && this.#writer.bytes < muchAtOnce && !(this.#writer.filed && this.#parts.ready !== undefined)) {
      this.#flushLater()
      if (this.#parts.ready !== undefined) this.#show(this.#parts.ready)
    } else {
      this.flush()
      if (when === 'and wait' && !this.#pipe.empty && this.#pipe.waiting > muchOutput) this.flushSync(Number.POSITIVE_INFINITY)
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
    process.nextTick(() => {
      this.#flushing = false
      this.flush()
    })
  }

  #write(message: Out | Aside): void {
    const writer = this.#writer
    if (message.type === 'call' && isSimpleCall(message)) {
      if (!writer.simple(frameKinds.call, (to) => writeCall(message, to))) writer.byV8(message, buffersOf(message))
    } else if (message.type === 'reply' && message.definitions === undefined) {
      if (!writer.simple(frameKinds.reply, (to) => writeReply(message, to))) writer.byV8(message, buffersOf(message))
    } else if (message.type !== 'lot' || !writer.simple(frameKinds.lot, (to) => writeLot(message, to))) {
      writer.any(message, buffersOf(message))
    }
  }
}

// ---- what most messages are ---------------------------------------------------------------------------------------

/** What a frame holds. */
export function messageOf(kind: number, body: PlainReader | undefined, message: unknown): unknown {
  if (body === undefined) return message
  if (kind === frameKinds.call) return readCall(body)
  return kind === frameKinds.lot ? readLot(body) : readReply(body)
}

function writeLot({ upTo, callNs }: Lot, to: PlainWriter): boolean {
  to.int(upTo)
  to.uint(callNs)
  return true
}

function readLot(from: PlainReader): Lot {
  const upTo = from.int()
  return { type: 'lot', upTo, callNs: from.uint() }
}

function isSimpleCall({ definitions, captured, key, mode, call }: Request): boolean {
  return (
    definitions === undefined && captured === undefined && key === undefined && (mode === 'call' || mode === 'stream') && call <= 0xffffffff
  )
}

function writeCall(request: Request, to: PlainWriter): boolean {
  const { plain } = request.args
  const args = plain ? (request.args.data as readonly unknown[]) : [request.args.data] // Arguments that are plain are an array.
  if (args.length > 255) return false
  to.byte(modes.indexOf(request.mode))
  to.byte((request.tellBegin ? flags.tellBegin : 0) | (plain ? flags.plain : 0))
  to.uint(request.id)
  to.uint(request.call)
  to.uint(request.attempt)
  to.int(request.target)
  to.int(request.cell)
  to.uint(request.credit)
  to.int(request.number)
  to.byte(args.length)
  for (let at = 0; at < args.length; at++) if (!to.value(args[at])) return false
  return true
}

function readCall(from: PlainReader): Request {
  const mode = modes[from.byte()] ?? 'call'
  const bits = from.byte()
  const tellBegin = (bits & flags.tellBegin) !== 0
  const id = from.uint()
  const call = from.uint()
  const attempt = from.uint()
  const target = from.int()
  const cell = from.int()
  const credit = from.uint()
  const number = from.int()
  const count = from.byte()
  const values: unknown[] = []
  for (let at = 0; at < count; at++) values.push(from.value())
  const args: Parcel = (bits & flags.plain) !== 0 ? { plain: true, data: values } : { plain: false, data: values[0] }
  return {
    type: 'call',
    id,
    call,
    key: undefined,
    attempt,
    target,
    captured: undefined,
    args,
    definitions: undefined,
    cell,
    mode,
    credit,
    tellBegin,
    after: 0,
    number,
  }
}

function writeReply(reply: Reply, to: PlainWriter): boolean {
  to.byte(statuses.indexOf(reply.status))
  to.byte(reply.value.plain ? flags.plain : 0)
  to.uint(reply.id)
  to.double(reply.memory ?? noMemory)
  return to.value(reply.value.data)
}

/**
 * One of those that were read, without a value of a user that would be kept with it. When none is there at a garbage collection, V8 forgets what they
 * look like, throws away all machine code that relies on it, and the next thousand calls wait behind its compiler.
 */
const kept: { reply?: Reply } = {}

function readReply(from: PlainReader): Reply {
  const status = statuses[from.byte()] ?? 'fulfilled'
  const plain = from.byte() === flags.plain
  const id = from.uint()
  const memory = from.double()
  const data = from.value()
  const value: Parcel = { plain, data }
  const reply: Reply = { type: 'reply', id, status, value, definitions: undefined, memory: memory === noMemory ? undefined : memory }
  if (typeof data !== 'object') kept.reply = reply
  return reply
}

// ---- large buffers ------------------------------------------------------------------------------------------------

/** ArrayBuffers of the values of a message. Views are met while they are written; these would be copied then. */
function buffersOf(message: object): ArrayBuffer[] {
  const found: ArrayBuffer[] = []
  const { args, captured, value, outcomes } = message as Record<string, Parcel | undefined>
  for (const parcel of [args, captured, value, (outcomes as { values?: Parcel } | undefined)?.values]) {
    if (parcel === undefined || parcel.plain !== false) continue
    const { nodes } = parcel.data as { readonly nodes: readonly unknown[] } // What is not plain is a table.
    for (const node of nodes) {
      if (Array.isArray(node) && node[0] === Kind.clone && node[1] instanceof ArrayBuffer && !found.includes(node[1])) found.push(node[1])
    }
  }
  return found
}
