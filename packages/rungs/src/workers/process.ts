// Starts worker processes: a child of our own making, with two sockets beside its usual three streams. Calls and outcomes go over the first; the
// second is read by a thread of the child that watches, so that an abort reaches a loop that never yields, and the end of this process ends it.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { closeSync, readFileSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Outgoing, ShippedCall } from '../calls/index.js'
import { library } from '../core/places.js'
import type { Channel } from './channel.js'
import { FrameReader } from './frames.js'
import type { HandleTable } from './handle-table.js'
import type { Batches, Death, SpawnHost } from './host.js'
import { LastLines } from './last-lines.js'
import { Link } from './link.js'
import type { FromWorker, ToWorker, WorkerStart } from './messages.js'
import { openPartFile } from './part-file.js'
import type { Patience } from './patience.js'
import { Pipe } from './pipe.js'
import { PipeChannel } from './pipe-channel.js'
import { type Aside, messageOf } from './pipe-messages.js'
import { PoolLine } from './pool-line.js'
import { PoolCells } from './process-cells.js'
import { mostAhead } from './ring/layout.js'
import { startupOf } from './startup.js'
import { AnswerReader, takeBackOrder } from './watch-words.js'

export interface ProcessConfig {
  readonly outgoing: Outgoing
  readonly handles: HandleTable
  /** Identifies the pool. */
  readonly pool: number
  readonly news: Patience
  readonly hub: Batches
  readonly callsPerWorker: number
  readonly measureMemory: boolean
  readonly initializer: ShippedCall | undefined
  readonly finalizer: ShippedCall | undefined
  readonly code: 'any' | 'references-only' | undefined
  readonly execPath: string | undefined
  readonly execArgv: readonly string[] | undefined
  readonly env: NodeJS.ProcessEnv | undefined
  readonly cwd: string | undefined
  readonly stdio: 'inherit' | 'ignore'
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly now: () => number
}

/** What a process is told first. */
export interface ProcessStart {
  readonly start: WorkerStart
  readonly cells: number
  readonly presumed: 0 | 1
  /** Whether it has files for large buffers. */
  readonly files: boolean
}

/** How many calls more than `callsPerWorker` a worker may have, by places that others lend. */
const lentPlaces = 64
/** Milliseconds for which a call with large buffers keeps this thread; see PipeChannel. */
const patience = 1
const readSize = 64 * 1024
/** Milliseconds that a process has to end after SIGTERM. */
const untilKilled = 500

const main = fileURLToPath(new URL('workers/process-main.js', library))

export function processSpawner(config: ProcessConfig): SpawnHost {
  return (record, name, events) => {
    const files = openFiles()
    const worker = new ChildWorker(spawnWith(files, config), config, files)
    const presumed = config.callsPerWorker === 1 ? 1 : 0
    const cells = new PoolCells(config.callsPerWorker + lentPlaces + mostAhead, presumed, (order) => worker.order(order))
    const line = new PoolLine(config.callsPerWorker, (last) => worker.order(takeBackOrder(last)))
    const link = new Link({
      channel: worker.channel(cells, line),
      cells,
      line,
      outgoing: config.outgoing,
      handles: config.handles,
      events,
      kill: (force) => worker.kill(force),
      print: (to, text) => worker.print(to, text),
      now: config.now,
      setRef: (ref) => worker.setRef(ref),
    })
    worker.start({
      start: {
        info: { name, index: record.index, kind: 'process' },
        boundary: 'process',
        code: config.code,
        callsPerWorker: config.callsPerWorker,
        measureMemory: config.measureMemory,
        initializer: startupOf(config.initializer, config.outgoing),
        finalizer: startupOf(config.finalizer, config.outgoing),
        pool: config.pool,
      },
      cells: cells.count,
      presumed,
      files: files !== undefined,
    })
    worker.onGone((death) => link.gone(death))
    // Frames that were not written: of these, nothing but replies is taken from here.
    const early = new FrameReader((kind, body, message) => link.repliedEarly(messageOf(kind, body, message) as FromWorker))
    worker.onAnswer((last, decided, frames) => {
      early.push(frames)
      link.takenOut(line.answered(last, decided))
    })
    return link
  }
}

