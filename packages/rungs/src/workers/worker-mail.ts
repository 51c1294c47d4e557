// What a worker says and hears: values become data and data values, and what one side has been told of once is not sent again.
import { cloningError, Incoming, isPlain, Outgoing, type Packed, type Peer, plainly } from '../calls/index.js'
import type { CurrentCall } from '../core/current-call.js'
import type { Channel } from './channel.js'
import type { Definitions, FromWorker, Parcel, Request, Startup, ToWorker, WorkerStart } from './messages.js'
import { Output } from './output.js'
import { RemoteObjects } from './remote-objects.js'
import type { WorkerEnd } from './ring/worker-end.js'
import type { AnyFunction } from './work-item.js'

export interface MailParts {
  readonly channel: Channel<FromWorker, ToWorker>
  readonly start: WorkerStart
  /** Counts the messages. */
  readonly ring: WorkerEnd | undefined
  /** Blocks until a message has come, or for `ms`. */
  readonly waitForMessage: ((sequence: number, ms: number) => void) | undefined
  readonly messageSequence: () => number
  /** A call waits for another of its pool. */
  readonly lend: (call: CurrentCall | undefined, what: 'place' | 'thread') => void
  readonly regain: (call: CurrentCall | undefined) => void
}

export class WorkerMail {
  /** What calls print: it goes before what is said next. */
  readonly output: Output
  readonly #parts: MailParts
  readonly #incoming: Incoming
  #peer: Peer | undefined
  #madeOutgoing: Outgoing | undefined
  #madeRemote: RemoteObjects | undefined
  /** Definitions that the pool has. */
  readonly #sent = new Set<number>()

  constructor(parts: MailParts) {
    this.#parts = parts
    this.output = new Output((to, text) => this.post({ type: 'output', to, text }))
    this.#incoming = new Incoming({
      outgoing: {
        meet: (peer) => {
          this.#peer = peer
          this.#madeOutgoing?.meet(peer)
        },
        original: (id) => this.#outgoing.original(id),
        adopt: (fn, id) => this.#outgoing.adopt(fn, id),
      },
      handles: {
        toHandle: (value) => this.remote.toHandle(value),
        fromHandle: (handle) => this.remote.fromHandle(handle),
      },
    })
  }

  /** What takes values apart. Made at the first need, as it is loaded then: most workers take plain arguments and give plain results. */
  get #outgoing(): Outgoing {
    if (this.#madeOutgoing !== undefined) return this.#madeOutgoing
    const { start } = this.#parts
    const outgoing = new Outgoing({
      boundary: start.boundary,
      handles: this.remote,
      ...(start.code !== undefined && { code: start.code }),
    })
    if (this.#peer !== undefined) outgoing.meet(this.#peer)
    this.#madeOutgoing = outgoing
    return outgoing
  }

  /** Objects that stayed with the pool. Made at the first need too. */
  get remote(): RemoteObjects {
    const { channel, start, waitForMessage, messageSequence, lend, regain } = this.#parts
    this.#madeRemote ??= new RemoteObjects({
      post: (message, transfer) => this.post(message, transfer),
      pack: (value) => this.#outgoing.pack(value),
      packError: (error) => this.packError(error),
      definitionsFor: (uses) => this.definitionsFor(uses),
      define: (definitions) => this.define(definitions),
      read: (parcel, definitions) => this.read(parcel, definitions),
      pool: start.pool,
      wait: waitForMessage,
      sequence: messageSequence,
      pump: () => channel.pump(),
      lend,
      regain,
    })
    return this.#madeRemote
  }

  // ---- what is said ---------------------------------------------------------------------------------------------

  /** @throws {NotShippableError} if something in it cannot cross; `label` is the beginning of its path */
  pack(value: unknown, label: string): Packed {
    return this.#madeOutgoing === undefined && isPlain(value) ? plainly(value) : this.#outgoing.pack(value, { label })
  }

  packError(error: unknown): Packed {
    return this.#outgoing.packError(error)
  }

  /** @throws if it cannot be copied */
  post(message: FromWorker, transfer?: readonly unknown[]): void {
    try {
      this.#parts.channel.post(message, transfer)
    } catch (error) {
      // What went with it has not arrived either.
      if ('definitions' in message && message.definitions !== undefined) for (const [id] of message.definitions) this.#sent.delete(id)
      throw error
    }
    this.#parts.ring?.posted()
  }

  /** A message with a value in it. When the value turns out not to be sendable, the call fails instead. */
  postPacked(message: FromWorker, packed: Packed): void {
    try {
      this.post(message, packed.transfer)
    } catch (error) {
      const { id } = message as { id?: number }
      const value = this.packError(cloningError(error, 'result'))
      const definitions = this.definitionsFor(value.uses)
      this.post({ type: 'reply', id: id ?? -1, status: 'rejected', value, definitions, memory: undefined })
    }
  }

  /** Of these, those that the pool does not have. It has them from now on. */
  definitionsFor(uses: readonly number[]): Definitions | undefined {
    let definitions: [number, unknown][] | undefined
    for (const id of uses) {
      if (this.#sent.has(id)) continue
      this.#sent.add(id)
      definitions ??= []
      definitions.push([id, this.#outgoing.definition(id)])
    }
    return definitions
  }

  // ---- what is heard --------------------------------------------------------------------------------------------

  /** They are not sent again. */
  define(definitions: Definitions | undefined): void {
    if (definitions !== undefined) for (const [id, definition] of definitions) this.#incoming.define(id, definition)
  }

  /** A value; a promise of it if a module has to be imported for it. @throws if it cannot be read */
  read(parcel: Parcel, definitions: Definitions | undefined): unknown {
    this.define(definitions)
    return this.#incoming.unpack(parcel)
  }

  /** A function and the arguments to call it with; a promise of them if a module has to be imported. */
  load({ definitions, target, captured, args }: Startup | Request): Loaded | Promise<Loaded> {
    this.define(definitions)
    // By way of unknown: `args` was an array when it was packed, and the target a function.
    const fn = this.#incoming.load(target, captured) as unknown as AnyFunction | Promise<AnyFunction>
    const list = this.#incoming.unpack(args) as unknown[] | Promise<unknown[]>
    if (fn instanceof Promise || list instanceof Promise) return Promise.all([fn, list]).then(([fn, args]) => ({ fn, args }))
    return { fn, args: list }
  }
}

/** A call as it is made. */
export interface Loaded {
  readonly fn: AnyFunction
  readonly args: unknown[]
}
