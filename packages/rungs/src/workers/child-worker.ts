import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { setTimeout } from '../core/platform.js'
import type { Channel } from './channel.js'
import { type Crash, errorOf } from './crash.js'
import { exitStatusOf } from './exit-status.js'
import type { Batches, Death } from './host.js'
import { LastLines } from './last-lines.js'
import type { FromWorker, ToWorker } from './messages.js'
import { closePartFiles, type PartFiles } from './part-file.js'
import type { Patience } from './patience.js'
import { Pipe } from './pipe.js'
import { PipeChannel } from './pipe-channel.js'
import type { ProcessStart } from './pipe-messages.js'
import type { PoolLine } from './pool-line.js'
import type { PoolCells } from './process-cells.js'
import { fdOf, handleOf, reading } from './socket-handle.js'
import { type ChildOptions, explained } from './spawn-child.js'
import { AnswerReader } from './watch-words.js'

/** Milliseconds for which a call with large buffers keeps this thread; see PipeChannel. */
const patience = 1
/** Milliseconds that a process has to end after SIGTERM. */
const untilKilled = 500

export interface ChildWorkerParts extends ChildOptions {
  /** Rung when it has told something. */
  readonly news: Patience
  readonly hub: Batches
}

/** A child process: its sockets, what it prints, and how it ends. */
export class ChildWorker {
  readonly #child: ChildProcess
  readonly #parts: ChildWorkerParts
  readonly #files: PartFiles | undefined
  readonly #channel: PipeChannel<ToWorker, FromWorker> | undefined
  readonly #orders: Pipe | undefined
  readonly #answers = new AnswerReader((last, decided, frames) => {
    // What it has said before comes first.
    this.#channel?.pump()
    this.#answered?.(last, decided, frames)
  })
  readonly #stderr: LastLines
  #crash: Crash | undefined
  #gone: ((death: Omit<Death, 'inPeace'>) => void) | undefined
  #answered: ((last: number, decided: number, frames: Uint8Array) => void) | undefined
  readonly #scratch = Buffer.allocUnsafe(4_096)
  #ended = false
  #ready = false

  constructor(child: ChildProcess, parts: ChildWorkerParts, files: PartFiles | undefined) {
    this.#child = child
    this.#parts = parts
    this.#files = files
    this.#stderr = new LastLines((text) => this.print('stderr', text))
    const [, stdout, stderr, channel, watch] = child.stdio as (Socket | null | undefined)[]
    child.on('error', (error) => {
      // It was never there. Errors about one that is there (it could not be killed) are followed by its end.
      if (child.pid === undefined) this.#end({ cause: explained(error, parts) })
    })
    child.on('exit', (exitCode, signal) => this.#end({ exitCode: exitCode ?? undefined, signal: signal ?? undefined }))
    // What goes wrong with a stream of a process that ends says nothing that its end does not.
    for (const stream of child.stdio) stream?.on('error', () => {})
    const fd = fdOf(channel)
    const handle = handleOf(channel)
    const watchedBy = fdOf(watch)
    if (child.pid === undefined || !channel || handle === undefined || fd === undefined || watchedBy === undefined) {
      closePartFiles(files)
      return
    }
    const socket = reading(channel, handle, (bytes) => parts.hub.batch(() => pipe.push(bytes)))
    const pipe = new PipeChannel<ToWorker, FromWorker>({
      fd,
      socket,
      patience,
      urgent: () => 'at the end',
      heard: () => parts.news.ring(),
    })
    this.#channel = pipe
    this.#orders = new Pipe(watchedBy)
    watch?.on('data', (bytes: Buffer) => parts.hub.batch(() => this.#answers.push(bytes)))
    stdout?.on('data', (bytes: Buffer) => this.print('stdout', bytes))
    stderr?.on('data', (bytes: Buffer) => this.#stderr.add(bytes))
  }

  /** The channel as the link sees it. */
  channel(cells: PoolCells, line: PoolLine): Channel<ToWorker, FromWorker> {
    const pipe = this.#channel
    return {
      get unsent() {
        return pipe?.unsent ?? 0
      },
      post: (message) => {
        if (message.type === 'call') cells.sent(message.cell, message.id)
        pipe?.post(message)
      },
      onMessage: (receive) =>
        pipe?.onMessage((message) => {
          switch (message.type) {
            case 'begun cells':
              cells.told(message.cells, message.atEnd !== undefined)
              if (message.atEnd !== undefined) line.ended(message.atEnd.line)
              return
            case 'lot':
              line.told(message.upTo, message.callNs)
              return
            case 'crash':
              this.#crash = message
              return
            case 'start':
              return
            default:
              if (message.type === 'ready') this.#ready = true
              receive(message)
          }
        }),
      pump: () => {
        this.#parts.hub.batch(() => {
          pipe?.pump()
          this.#readAnswers()
        })
        // The event loop, which would tell of its end, may be blocked.
        if (pipe?.ended && !this.#ended) this.#lookForEnd()
      },
      setRef: (ref) => pipe?.setRef(ref),
      close: () => pipe?.close(),
    }
  }

  start(start: ProcessStart): void {
    this.#channel?.post({ type: 'start', start })
    // Not for the start itself: it tells that they are there.
    if (this.#files !== undefined) this.#channel?.shareFiles({ write: this.#files.there, read: this.#files.back })
  }

  onGone(gone: (death: Omit<Death, 'inPeace'>) => void): void {
    this.#gone = gone
  }

  onAnswer(answered: (last: number, decided: number, frames: Uint8Array) => void): void {
    this.#answered = answered
  }

  order(order: Buffer): void {
    this.#orders?.write([order])
  }

  print(to: 'stdout' | 'stderr', text: string | Uint8Array): void {
    if (this.#parts.stdio === 'inherit') process[to].write(text)
  }

  kill(force: boolean): void {
    const { pid } = this.#child
    if (pid === undefined || this.#ended) return
    this.#child.kill(force ? 'SIGKILL' : 'SIGTERM')
    // It may have a listener for the one, be stopped, or be in a loop.
    if (!force) setTimeout(() => this.#ended || this.#child.kill('SIGKILL'), untilKilled).unref()
  }

  setRef(ref: boolean): void {
    const [, stdout, stderr, , watch] = this.#child.stdio as (Socket | null | undefined)[]
    for (const handle of [this.#child, stdout, stderr, watch]) {
      if (ref) handle?.ref()
      else handle?.unref()
    }
  }

  /** Its socket has ended, so it has or will in a moment. */
  #lookForEnd(): void {
    const status = this.#child.pid === undefined ? undefined : exitStatusOf(this.#child.pid)
    if (status !== undefined) this.#end(status)
  }

  #end(how: Omit<Death, 'inPeace'>): void {
    if (this.#ended) return
    this.#ended = true
    // What it said last may not have been read yet.
    this.#channel?.pump()
    this.#readAnswers()
    const [, stdout, stderr, , watch] = this.#child.stdio as (Socket | null | undefined)[]
    const rest = fdOf(stderr)
    if (rest !== undefined) this.#readRest(rest)
    this.#orders?.close()
    // A grandchild may hold the other ends for long.
    for (const stream of [watch, stdout, stderr]) stream?.destroy()
    this.#gone?.({ ...how, cause: how.cause ?? this.#causeOf(how), stderr: this.#stderr.text })
  }

  #readAnswers(): void {
    this.#orders?.read(
      () => this.#scratch,
      (count) => this.#answers.push(this.#scratch.subarray(0, count)),
    )
  }

  #readRest(fd: number): void {
    const bytes = Buffer.allocUnsafe(16_384)
    new Pipe(fd).read(
      () => bytes,
      (count) => this.#stderr.add(bytes.subarray(0, count)),
    )
  }

  #causeOf({ signal, exitCode }: Omit<Death, 'inPeace'>): unknown {
    const crash = this.#crash
    if (crash !== undefined && signal === undefined && exitCode !== 0) return errorOf(crash)
    const { fatal, text } = this.#stderr
    if (fatal !== undefined) return new Error(fatal)
    // Node says there what it could not do. Later, what is written there is rather for people.
    return this.#ready || text === undefined ? undefined : new Error(text)
  }
}
