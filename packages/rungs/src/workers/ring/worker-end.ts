// The worker's end of the memory that it shares with its pool: reads calls, writes replies, sleeps when there is nothing to do.
import { atomics, performance } from '../../core/platform.js'
import { CallTime } from '../call-time.js'
import type { Request } from '../messages.js'
import { BulkReader } from './bulk.js'
import { longestRecord, RecordReader, RecordWriter } from './byte-ring.js'
import type { Codec } from './codec.js'
import {
  CALL_NS,
  CALLS_HEAD,
  CALLS_TAIL,
  callFlags,
  callRecord,
  MAIN,
  mainStates,
  POSTED,
  REPLIES,
  REPLIES_HEAD,
  REPLIES_TAIL,
  replyKinds,
  replyRecord,
  ringMemory,
  SPINNER,
  STATE,
  workerStates,
} from './layout.js'

const { LOOPING, PARKED, RUNNING } = workerStates

/** Milliseconds for which one spins at most before it parks. */
const longestSpin = 0.05
/** Milliseconds that it takes to wake one that is parked. */
const wakeTime = 0.06
/** Of so many pauses in a row that were longer it is no use. */
const mostWorth = 4

export class WorkerEnd {
  readonly #control: Int32Array
  readonly #pool: Int32Array
  readonly #calls: RecordReader
  readonly #replies: RecordWriter
  readonly #poke: () => void
  readonly #spins: boolean
  #bulk: BulkReader | undefined
  /** Above 0: most of the last pauses were so short that to look for their whole length would have paid. */
  #worth = mostWorth
  readonly #time = new CallTime()
  #posted = 0
  #received = 0
  #read = 0

  /** `poke` wakes the thread of the pool by a message. */
  constructor(buffer: SharedArrayBuffer, poolWords: SharedArrayBuffer, poke: () => void, spins: boolean) {
    const { control, calls, replies } = ringMemory(buffer)
    this.#control = control
    this.#pool = new Int32Array(poolWords)
    this.#calls = new RecordReader(calls, control, CALLS_HEAD, CALLS_TAIL)
    this.#replies = new RecordWriter(replies, control, REPLIES_HEAD, REPLIES_TAIL)
    // Not made before it is needed, nor is its code loaded.
    calls.elsewhere = {
      read: (memory, kind, byteLength) => this.bulk.read(memory, kind, byteLength),
      view: (memory, kind, byteOffset, byteLength) => this.bulk.view(memory, kind, byteOffset, byteLength),
    }
    this.#poke = poke
    this.#spins = spins
    // Nothing can have been sent before: the pool sends calls when the worker has said that it is ready.
    atomics.store(control, STATE, LOOPING)
  }

  /** Where bytes lie that are too many for the ring. Most workers never get any. */
  get bulk(): BulkReader {
    this.#bulk ??= new BulkReader()
    return this.#bulk
  }

  // ---- messages of the port -------------------------------------------------------------------------------------

  /** A message was posted to the pool. */
  posted(): void {
    this.#posted = (this.#posted + 1) | 0
  }

  received(): void {
    this.#received = (this.#received + 1) | 0
  }

