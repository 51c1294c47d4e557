// What is said over a pipe, and how it is put into frames: calls, replies and lots, which most messages are, field by field, the others as they are.
import { Kind } from '../calls/wire.js'
import type { Crash } from './crash.js'
import { type FrameWriter, frameKinds } from './frames.js'
import type { FromWorker, Parcel, Reply, Request, ToWorker, WorkerStart } from './messages.js'
import type { PlainReader, PlainWriter } from './plain-values.js'

/** About the pipe itself, and about what threads see in shared memory. */
export type Aside =
  | { readonly type: 'start'; readonly start: ProcessStart }
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
  | Crash

/** What a process is told first. */
export interface ProcessStart {
  readonly start: WorkerStart
  readonly cells: number
  readonly presumed: 0 | 1
  /** Whether it has files for large buffers. */
  readonly files: boolean
}

export interface Lot {
  readonly type: 'lot'
  readonly upTo: number
  readonly callNs: number
}

export type PipeMessage = ToWorker | FromWorker | Aside

const modes = ['call', 'stream', 'items', 'lists'] as const
const statuses = ['fulfilled', 'rejected', 'skipped'] as const
const noMemory = -1
/** Of a call or a reply. */
const flags = { plain: 1, tellBegin: 2 } as const

export function writeMessage(message: PipeMessage, writer: FrameWriter): void {
  if (message.type === 'call' && isSimpleCall(message)) {
    if (!writer.simple(frameKinds.call, (to) => writeCall(message, to))) writer.byV8(message, buffersOf(message))
  } else if (message.type === 'reply' && message.definitions === undefined) {
    if (!writer.simple(frameKinds.reply, (to) => writeReply(message, to))) writer.byV8(message, buffersOf(message))
  } else if (message.type !== 'lot' || !writer.simple(frameKinds.lot, (to) => writeLot(message, to))) {
    writer.any(message, buffersOf(message))
  }
}

/** What a frame holds that {@link writeMessage} has made. */
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