/** A child process: its sockets, what it prints, and how it ends. */
class ChildWorker {
  readonly #child: ChildProcess
  readonly #config: ProcessConfig
  readonly #files: Files | undefined
  readonly #channel: PipeChannel<ToWorker, FromWorker> | undefined
  readonly #orders: Pipe | undefined
  readonly #answers = new AnswerReader((last, decided, frames) => {
    // What it has said before comes first.
    this.#channel?.pump()
    this.#answered?.(last, decided, frames)
  })
  readonly #stderr: LastLines
  #crash: (Aside & { type: 'crash' }) | undefined
  #gone: ((death: Omit<Death, 'inPeace'>) => void) | undefined
  #answered: ((last: number, decided: number, frames: Uint8Array) => void) | undefined
  readonly #scratch = Buffer.allocUnsafe(4_096)
  #ended = false
  #ready = false

  constructor(child: ChildProcess, config: ProcessConfig, files: Files | undefined) {
    this.#child = child
    this.#config = config
    this.#files = files
    this.#stderr = new LastLines((text) => this.print('stderr', text))
    const [, stdout, stderr, channel, watch] = child.stdio as (Socket | null | undefined)[]
    child.on('error', (error) => {
      // It was never there. Errors about one that is there (it could not be killed) are followed by its end.
      if (child.pid === undefined) this.#end({ cause: explained(error, config) })
    })
    child.on('exit', (exitCode, signal) => this.#end({ exitCode: exitCode ?? undefined, signal: signal ?? undefined }))
    // What goes wrong with a stream of a process that ends says nothing that its end does not.
    for (const stream of child.stdio) stream?.on('error', () => {})
    const fd = fdOf(channel)
    const handle = handleOf(channel)
    const watchedBy = fdOf(watch)
    if (child.pid === undefined || !channel || handle === undefined || fd === undefined || watchedBy === undefined) {
      closeFiles(files)
      return
    }
    const socket = reading(channel, handle, (bytes) => config.hub.batch(() => pipe.push(bytes)))
    const pipe = new PipeChannel<ToWorker, FromWorker>({
      fd,
      socket,
      patience,
      urgent: () => 'at the end',
      heard: () => config.news.ring(),
    })
    this.#channel = pipe
    this.#orders = new Pipe(watchedBy)
    watch?.on('data', (bytes: Buffer) => config.hub.batch(() => this.#answers.push(bytes)))
    stdout?.on('data', (bytes: Buffer) => this.print('stdout', bytes))
    stderr?.on('data', (bytes: Buffer) => this.#stderr.add(bytes))
  }

  /** The channel as the link sees it. */
  channel(cells: PoolCells, line: PoolLine): Channel<ToWorker, FromWorker> {
    const pipe = this.#channel
    return {
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
        this.#config.hub.batch(() => {
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
    if (this.#config.stdio === 'inherit') process[to].write(text)
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

/** Files for large buffers, see part-file.ts. */
interface Files {
  readonly there: number
  readonly back: number
}

function openFiles(): Files | undefined {
  const there = openPartFile()
  const back = there === undefined ? undefined : openPartFile()
  if (there !== undefined && back !== undefined) return { there, back }
  if (there !== undefined) closeSync(there)
  return undefined
}

function closeFiles(files: Files | undefined): void {
  if (files === undefined) return
  closeSync(files.there)
  closeSync(files.back)
}

function spawnWith(files: Files | undefined, config: ProcessConfig): ChildProcess {
  try {
    return spawn(config.execPath ?? process.execPath, [...(config.execArgv ?? inheritedFlags()), main], spawnOptions(config, files))
  } catch (error) {
    closeFiles(files)
    throw error
  }
}

function spawnOptions(config: ProcessConfig, files: Files | undefined): SpawnOptions {
  const { cwd, uid, gid } = config
  const printed = config.stdio === 'inherit' ? 'pipe' : 'ignore'
  return {
    // stderr is read in any case: what a process said last is the best that there is to tell about a sudden end.
    stdio: ['ignore', printed, 'pipe', 'pipe', 'pipe', ...(files === undefined ? [] : [files.there, files.back])],
    env: config.env ?? process.env,
    serialization: 'json',
    windowsHide: true,
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  } as SpawnOptions
}

/** Flags of this process that say how to run, not what. */
function inheritedFlags(): string[] {
  const flags: string[] = []
  const skipped =
    /^(-e|-p|-pe|-i|-c|--eval|--print|--interactive|--check|--input-type|--inspect.*|--test.*|--watch.*|--run|--build-snapshot.*|--title|--cpu-prof.*|--heap-prof.*|--prof)$/
  const withValue = /^(-e|-p|-pe|--eval|--print|--title|--input-type)$/
  for (let index = 0; index < process.execArgv.length; index++) {
    const flag = process.execArgv[index] ?? ''
    if (!skipped.test(flag.split('=')[0] ?? flag)) flags.push(flag)
    // A value may be a word of its own.
    else if (withValue.test(flag) || !(process.execArgv[index + 1] ?? '-').startsWith('-')) index++
  }
  // Asked for by functions that are compiled with the importer of their module; nothing that a user could change.
  if (process.allowedNodeEnvironmentFlags.has('--disable-warning')) flags.push('--disable-warning=ExperimentalWarning')
  return flags
}

/** What Node has of a socket and does not show. */
interface Handle {
  readonly fd?: number
}

function handleOf(stream: Socket | null | undefined): Handle | undefined {
  return (stream as { readonly _handle?: Handle | null } | null | undefined)?._handle ?? undefined
}

function fdOf(stream: Socket | null | undefined): number | undefined {
  const fd = handleOf(stream)?.fd
  return fd !== undefined && fd >= 0 ? fd : undefined
}

/**
 * The same connection, read into memory of our own: what `spawn` gives us allocates 64 KB for each read, and hands them on by way of a stream. That
 * costs more than all else that is done for a short call.
 */
function reading(given: Socket, handle: Handle, read: (bytes: Uint8Array) => void): Socket {
  ;(given as unknown as { _handle: Handle | null })._handle = null
  given.destroy()
  const buffer = Buffer.allocUnsafeSlow(readSize)
  const callback = (count: number): boolean => {
    read(buffer.subarray(0, count))
    return true
  }
  // The declarations of Node know `handle` not at all, and `onread` of connections that are yet to be made only.
  const options = { handle, onread: { buffer, callback } }
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0])
  // What goes wrong with it is told by the end of the process.
  socket.on('error', () => {})
  return socket
}

/** ENOENT is said of the program also when it is the folder that is not there. */
function explained(error: Error, { cwd }: ProcessConfig): Error {
  if (cwd === undefined || statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) return error
  return new Error(`There is no folder ${cwd} (cwd)`, { cause: error })
}

function errorOf({ name, message, stack, code }: Aside & { type: 'crash' }): Error {
  const error = new Error(message)
  if (name !== 'Error') Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true })
  if (code !== undefined) Object.assign(error, { code })
  return error
}

/** How a child ended that nobody has waited for yet. Linux only; elsewhere that is known as soon as the event loop goes on. */
function exitStatusOf(pid: number): Omit<Death, 'inPeace'> | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] !== 'Z') return undefined
    // The last field, as waitpid() gives it.
    const status = Number(fields[fields.length - 1])
    return (status & 0x7f) === 0 ? { exitCode: status >> 8 } : { signal: signalName(status & 0x7f) }
  } catch {
    return {}
  }
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`
}
