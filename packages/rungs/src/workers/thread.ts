// Starts worker threads: a Worker, and a MessagePort of our own to it, so that a call may use `parentPort` for itself.

import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  receiveMessageOnPort,
  type TransferListItem,
  Worker,
  type WorkerOptions,
} from 'node:worker_threads'
import type { Outgoing, ShippedCall } from '../calls/index.js'
import { library } from '../core/places.js'
import { clearTimeout, setTimeout } from '../core/platform.js'
import { Bell } from './bell.js'
import { Cells } from './cells.js'
import type { Channel } from './channel.js'
import { type Crash, errorOf } from './crash.js'
import type { HandleTable } from './handle-table.js'
import type { SpawnHost } from './host.js'
import { Link, type LinkParts } from './link.js'
import type { FromWorker, ToWorker, WorkerStart } from './messages.js'
import type { BulkStore } from './ring/bulk.js'
import type { RingHub } from './ring/hub.js'
import { mostAhead } from './ring/layout.js'
import { startupOf } from './startup.js'
import type { AnyFunction } from './work-item.js'

export interface ThreadConfig {
  readonly outgoing: Outgoing
  readonly handles: HandleTable
  /** Identifies the pool. */
  readonly pool: number
  /** Rung by workers when they have told something. */
  readonly news: Bell
  readonly callsPerWorker: number
  readonly measureMemory: boolean
  readonly initializer: ShippedCall | undefined
  readonly finalizer: ShippedCall | undefined
  readonly code: 'any' | 'references-only' | undefined
  readonly resourceLimits: ResourceLimits | undefined
  readonly execArgv: readonly string[] | undefined
  readonly env: NodeJS.ProcessEnv | undefined
  readonly stdio: 'inherit' | 'ignore'
  readonly now: () => number
  /** Of a pool whose calls and replies lie in shared memory. */
  readonly hub: RingHub | undefined
  /** Where bytes lie that go to workers. */
  readonly bulk: BulkStore | undefined
}

/** What a thread gets as its workerData. */
export interface ThreadStart {
  readonly rungs: true
  readonly port: MessagePort
  readonly start: WorkerStart
  readonly cells: SharedArrayBuffer
  readonly news: SharedArrayBuffer
  readonly mail: SharedArrayBuffer
  readonly ring: { readonly memory: SharedArrayBuffer; readonly pool: SharedArrayBuffer } | undefined
}

/** Milliseconds that a thread which has said that it ends may take to do so, when the pool does not wait for it any more. */
const untilEnded = 1_000

/** How many calls more than `callsPerWorker` a worker may have, by places that others lend. */
const lentPlaces = 64

const main = new URL('workers/thread-main.js', library)

export function threadSpawner(config: ThreadConfig): SpawnHost {
  return (record, name, events) => {
    const { port1: port, port2: theirs } = new MessageChannel()
    const cells = Cells.create(config.callsPerWorker + lentPlaces + (config.hub === undefined ? 0 : mostAhead))
    const mail = new Bell()
    const start: WorkerStart = {
      info: { name, index: record.index, kind: 'thread' },
      boundary: 'thread',
      code: config.code,
      callsPerWorker: config.callsPerWorker,
      measureMemory: config.measureMemory,
      initializer: startupOf(config.initializer, config.outgoing),
      finalizer: startupOf(config.finalizer, config.outgoing),
      pool: config.pool,
    }
    const end = new ThreadEnd()
    const link = new ThreadLink(end, {
      channel: end.heardBy(new PortChannel<ToWorker, FromWorker | Crash>(port, mail)),
      cells,
      outgoing: config.outgoing,
      handles: config.handles,
      events,
      kill: () => end.kill(),
      print: (to, text) => {
        if (config.stdio === 'inherit') process[to].write(text)
      },
      now: config.now,
      setRef: (ref) => end.setRef(ref),
      hub: config.hub,
      bulk: config.bulk,
    })
    const data: ThreadStart = {
      rungs: true,
      port: theirs,
      start,
      cells: cells.buffer,
      news: config.news.buffer,
      mail: mail.buffer,
      ring: link.ring && config.hub && { memory: link.ring.buffer, pool: config.hub.buffer },
    }
    try {
      const worker = startWorker(config.execArgv ?? inheritedFlags(), config.execArgv === undefined, {
        name,
        workerData: data,
        transferList: [theirs, ...transfersOf(config.initializer), ...transfersOf(config.finalizer)],
        // What is printed comes by our own channel. Reading these streams would keep the process alive, also when the thread does not.
        stdout: config.stdio === 'ignore',
        stderr: config.stdio === 'ignore',
        ...(config.env !== undefined && { env: config.env }),
        ...(config.resourceLimits !== undefined && { resourceLimits: config.resourceLimits }),
      })
      end.watch(worker, (death) => link.gone(death))
    } catch (error) {
      link.discard()
      throw error
    }
    return link
  }
}

