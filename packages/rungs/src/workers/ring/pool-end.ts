// The pool's end of the shared memory of one worker: writes calls, reads replies, wakes the worker if it sleeps.

import { beforeCallout } from '../../core/callout.js'
import { atomics } from '../../core/platform.js'
import { longestRecord, RecordReader, RecordWriter } from './byte-ring.js'
import type { RingHub } from './hub.js'
import {
  CALL_NS,
  CALLS_HEAD,
  CALLS_TAIL,
  callFlags,
  callRecord,
  createRing,
  POSTED,
  REPLIES_HEAD,
  REPLIES_TAIL,
  replyKinds,
  replyRecord,
  ringMemory,
  STATE,
  workerStates,
} from './layout.js'

const { LOOPING, PARKED, RUNNING } = workerStates

/** While replies are handed over, a worker that sleeps is woken for so many calls at once: to wake it costs more than several short calls. */
const lot = 32

/** A mask: after so many replies it is looked whether those that were read take much of the memory. */
const releasesEvery = 15

/** What of a call is written, but for its arguments. */
export interface RingCall {
  id: number
  call: number
  attempt: number
  target: number
  cell: number
  key: string | undefined
  /** Of a function whose text the worker has: what it is made with. */
  captured: readonly unknown[] | undefined
  /** Whether to tell when it begins. */
  tellBegin: boolean
}

export interface PoolEndParts {
  readonly hub: RingHub
  /** A reply has come. `skipped`: the call in this cell was not begun, and will not be. */
  readonly onReply: (cell: number, skipped: boolean, value: unknown) => void
  /** Messages that came by the port before this one shall be heard first. */
  readonly pumpPort: () => void
  /** Wakes a worker that waits in its event loop. */
  readonly poke: () => void
}

export class PoolEnd {
  readonly buffer = createRing()
  readonly #control: Int32Array
  readonly #calls: RecordWriter
  readonly #replies: RecordReader
  readonly #parts: PoolEndParts
  #posted = 0
  /** Messages that were received from the worker's port. */
  #received = 0
  /** Calls that were written. */
  #written = 0
  /** Calls that were written, and for which nobody was woken yet. */
  #unannounced = 0
  #ended = false

  constructor(parts: PoolEndParts) {
    this.#parts = parts
    const { control, calls, replies } = ringMemory(this.buffer)
    this.#control = control
    this.#calls = new RecordWriter(calls, control, CALLS_HEAD, CALLS_TAIL)
    this.#replies = new RecordReader(replies, control, REPLIES_HEAD, REPLIES_TAIL)
    parts.hub.add(this)
  }

  /** How many calls were written: what is posted now comes after them. */
  get written(): number {
    return this.#written
  }

