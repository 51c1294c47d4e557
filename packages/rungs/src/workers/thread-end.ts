// How a thread ends, and how the pool hears of it: what it says that is about the thread, and not about its calls.
import type { Worker } from 'node:worker_threads'
import { clearTimeout, setTimeout } from '../core/platform.js'
import type { Channel } from './channel.js'
import { type Crash, errorOf } from './crash.js'
import { Link, type LinkParts } from './link.js'
import type { FromWorker, ToWorker } from './messages.js'
import type { PortChannel } from './port-channel.js'

/** Milliseconds that a thread which has said that it ends has for that. */
const untilEnded = 1_000

/** What V8 has made of the code of a thread. */
export interface Compiled {
  readonly type: 'compiled'
  readonly code: Uint8Array
}

/**
 * How a thread ends. Usually the event loop tells. While resultSync() blocks this thread it cannot: then the thread itself has said so, or it is found
 * out that no code runs there any more.
 */
export class ThreadEnd {
  #worker: Worker | undefined
  #gone: (death: ThreadDeath) => void = () => {}
  /** What it has said last. */
  #exitCode: number | undefined
  #cause: unknown
  #isOnline = false
  /** Whether it was told to end now. */
  killed = false
  /** It has ended, or was never there. */
  isOver = false
  /** Gets what V8 has compiled there, if it was asked for that. */
  onCompiled: (code: Uint8Array) => void = () => {}

  watch(worker: Worker, gone: (death: ThreadDeath) => void): void {
    this.#worker = worker
    this.#gone = gone
    worker.on('online', () => {
      this.#isOnline = true
    })
    worker.on('error', (error) => {
      this.#cause = error
    })
    worker.on('exit', (exitCode) => {
      this.isOver = true
      this.#gone({ exitCode, cause: this.#cause })
    })
  }

  /** Nobody knows of it: it ends, and nobody hears of that. */
  drop(): void {
    this.#gone = () => {}
    this.kill()
  }

  kill(): void {
    this.killed = true
    void this.#worker?.terminate()
  }

  setRef(ref: boolean): void {
    if (ref) this.#worker?.ref()
    else this.#worker?.unref()
  }

  /** The channel as the link sees it. */
  heardBy(channel: PortChannel<ToWorker, FromWorker | Crash | Compiled>): Channel<ToWorker, FromWorker> {
    return {
      post: (message, transfer) => channel.post(message, transfer),
      onMessage: (receive) =>
        channel.onMessage((message) => {
          if (message.type === 'crash') {
            this.#cause ??= errorOf(message)
            return
          }
          if (message.type === 'compiled') {
            this.onCompiled(message.code)
            return
          }
          if (message.type === 'exit') this.#exitCode = message.code
          receive(message)
        }),
      pump: () => channel.pump(),
      setRef: (ref) => channel.setRef(ref),
      close: () => channel.close(),
    }
  }

  /** For a thread that is blocked here: tells of the end, if it has come. The event loop tells of it again. */
  look(): void {
    if (this.#exitCode !== undefined) {
      this.#gone({ exitCode: this.#exitCode, cause: this.#cause })
      // Listeners that calls have left there may still run, and must not do so for ever.
      const timer = setTimeout(() => this.kill(), untilEnded)
      this.#worker?.on('exit', () => clearTimeout(timer))
      timer.unref()
    } else if (this.#hasStopped) {
      const cause =
        this.#cause ?? (this.killed ? undefined : new Error('it has stopped without a word, as it does when its memory is full'))
      this.#gone({ exitCode: 1, cause })
    }
  }

  /** A thread that has stopped has no idle time any more. Of one that this event loop has never heard of nothing is known. */
  get #hasStopped(): boolean {
    if (!this.#isOnline) return this.killed
    return (this.#worker?.performance.eventLoopUtilization().idle ?? 0) < 0
  }
}

type ThreadDeath = { readonly exitCode: number; readonly cause: unknown }

/** Tells of the end of a thread also while the event loop here is blocked. */
export class ThreadLink extends Link {
  readonly #end: ThreadEnd

  constructor(end: ThreadEnd, parts: LinkParts) {
    super(parts)
    this.#end = end
  }

  /** It does not say when it has ended. */
  get isEnding(): boolean {
    return this.#end.killed
  }

  override pump(): void {
    super.pump()
    this.#end.look()
  }
}
