// In a worker: stands for the objects that stayed with the pool, and asks them. See `handle-table` for the other side.
import { type Handles, type Packed, whileBlocked } from '../calls/index.js'
import { type CurrentCall, currentCall } from '../core/current-call.js'
import { CancelledError, InvalidStateError } from '../core/errors.js'
import { cancelFuture, createFuture, type Driver, Future, failFuture, fulfilFuture } from '../core/future.js'
import { ExportedFutures } from './exported-futures.js'
import type { FutureFacts, Handle, SignalFacts } from './handle-table.js'
import { InTurn } from './in-turn.js'
import { waitsForModule } from './inbox.js'
import type { Definitions, FromWorker, Parcel, RpcReply, RpcRequest } from './messages.js'
import type { AnyFunction } from './work-item.js'

export interface RemoteParts {
  post(message: FromWorker, transfer?: readonly unknown[]): void
  pack(value: unknown): Packed
  packError(error: unknown): Packed
  definitionsFor(uses: readonly number[]): Definitions | undefined
  define(definitions: Definitions | undefined): void
  read(parcel: Parcel, definitions: Definitions | undefined): unknown
  /** The pool of this worker. */
  readonly pool: number
  readonly wait: ((sequence: number, ms: number) => void) | undefined
  sequence(): number
  pump(): void
  lend(call: CurrentCall | undefined, what: 'place' | 'thread'): void
  regain(call: CurrentCall | undefined): void
}

/** How the answer to a question arrives. */
export interface Question {
  /** It is here, and a module has to be imported to read it. */
  unread?(): void
  item?(value: unknown): void
  fulfilled(value: unknown): void
  rejected(reason: unknown): void
  cancelled(reason: unknown): void
}

/** Makes an executor out of a handle. */
export type RemoteExecutorFactory = (handle: Handle, remote: RemoteObjects) => object

let factory: RemoteExecutorFactory | undefined

/** Called by the module that knows what an executor is, which lies above this one. */
export function setRemoteExecutors(make: RemoteExecutorFactory): void {
  factory = make
}

export class RemoteObjects implements Handles {
  readonly #parts: RemoteParts
  readonly #handles = new WeakMap<object, Handle>()
  readonly #known = new Map<number, { readonly proxy: WeakRef<object>; count: number }>()
  readonly #questions = new Map<number, Question>()
  readonly exported: ExportedFutures
  readonly #turns = new InTurn<number>()
  readonly #collected = new FinalizationRegistry<number>((handle) => this.#release(handle))
  #lastQuestion = 0

  constructor(parts: RemoteParts) {
    this.#parts = parts
    this.exported = new ExportedFutures(parts)
  }

  /** The pool of this worker. */
  get pool(): number {
    return this.#parts.pool
  }

  toHandle(value: object): Handle | undefined {
    const handle = this.#handles.get(value)
    if (handle !== undefined) return { ...handle, back: true }
    return value instanceof Future ? this.exported.toHandle(value) : undefined
  }

  fromHandle(given: unknown): object {
    const handle = given as Handle // Written by the HandleTable.
    const known = this.#known.get(handle.handle)
    const there = known?.proxy.deref()
    if (known !== undefined && there !== undefined) {
      known.count++
      return there
    }
    const proxy = this.#make(handle)
    this.#handles.set(proxy, handle)
    this.#known.set(handle.handle, { proxy: new WeakRef(proxy), count: 1 })
    this.#collected.register(proxy, handle.handle)
    return proxy
  }

  /** Asks an object that is with the pool. @returns how to say that the answer is not wanted any more */
  ask(
    handle: number,
    method: string,
    fn: AnyFunction | undefined,
    args: readonly unknown[],
    question: Question,
  ): (reason?: unknown) => void {
    const id = ++this.#lastQuestion
    const { transfer, ...call } = this.#packed([fn, ...args])
    this.#questions.set(id, question)
    this.#parts.post({ type: 'rpc', id, handle, method, ...call }, transfer)
    return (reason) => {
      const packed = this.#packed([undefined, reason])
      this.#parts.post({ type: 'rpc', id, handle, method: 'cancelQuestion', ...packed }, [])
    }
  }

  replied({ id, status, value, definitions }: RpcReply): void {
    const question = this.#questions.get(id)
    if (status !== 'item') this.#questions.delete(id)
    if (question === undefined) return
    this.#parts.define(definitions)
    const hear = (): void => this.#hear(id, status, value, question)
    if (!this.#turns.defer(id, hear)) hear()
    else question.unread?.()
  }

  #hear(id: number, status: RpcReply['status'], value: Parcel, question: Question): void {
    const tell = (value: unknown): void => question[status]?.(value)
    let read: unknown
    try {
      read = this.#parts.read(value, undefined)
    } catch (error) {
      question.rejected(error)
      return
    }
    if (!(read instanceof Promise)) {
      tell(read)
      return
    }
    if (status !== 'item') question.unread?.()
    const heard = this.#turns.begin(id)
    read.then(tell, question.rejected).finally(heard)
  }