  /** Whether the port has a message that was not received yet. */
  get hasMail(): boolean {
    // Pairs with the store in PoolEnd.posted().
    return atomics.load(this.#control, POSTED) !== this.#received
  }

  // ---- calls ----------------------------------------------------------------------------------------------------

  /** How many calls were read: which of the messages of the port come before the next. */
  get read(): number {
    return this.#read
  }

  /** Whether there is a call. */
  get hasCall(): boolean {
    return this.#calls.next() >= 0
  }

  /** Whether messages were posted before the next call that have not been received. */
  get hasMailBefore(): boolean {
    const at = this.#calls.next()
    return at >= 0 && (((this.#calls.codec.words[at + callRecord.POSTED] as number) - this.#received) | 0) > 0
  }

  /** The next call; there is one. */
  take(): Request {
    const reader = this.#calls
    // Not the one that is taken now: until it is claimed, the pool may take it back, and reads its arguments from where it lies.
    reader.releaseSome()
    const at = reader.next()
    const call = this.requestAt(at)
    this.passed(at)
    return call
  }

  /** What is written of the call at `at`. */
  requestAt(at: number): Request {
    const { codec } = this.#calls
    const { words } = codec
    codec.at = at + callRecord.VALUES
    // Written by PoolEnd.send().
    const flags = words[at + callRecord.FLAGS] as number
    const id = codec.readDouble(at + callRecord.ID)
    const args = codec.readAll(words[at + callRecord.COUNT] as number)
    const key = flags & callFlags.key ? (codec.read() as string) : undefined
    return {
      type: 'call',
      id,
      call: codec.readDouble(at + callRecord.CALL),
      key,
      attempt: words[at + callRecord.ATTEMPT] as number,
      target: words[at + callRecord.TARGET] as number,
      captured: flags & callFlags.captured ? { plain: true, data: codec.read() } : undefined,
      args: { plain: true, data: args },
      definitions: undefined,
      cell: words[at + callRecord.CELL] as number,
      mode: 'call',
      credit: 0,
      tellBegin: (flags & callFlags.tellBegin) !== 0,
      after: 0,
      number: 0,
    }
  }

  /** Where the next call lies, if it is nothing but a function and arguments, and no message comes before it; otherwise -1. */
  nextShort(): number {
    const reader = this.#calls
    const at = reader.next()
    if (at < 0) return -1
    const { words } = reader.codec
    if (words[at + callRecord.FLAGS] !== 0 || (((words[at + callRecord.POSTED] as number) - this.#received) | 0) > 0) return -1
    reader.releaseSome()
    return at
  }

  /** Of the call that lies at a place: see {@link callRecord}. */
  wordOf(at: number, word: number): number {
    return this.#calls.codec.words[at + word] as number
  }

  /** The arguments of the call that lies there are read next. */
  get arguments(): Codec {
    return this.#calls.codec
  }

  /** The next call has been read. */
  passed(at: number): void {
    this.#calls.pass(at)
    this.#read = (this.#read + 1) | 0
  }

  // ---- replies --------------------------------------------------------------------------------------------------

  /** @returns false when the value cannot go this way */
  fulfilled(cell: number, value: unknown): boolean {
    const writer = this.#replies
    const at = writer.reserve()
    if (at < 0) return false
    const end = writer.codec.write(value, at + replyRecord.VALUE, at + longestRecord)
    if (end < 0) return false
    this.#publish(at, end, cell, replyKinds.fulfilled)
    return true
  }

  /** The call was taken back, or is not wanted any more. @returns false when there is no room */
  skipped(cell: number): boolean {
    const at = this.#replies.reserve()
    if (at < 0) return false
    this.#publish(at, at + replyRecord.VALUE, cell, replyKinds.skipped)
    return true
  }

  #publish(at: number, end: number, cell: number, kind: number): void {
    const { words } = this.#replies.codec
    words[at + replyRecord.CELL] = cell
    words[at + replyRecord.POSTED] = this.#posted
    words[at + replyRecord.KIND] = kind
    // Pairs with itself in other workers: each reply has its own number.
    words[at + replyRecord.ORDER] = atomics.add(this.#pool, REPLIES, 1)
    this.#replies.publish(at, end)
    this.announce()
  }

  /** Pairs with the store of ASLEEP in RingHub: it looks for replies after that, this looks whether it sleeps after the reply was published. */
  announce(): void {
    if (atomics.load(this.#pool, MAIN) === mainStates.AWAKE) return
    if (atomics.exchange(this.#pool, MAIN, mainStates.AWAKE) === mainStates.ASLEEP) this.#poke()
  }

  /** How long a call takes, in nanoseconds; 0 when that is not known. */
  get callNs(): number {
    return this.#time.ns
  }

  /** So many calls have taken so many milliseconds each. */
  note(ms: number, count: number): void {
    this.#time.note(ms, count)
    // Pairs with the load in PoolEnd.callNs.
    atomics.store(this.#control, CALL_NS, this.#time.ns)
  }

  // ---- rest -----------------------------------------------------------------------------------------------------

  /** It is up and looks for calls by itself. */
  run(): void {
    atomics.store(this.#control, STATE, RUNNING)
  }

  /** From here on a message has to wake this thread. @returns false when there is a call already: it is up again */
  waitInLoop(): boolean {
    this.#calls.release()
    // Pairs with the look at STATE in PoolEnd.#wake(), after the call was published: either it sees this, or we see the call.
    atomics.store(this.#control, STATE, LOOPING)
    if (this.#calls.empty) return true
    atomics.store(this.#control, STATE, RUNNING)
    return false
  }

  /**
   * Blocks this thread until there is a call or a message, or for `ms`. Only for a worker whose event loop has nothing else to do.
   * @returns whether there is something to do
   */
  park(ms: number): boolean {
    const since = performance.now()
    if (this.#worth > 0 && this.#spin(since + longestSpin)) {
      this.#worth = mostWorth
      return true
    }
    this.#calls.release()
    // Pairs with the looks at STATE in PoolEnd: what it has published before that is seen by the second look here.
    atomics.store(this.#control, STATE, PARKED)
    if (this.#calls.empty && !this.hasMail) atomics.wait(this.#control, STATE, PARKED, ms)
    atomics.store(this.#control, STATE, RUNNING)
    const isShort = performance.now() - since < longestSpin + wakeTime
    this.#worth = Math.max(0, Math.min(mostWorth, this.#worth + (isShort ? 1 : -1)))
    return !this.#calls.empty || this.hasMail
  }

  /** Looks for a moment, if no other worker of the pool does. @returns whether there is something to do */
  #spin(until: number): boolean {
    if (!this.#spins) return false
    // Only to keep two from burning a core each. Who dies while it spins leaves the word taken: then nobody spins any more.
    if (atomics.compareExchange(this.#pool, SPINNER, 0, 1) !== 0) return false
    let found = false
    do {
      for (let look = 0; look < 50 && !found; look++) found = !this.#calls.empty
    } while (!found && performance.now() < until)
    atomics.store(this.#pool, SPINNER, 0)
    return found || this.hasMail
  }
}