/**
 * How a thread ends. Usually the event loop tells. While resultSync() blocks this thread it cannot: then the thread itself has said so, or it is found
 * out that no code runs there any more.
 */
class ThreadEnd {
  #worker: Worker | undefined
  #gone: (death: ThreadDeath) => void = () => {}
  /** What it has said last. */
  #exitCode: number | undefined
  #cause: unknown
  #isOnline = false
  /** Whether it was told to end now. */
  killed = false

  watch(worker: Worker, gone: (death: ThreadDeath) => void): void {
    this.#worker = worker
    this.#gone = gone
    worker.on('online', () => {
      this.#isOnline = true
    })
    worker.on('error', (error) => {
      this.#cause = error
    })
    worker.on('exit', (exitCode) => gone({ exitCode, cause: this.#cause }))
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
  heardBy(channel: PortChannel<ToWorker, FromWorker | Crash>): Channel<ToWorker, FromWorker> {
    return {
      post: (message, transfer) => channel.post(message, transfer),
      onMessage: (receive) =>
        channel.onMessage((message) => {
          if (message.type === 'crash') {
            this.#cause ??= errorOf(message)
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

class ThreadLink extends Link {
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

/** `inherited`: flags that a thread cannot have are left out. They were meant for the process, and nobody asked the thread to have them. */
function startWorker(flags: readonly string[], inherited: boolean, options: WorkerOptions): Worker {
  try {
    return new Worker(main, { ...options, execArgv: [...flags] })
  } catch (error) {
    const refused = inherited && error instanceof Error ? (/invalid execArgv flags: (.*)$/.exec(error.message)?.[1] ?? '').split(', ') : []
    const rest = flags.filter((flag) => !refused.includes(flag))
    if (rest.length === flags.length) throw error
    return startWorker(rest, inherited, options)
  }
}

/** Flags of this process that a thread can have too: those that say what to run would stop it from starting. */
function inheritedFlags(): string[] {
  const flags: string[] = []
  const skipped =
    /^(-e|-p|-pe|-i|-r|-c|--eval|--print|--interactive|--check|--input-type|--inspect.*|--test.*|--watch.*|--title|--expose-gc|--max-.*|--v8-.*|--cpu-prof.*|--heap-prof.*|--heapsnapshot.*|--run|--stack-.*|--abort.*|--prof|--env-file.*|--build-snapshot.*)$/
  const withValue = /^(-e|-p|-pe|-r|--eval|--print|--title|--input-type)$/
  for (let index = 0; index < process.execArgv.length; index++) {
    const flag = process.execArgv[index] ?? ''
    const name = flag.split('=')[0] ?? flag
    if (!skipped.test(name)) flags.push(flag)
    // A value may be a word of its own.
    else if (withValue.test(flag) || !(process.execArgv[index + 1] ?? '-').startsWith('-')) index++
  }
  // Asked for by functions that are compiled with the importer of their module; nothing that a user could change.
  if (process.allowedNodeEnvironmentFlags.has('--disable-warning')) flags.push('--disable-warning=ExperimentalWarning')
  return flags
}

function transfersOf(shipped: ShippedCall | undefined): TransferListItem[] {
  return shipped === undefined ? [] : [...(shipped.captured?.transfer ?? []), ...shipped.args.transfer]
}

/** A channel over a MessagePort. `bell` is rung after each message, for a reader that is blocked. */
export class PortChannel<Out, In> implements Channel<Out, In> {
  readonly #port: MessagePort
  readonly #bell: Bell
  #receive: ((message: In) => void) | undefined

  constructor(port: MessagePort, bell: Bell) {
    this.#port = port
    this.#bell = bell
  }

  post(message: Out, transfer?: readonly unknown[]): void {
    this.#port.postMessage(message, transfer as TransferListItem[] | undefined) // What can be moved is for the port to judge.
    this.#bell.ring()
  }

  onMessage(receive: (message: In) => void): void {
    this.#receive = receive
    this.#port.on('message', receive)
    // A message that cannot be read is a call or an outcome that nobody would ever hear of.
    this.#port.on('messageerror', (error) => {
      throw error
    })
  }

  pump(): void {
    for (let received = receiveMessageOnPort(this.#port); received !== undefined; received = receiveMessageOnPort(this.#port)) {
      this.#receive?.(received.message)
    }
  }

  setRef(ref: boolean): void {
    if (ref) this.#port.ref()
    else this.#port.unref()
  }

  close(): void {
    this.#port.close()
  }
}

/** For executors: ships the function that runs in each worker at its start or end. */
export function shipStartup(outgoing: Outgoing, fn: AnyFunction | undefined, args: readonly unknown[]): ShippedCall | undefined {
  return fn === undefined ? undefined : outgoing.ship(fn, args)
}
