// Starts worker threads: a Worker, and a MessagePort of our own to it, so that a call may use `parentPort` for itself.

import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  type TransferListItem,
  Worker,
  type WorkerOptions,
} from 'node:worker_threads'
import type { Outgoing, ShippedCall } from '../calls/index.js'
import { library } from '../core/places.js'
import { Bell } from './bell.js'
import { Cells } from './cells.js'
import type { Crash } from './crash.js'
import type { HandleTable } from './handle-table.js'
import type { HostEvents, SpawnHost } from './host.js'
import type { Link } from './link.js'
import type { FromWorker, ToWorker, WorkerStart } from './messages.js'
import { depthOfWorkers } from './nesting.js'
import { PortChannel } from './port-channel.js'
import type { BulkStore } from './ring/bulk.js'
import type { RingHub } from './ring/hub.js'
import { mostAhead } from './ring/layout.js'
import { startupOf } from './startup.js'
import { type Compiled, ThreadEnd, ThreadLink } from './thread-end.js'
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
  readonly rungs: 'thread'
  /** What V8 has compiled for a thread before; whether this one is to tell what it has compiled. */
  readonly boot: { readonly code: Uint8Array | undefined; readonly keeps: boolean }
  readonly port: MessagePort
  readonly start: WorkerStart
  readonly cells: SharedArrayBuffer
  readonly news: SharedArrayBuffer
  readonly mail: SharedArrayBuffer
  readonly ring: { readonly memory: SharedArrayBuffer; readonly pool: SharedArrayBuffer } | undefined
}

/** How many calls more than `callsPerWorker` a worker may have, by places that others lend. */
const lentPlaces = 64

/** What a thread runs first. */
const main = new URL('boot.cjs', library)

/** Starts the threads of a pool. */
export interface ThreadSpawner {
  readonly spawn: SpawnHost
  /**
   * Says that a call comes for which the pool will need its first thread, which takes longer to start than anything that is done meanwhile. If the
   * pool has not asked for it when the code that runs now has ended, it is ended again.
   */
  readonly expect: () => void
}

interface Thread {
  readonly link: Link
  readonly end: ThreadEnd
}

/** `firstName`: of the first worker of the pool. */
export function threadSpawner(config: ThreadConfig, firstName: string): ThreadSpawner {
  let expected: (Thread & { readonly events: Partial<HostEvents> }) | undefined
  let isFirst = true
  return {
    spawn: (record, name, events) => {
      const thread = expected
      isFirst = false
      expected = undefined
      if (thread === undefined) return startThread(config, record.index, name, events).link
      Object.assign(thread.events, events)
      return thread.link
    },
    expect: () => {
      // What is moved to it could not be moved a second time.
      if (!isFirst || config.initializer !== undefined || config.finalizer !== undefined) return
      isFirst = false
      // Nothing is told before the code that runs now has ended. By then they are those of the pool, or there is no thread.
      const events: Partial<HostEvents> = {}
      try {
        expected = { ...startThread(config, 0, firstName, events as HostEvents), events }
      } catch {
        // The pool will try it, and tell.
        return
      }
      queueMicrotask(() => {
        if (expected === undefined) return
        drop(expected)
        expected = undefined
        isFirst = true
      })
    },
  }
}

/** Ends a thread of which nobody knows. */
function drop({ link, end }: Thread): void {
  end.drop()
  link.discard()
}

/** What V8 has made of the code of a thread, for all later ones of this process. One that starts is asked for it at a time. */
const compiled = {
  code: undefined as Uint8Array | undefined,
  asked: undefined as ThreadEnd | undefined,

  forThread(end: ThreadEnd): ThreadStart['boot'] {
    if (this.code === undefined && (this.asked === undefined || this.asked.isOver)) {
      this.asked = end
      end.onCompiled = (code) => {
        this.code = code
        this.asked = undefined
      }
    }
    return { code: this.code, keeps: this.asked === end }
  },
}

function startThread(config: ThreadConfig, index: number, name: string, events: HostEvents): Thread {
  const { port1: port, port2: theirs } = new MessageChannel()
  const cells = Cells.create(config.callsPerWorker + lentPlaces + (config.hub === undefined ? 0 : mostAhead))
  const mail = new Bell()
  const start: WorkerStart = {
    info: { name, index, kind: 'thread' },
    boundary: 'thread',
    code: config.code,
    callsPerWorker: config.callsPerWorker,
    measureMemory: config.measureMemory,
    initializer: startupOf(config.initializer, config.outgoing),
    finalizer: startupOf(config.finalizer, config.outgoing),
    pool: config.pool,
    depth: depthOfWorkers(),
  }
  const end = new ThreadEnd()
  const boot = compiled.forThread(end)
  const link = new ThreadLink(end, {
    channel: end.heardBy(new PortChannel<ToWorker, FromWorker | Crash | Compiled>(port, mail)),
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
    rungs: 'thread',
    boot,
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
      ...(config.env !== undefined && { env: whatIsSet(config.env) }),
      ...(config.resourceLimits !== undefined && { resourceLimits: config.resourceLimits }),
    })
    end.watch(worker, (death) => link.gone(death))
  } catch (error) {
    end.isOver = true
    link.discard()
    throw error
  }
  return { link, end }
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

/** Threads would take `undefined` for a text. */
function whatIsSet(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
}

function transfersOf(shipped: ShippedCall | undefined): TransferListItem[] {
  return shipped === undefined ? [] : [...(shipped.captured?.transfer ?? []), ...shipped.args.transfer]
}

/** For executors: ships the function that runs in each worker at its start or end. */
export function shipStartup(outgoing: Outgoing, fn: AnyFunction | undefined, args: readonly unknown[]): ShippedCall | undefined {
  return fn === undefined ? undefined : outgoing.ship(fn, args)
}
