// What a pool and a worker say to each other. A call goes as a Request, its outcome comes back as a Reply; the rest is about them.
import type { WorkerInfo } from '../core/current-call.js'

/** A value on its way; see `calls`. */
export interface Parcel {
  readonly plain: boolean
  readonly data: unknown
}

/** Definitions that the reader does not have yet. */
export type Definitions = readonly (readonly [id: number, definition: unknown])[]

export interface Request {
  readonly type: 'call'
  /** Names the attempt. */
  readonly id: number
  /** The id of the future. */
  readonly call: number
  readonly key: string | undefined
  readonly attempt: number
  readonly target: number
  readonly captured: Parcel | undefined
  readonly args: Parcel
  readonly definitions: Definitions | undefined
  /** Where in the shared memory of the worker its words are; -1: nowhere. */
  readonly cell: number
  /** Of a chunk: what its arguments are, see Mode. */
  readonly mode: 'call' | 'stream' | 'items' | 'lists'
  /** Of a stream: how many items may be on their way. */
  readonly credit: number
  /** Whether the pool wants to know when it begins. */
  readonly tellBegin: boolean
  /** How many calls lie before it in the shared memory. */
  readonly after: number
  /** Of a call that stands in line at a process: its number there. 0: it has a place. */
  readonly number: number
  /** The argument that is bytes and was kept apart. */
  readonly bytes?: SentBytes | undefined
}

/** Stands for an argument. `memory`: the shared memory at whose beginning the bytes lie, to be copied; or in which they lie, if they are shared. */
export interface SentBytes {
  readonly at: number
  readonly kind: number
  readonly memory: number
  readonly isShared: boolean
  readonly byteOffset: number
  readonly byteLength: number
  /** They themselves, where there is no memory. */
  readonly bytes: Uint8Array | undefined
}

export type ToWorker =
  | Request
  | {
      readonly type: 'abort'
      readonly id: number
      readonly timeout: boolean
      readonly reason: Parcel
      readonly definitions: Definitions | undefined
    }
  | { readonly type: 'credit'; readonly id: number; readonly count: number | 'stop' }
  /** End after the calls that are there. */
  | { readonly type: 'retire' }
  /** There are calls in the shared memory. */
  | { readonly type: 'poke' }
  /** Shared memory that calls will refer to by its number. */
  | { readonly type: 'memory'; readonly id: number; readonly buffer: SharedArrayBuffer }
  | { readonly type: 'forget'; readonly id: number }
  /** A future of the worker is not wanted any more. */
  | { readonly type: 'cancelFuture'; readonly id: number; readonly reason: Parcel; readonly definitions: Definitions | undefined }
  | RpcReply

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'initializerFailed'; readonly reason: Parcel; readonly definitions: Definitions | undefined }
  | { readonly type: 'finalizerFailed'; readonly reason: Parcel; readonly definitions: Definitions | undefined }
  /** `at`: milliseconds since the epoch, to compare clocks of different threads and processes. */
  | { readonly type: 'begun'; readonly id: number; readonly at: number }
  | Reply
  | { readonly type: 'progress'; readonly id: number; readonly value: Parcel; readonly definitions: Definitions | undefined }
  /** One item of a stream. */
  | { readonly type: 'item'; readonly id: number; readonly value: Parcel; readonly definitions: Definitions | undefined }
  /** Outcomes of a chunk, in order: the first is that of item `from`. */
  | {
      readonly type: 'outcomes'
      readonly id: number
      readonly from: number
      readonly outcomes: ChunkOutcomes
      readonly definitions: Definitions | undefined
      /** Set with the last ones: the chunk has ended, and no reply comes. */
      readonly end: { readonly memory: number | undefined } | undefined
    }
  | { readonly type: 'output'; readonly to: 'stdout' | 'stderr'; readonly text: string | Uint8Array }
  | { readonly type: 'lent'; readonly id: number; readonly what: 'place' | 'thread' }
  | { readonly type: 'regained'; readonly id: number }
  | RpcRequest
  /** A future of the worker, which the pool has a part of, has ended. */
  | {
      readonly type: 'future'
      readonly id: number
      readonly key: string | undefined
      readonly status: 'fulfilled' | 'rejected' | 'cancelled'
      readonly value: Parcel
      readonly definitions: Definitions | undefined
    }
  | { readonly type: 'release'; readonly handle: number; readonly count: number }
  /** There are replies in the shared memory. */
  | { readonly type: 'poke' }
  /** Its finalizer runs. */
  | { readonly type: 'finishing' }
  /** What follows is its end, in peace. */
  | { readonly type: 'bye' }
  /** It is ending, not in peace. What it had to say has been said. */
  | { readonly type: 'exit'; readonly code: number }

export interface Reply {
  readonly type: 'reply'
  readonly id: number
  /** `skipped`: it was not wanted any more before it began. */
  readonly status: 'fulfilled' | 'rejected' | 'skipped'
  readonly value: Parcel
  readonly definitions: Definitions | undefined
  /** Bytes that the worker holds, if that was asked for. */
  readonly memory: number | undefined
}

/** Outcomes of consecutive items: values as one array when all went well, which is nearly always. */
export type ChunkOutcomes =
  | { readonly kind: 'values'; readonly values: Parcel; readonly count: number; readonly ms: number }
  | { readonly kind: 'rejected'; readonly reason: Parcel; readonly ms: number }

/** A worker asks something of an object that stays with the pool: an executor, a callback, a future, a signal. */
export interface RpcRequest {
  readonly type: 'rpc'
  /** Names the question. */
  readonly id: number
  readonly handle: number
  readonly method: string
  /** The function that it is about, or undefined, and then the arguments. */
  readonly args: Parcel
  readonly definitions: Definitions | undefined
}

export interface RpcReply {
  readonly type: 'rpcReply'
  readonly id: number
  /** `item`: not the last answer to this question. */
  readonly status: 'fulfilled' | 'rejected' | 'cancelled' | 'item'
  readonly value: Parcel
  readonly definitions: Definitions | undefined
}

/** What a worker is told when it starts. */
export interface WorkerStart {
  readonly info: WorkerInfo
  readonly boundary: 'thread' | 'process'
  readonly code: 'any' | 'references-only' | undefined
  readonly callsPerWorker: number
  readonly measureMemory: boolean
  readonly initializer: Startup | undefined
  readonly finalizer: Startup | undefined
  /** Identifies the pool. */
  readonly pool: number
  /** How many workers it is within, itself included. */
  readonly depth: number
}

/** A call as data, with all that is needed to read it. */
export interface Startup {
  readonly target: number
  readonly captured: Parcel | undefined
  readonly args: Parcel
  readonly definitions: Definitions
}