  /** The call that runs now waits for its own pool, and lends its place. @returns what takes it back, to be called once */
  lend(): () => void {
    const call = currentCall()
    this.#parts.lend(call, 'place')
    return () => this.#parts.regain(call)
  }

  /** The future of a question: cancelling it cancels what was asked for; waiting for it lends the place of the call that waits. */
  future(options: { key?: string | undefined; lends: boolean; ask: (question: Question) => (reason?: unknown) => void }): Future<unknown> {
    const { lends } = options
    let caller: CurrentCall | undefined
    let cancel: ((reason?: unknown) => void) | undefined
    let isUnread = false
    const waits = (what: 'place' | 'thread'): void => {
      const call = currentCall()
      if (!lends || call === undefined) return
      if (caller !== undefined && what === 'place') return
      if (caller === undefined) caller = call
      else this.#parts.regain(caller)
      this.#parts.lend(call, what)
    }
    const over = (): void => {
      if (caller !== undefined) this.#parts.regain(caller)
      caller = undefined
    }
    const { wait } = this.#parts
    const driver: { -readonly [K in keyof Driver]: Driver[K] } = {
      cancel: (_future, reason) => {
        over()
        cancel?.(reason)
      },
      awaited: () => waits('place'),
    }
    if (wait !== undefined) {
      driver.waitSync = (future, ms) => {
        waits('thread')
        const until = performance.now() + ms
        while (!future.done) {
          const sequence = this.#parts.sequence()
          whileBlocked(() => this.#parts.pump())
          const left = until - performance.now()
          if (future.done || left <= 0) return
          if (isUnread) {
            over()
            throw new InvalidStateError(waitsForModule)
          }
          wait(sequence, left)
        }
      }
    }
    const future = createFuture<unknown>({ driver, key: options.key })
    const question: Question = {
      unread: () => {
        isUnread = true
      },
      fulfilled: (value) => {
        over()
        fulfilFuture(future, value)
      },
      rejected: (reason) => {
        over()
        failFuture(future, reason)
      },
      cancelled: (reason) => {
        over()
        cancelFuture(future, new CancelledError(undefined, { reason }), reason)
      },
    }
    try {
      cancel = options.ask(question)
    } catch (error) {
      // The function or an argument cannot cross: the future tells it, as that of any submit.
      failFuture(future, error)
    }
    return future
  }

  #make(handle: Handle): object {
    switch (handle.kind) {
      case 'executor': {
        if (factory === undefined) throw new Error('The module that makes executors was not loaded')
        return factory(handle, this)
      }
      case 'future': {
        const { key } = handle.facts as FutureFacts // Facts are of the kind.
        return this.future({ key, lends: true, ask: (question) => this.#following(handle.handle, question) })
      }
      case 'signal':
        return this.#signal(handle)
      case 'callback':
        return (...args: unknown[]): Promise<unknown> =>
          new Promise((resolve, reject) => {
            this.ask(handle.handle, 'call', undefined, args, { fulfilled: resolve, rejected: reject, cancelled: reject })
          })
    }
  }

  /** Cancelling a future that was handed over cancels the original. */
  #following(handle: number, question: Question): (reason?: unknown) => void {
    this.ask(handle, 'follow', undefined, [], question)
    return (reason) => void this.ask(handle, 'cancel', undefined, [reason], { fulfilled() {}, rejected() {}, cancelled() {} })
  }

  #signal(handle: Handle): AbortSignal {
    const controller = new AbortController()
    const { aborted, reason } = handle.facts as SignalFacts // Facts are of the kind.
    const weak = new WeakRef(controller)
    if (aborted) controller.abort(reason === undefined ? undefined : this.#parts.read(reason, undefined))
    else {
      const abort = (reason: unknown): void => weak.deref()?.abort(reason)
      this.ask(handle.handle, 'aborted', undefined, [], { fulfilled: abort, rejected: abort, cancelled: abort })
      controllers.set(controller.signal, controller)
    }
    return controller.signal
  }

  #packed(args: readonly unknown[]): Pick<RpcRequest, 'args' | 'definitions'> & { readonly transfer: readonly unknown[] } {
    const packed = this.#parts.pack(args)
    return {
      args: packed,
      definitions: this.#parts.definitionsFor(packed.uses),
      transfer: packed.transfer,
    }
  }

  #release(handle: number): void {
    const known = this.#known.get(handle)
    // Another may have been made in the meantime.
    if (known === undefined || known.proxy.deref() !== undefined) return
    this.#known.delete(handle)
    this.#parts.post({ type: 'release', handle, count: known.count })
  }
}

/** A signal does not keep its controller; what aborts it must live as long as it does. */
const controllers = new WeakMap<AbortSignal, AbortController>()
