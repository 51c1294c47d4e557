// What lies where in the memory that a pool shares with one worker, and the one word that all workers of a pool share. README.md has the drawing,
// and for each line with Atomics its partner.
import { sharedMemory } from '../../core/shared-memory.js'
import { firstPosition } from './byte-ring.js'
import { Codec } from './codec.js'

/** Words of control, each on its own line of the cache (128 bytes), as different threads write them. */
const line = 32
export const CALLS_HEAD = 0
export const CALLS_TAIL = line
export const REPLIES_HEAD = 2 * line
export const REPLIES_TAIL = 3 * line
/** What the worker does: {@link workerStates}. */
export const STATE = 4 * line
/** Messages that the pool has posted to the port of this worker. */
export const POSTED = 5 * line
/** How long a call takes, in nanoseconds, as the worker has measured it; 0: not known yet. */
export const CALL_NS = 6 * line
const controlWords = 7 * line

/** How many calls a worker has at most before it has a place for them. */
export const mostAhead = 1024

/** In words; a power of two. */
const ringWords = 1 << 16

/**
 *   RUNNING: it looks for calls before it rests. PARKED: it is blocked until notified. LOOPING: it waits in its event loop, for a message.
 *   The worker writes PARKED and LOOPING, and RUNNING; the pool writes RUNNING when it wakes the worker.
 */
export const workerStates = { RUNNING: 0, PARKED: 1, LOOPING: 2 } as const

/** The word of a pool: whether its thread looks for replies by itself, or wants to be told of the next. The other: who spins. */
export const MAIN = 0
export const SPINNER = line
/** Replies of all workers, counted: what ended first is told first. */
export const REPLIES = 2 * line
export const mainStates = { AWAKE: 0, ASLEEP: 1 } as const

/** Kinds of a record of the replies. */
export const replyKinds = { fulfilled: 0, skipped: 1 } as const

/** Of a call: whether the pool is to be told when it begins; whether its key, and then what its function has captured, follow the arguments. */
export const callFlags = { tellBegin: 1, key: 2, captured: 4 } as const

/** Words of the head of a record, before its values. `LENGTH` is written when the record is published. */
export const callRecord = { LENGTH: 0, CELL: 1, TARGET: 2, ATTEMPT: 3, POSTED: 4, COUNT: 5, ID: 6, CALL: 8, FLAGS: 10, VALUES: 11 } as const
export const replyRecord = { LENGTH: 0, CELL: 1, POSTED: 2, KIND: 3, ORDER: 4, VALUE: 5 } as const

/** The memory of one worker, as each side sees it. */
export interface RingMemory {
  readonly control: Int32Array
  readonly calls: Codec
  readonly replies: Codec
}

export function createRing(): SharedArrayBuffer {
  const buffer = sharedMemory((controlWords + 2 * ringWords) * Int32Array.BYTES_PER_ELEMENT)
  const control = new Int32Array(buffer, 0, controlWords)
  for (const word of [CALLS_HEAD, CALLS_TAIL, REPLIES_HEAD, REPLIES_TAIL]) control[word] = firstPosition(ringWords)
  return buffer
}

export function ringMemory(buffer: SharedArrayBuffer): RingMemory {
  const bytes = Int32Array.BYTES_PER_ELEMENT
  return {
    control: new Int32Array(buffer, 0, controlWords),
    calls: new Codec(buffer, controlWords * bytes, ringWords),
    replies: new Codec(buffer, (controlWords + ringWords) * bytes, ringWords),
  }
}

export function createPoolWords(): SharedArrayBuffer {
  return sharedMemory(3 * line * Int32Array.BYTES_PER_ELEMENT)
}