  /** How long a call takes there, in nanoseconds; 0 when that is not known. */
  get callNs(): number {
    // Pairs with the store in WorkerEnd.note(). Only a guess: how old it is does not matter.
    return atomics.load(this.#control, CALL_NS)
  }

  /** `later`: the worker need not be woken before code of the program runs. @returns where the call lies, or -1 when it cannot go this way */
  send(call: RingCall, args: readonly unknown[], later = false): number {
    const writer = this.#calls
    const at = writer.reserve()
    if (at < 0) return -1
    const { codec } = writer
    let end = codec.writeAll(args, at + callRecord.VALUES, at + longestRecord)
    if (end >= 0 && call.key !== undefined) end = codec.write(call.key, end, at + longestRecord)
    if (end >= 0 && call.captured !== undefined) end = codec.write(call.captured, end, at + longestRecord)
    if (end < 0) return -1
    const { words } = codec
    words[at + callRecord.CELL] = call.cell
    words[at + callRecord.TARGET] = call.target
    words[at + callRecord.ATTEMPT] = call.attempt
    words[at + callRecord.POSTED] = this.#posted
    words[at + callRecord.COUNT] = args.length
    words[at + callRecord.FLAGS] =
      (call.tellBegin ? callFlags.tellBegin : 0) |
      (call.key === undefined ? 0 : callFlags.key) |
      (call.captured === undefined ? 0 : callFlags.captured)
    codec.writeDouble(at + callRecord.ID, call.id)
    codec.writeDouble(at + callRecord.CALL, call.call)
    writer.publish(at, end)
    this.#written = (this.#written + 1) | 0
    if (!later || ++this.#unannounced >= lot || !this.#parts.hub.putsOff()) this.#wake()
    this.#parts.hub.sent()
    return at
  }

  /** The arguments of a call that was taken back: nobody has changed them. */
  argsAt(at: number): unknown[] {
    const { codec } = this.#calls
    codec.at = at + callRecord.VALUES
    return codec.readAll(codec.words[at + callRecord.COUNT] as number) // Written by send().
  }

  /** After a message was posted to the worker's port. */
  posted(): void {
    this.#posted = (this.#posted + 1) | 0
    // Pairs with the load in WorkerEnd.park(): it does not go to sleep over a message.
    atomics.store(this.#control, POSTED, this.#posted)
    if (atomics.load(this.#control, STATE) === PARKED) this.#unpark()
  }

  /** A message came by the port. */
  received(): void {
    this.#received = (this.#received + 1) | 0
  }

  /** Hands over all replies that are there. */
  drainAll(): void {
    for (let order = this.nextOrder; order !== undefined; order = this.nextOrder) this.drain(Number.POSITIVE_INFINITY, (order + 1) | 0)
  }

  /** Hands over at most `most` replies, of those with a number below `before`. @returns how many there were */
  drain(most: number, before: number): number {
    const reader = this.#replies
    const { onReply } = this.#parts
    const { codec } = reader
    const { words } = codec
    let count = 0
    for (let at = reader.next(); at >= 0 && count < most; at = reader.next()) {
      if ((((words[at + replyRecord.ORDER] as number) - before) | 0) >= 0) break
      if ((count & releasesEvery) === 0) reader.releaseSome()
      if ((((words[at + replyRecord.POSTED] as number) - this.#received) | 0) > 0) {
        // What it has printed and reported goes first. Once: a port that is closed gives nothing any more.
        const before = this.#received
        beforeCallout()
        this.#parts.pumpPort()
        if (this.#received !== before) continue
      }
      const cell = words[at + replyRecord.CELL] as number
      const skipped = words[at + replyRecord.KIND] === replyKinds.skipped
      codec.at = at + replyRecord.VALUE
      const value = skipped ? undefined : codec.read()
      reader.pass(at)
      count++
      onReply(cell, skipped, value)
    }
    reader.release()
    return count
  }

  /** The number of the next reply, among those of all workers; undefined when there is none. */
  get nextOrder(): number | undefined {
    const at = this.#replies.next()
    return at < 0 ? undefined : this.#replies.codec.words[at + replyRecord.ORDER]
  }

  /** Whether no reply is there that was not read. */
  get empty(): boolean {
    return this.#replies.empty
  }

  close(): void {
    if (this.#ended) return
    this.#ended = true
    this.#parts.hub.remove(this)
  }

  /** Replies have been handed over. */
  announce(): void {
    if (this.#unannounced > 0) this.#wake()
  }

  /** Pairs with the stores of STATE in WorkerEnd: the call was published before this looks, the worker looks again after it has said that it sleeps. */
  #wake(): void {
    this.#unannounced = 0
    const state = atomics.load(this.#control, STATE)
    if (state === RUNNING) return
    if (state === PARKED) this.#unpark()
    else if (atomics.compareExchange(this.#control, STATE, LOOPING, RUNNING) === LOOPING) this.#parts.poke()
  }

  #unpark(): void {
    // Pairs with atomics.wait() in WorkerEnd.park(): whoever changes the word notifies.
    if (atomics.compareExchange(this.#control, STATE, PARKED, RUNNING) === PARKED) atomics.notify(this.#control, STATE, 1)
  }
}
