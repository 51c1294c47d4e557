// What the pool needs of a worker, whatever it is: code on this event loop, a thread, a process.
import type { Outcome } from '../core/outcome.js'
import type { Attempt, Mode } from './work-item.js'
import type { WorkerRecord } from './worker-record.js'

/** How a worker ended. */
export interface Death {
  /** It ended because it was asked to, after its calls. */
  readonly inPeace: boolean
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  /** What it last wrote to stderr. */
  readonly stderr?: string | undefined
  /** What ended it, if that is known. */
  readonly cause?: unknown
}

/** What a worker tells, on the thread of the pool. Never from within a method of the host, but for `begun`, which `send` may call. */
export interface HostEvents {
  /** It can take calls. */
  ready(): void
  /** The initializer threw. No `ready` will come. */
  initializerFailed(reason: unknown): void
  /** The finalizer threw. It ends in peace all the same. */
  finalizerFailed(reason: unknown): void
  /** The call has begun, at this time on the pool's clock. */
  begun(attempt: Attempt, at: number): void
  /** The pool's time, or when what is being handed over now has begun to be. */
  now(): number
  /** The call has ended, and no other has taken its place. `memory`: what the worker holds, in bytes, if that was asked for. */
  ended(attempt: Attempt, outcome: Outcome, memory?: number): void
  progress(attempt: Attempt, value: unknown): void
  /** So many calls of a chunk have ended. */
  told(mode: Mode & { type: 'chunk' }, outcome: 'done' | 'failed', count: number): void
  /** The call waits for another of this pool. */
  lent(attempt: Attempt, what: 'place' | 'thread'): void
  /** The call goes on. */
  regained(attempt: Attempt): void
  /** It is gone, and so are its calls. Comes once, last. */
  gone(death: Death): void
  /** These were taken back, as `recall` has asked: they have not begun, and will not. */
  recalled?(attempts: readonly Attempt[]): void
}

/** Runs what hands over several outcomes, so that what follows from them is decided once. */
export interface Batches {
  batch: (run: () => void) => void
  /** How long the shortest calls take, in nanoseconds; 0 when that is not known. */
  callNs?: number
}

export interface WorkerHost {
  /** Whether killing it ends a call that does not end by itself. */
  readonly replaceable: boolean
  /** The call goes. It may begin before this returns. `follows`: outcomes are being handed over, and no code of the program runs before all have been. */
  send(attempt: Attempt, follows?: boolean): void
  /** Whether the call had not begun, and will not: it can be sent again, to whichever worker. */
  takeBack?(attempt: Attempt): boolean
  /** Asks for all that has not begun of what it was given ahead; `recalled` tells which these were. Instead of `takeBack`. */
  readonly recall?: (() => void) | undefined
  /** How long a call takes there, in nanoseconds; 0 when that is not known. */
  readonly callNs?: number
  /** Its finalizer runs. */
  readonly isFinishing?: boolean
  /** Bytes that it has not taken yet, of what was sent. */
  readonly unsent?: number
  /** It was told to end now, and will not say when it has: somebody has to look. */
  readonly isEnding?: boolean
  /** The call is not wanted any more. */
  abort(attempt: Attempt): void
  /** Whether the call has begun; of a worker that is gone: whether it may have. */
  hasBegun(attempt: Attempt): boolean
  /** The same, where `hasBegun` only takes it for true. The worker is asked, and this is its answer to the question before. */
  confirmsBegun?(attempt: Attempt): boolean
  /** The reader of a stream has taken `count` items, or `'stop'`: wants no more. */
  credit(attempt: Attempt, count: number | 'stop'): void
  /** End after the calls that it has, in peace. */
  retire(): void
  /** End now. */
  kill(force: boolean): void
  /** Whether it keeps the process alive. */
  setRef(ref: boolean): void
  /** Blocks this thread until the worker has told something or `ms` have passed, and lets it tell. Absent where it needs this thread. */
  pump?(): void
}

export type SpawnHost = (worker: WorkerRecord, name: string, events: HostEvents) => WorkerHost
