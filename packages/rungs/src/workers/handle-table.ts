// Objects that stay with the pool and are used from its workers: executors, futures, signals, callbacks. To a worker goes a handle, a number and
// what kind of thing it is; what is asked of it comes back as a question (`rpc`), answered here.
import { callbackOf, type Handles, isBlocked, isCallback } from '../calls/index.js'
import { CancelledError, InvalidStateError, NotShippableError } from '../core/errors.js'
import type { CallOptions } from '../core/executor.js'
import { cancelFuture, Future, listen, outcomeOf } from '../core/future.js'
import { onAbort } from '../core/on-abort.js'
import { reasonOf } from '../core/signal-reason.js'
import type { Parcel } from './messages.js'
import { isPromise, promised } from './running-call.js'
import type { AnyFunction } from './work-item.js'

export type HandleKind = 'executor' | 'future' | 'signal' | 'callback'

export interface Handle {
  readonly kind: HandleKind
  readonly handle: number
  /** What can be known of it without asking. */
  readonly facts?: ExecutorFacts | SignalFacts | FutureFacts | undefined
  /** It is on its way back to where it came from. */
  readonly back?: boolean | undefined
  /** Of a future that a worker has made: its number there. */
  readonly exported?: number | undefined
}

export interface ExecutorFacts {
  readonly name: string
  readonly maxWorkers: number
  /** Identifies the pool: a call that waits for a call of its own pool lends its place. */
  readonly pool: number
}

export interface SignalFacts {
  readonly aborted: boolean
  /** Why, if it is aborted and that can be told. */
  readonly reason?: Parcel | undefined
}

export interface FutureFacts {
  readonly key: string | undefined
}

/** How a question is answered; more than one `item` may come before the end. */
export interface Answer {
  item(value: unknown): void
  fulfilled(value: unknown): void
  rejected(reason: unknown): void
  cancelled(reason: unknown): void
}

/** What lets a worker use an executor. */
export interface ExecutorAccess {
  /** The module that makes executors out of handles. */
  readonly module: string
  readonly facts: () => ExecutorFacts
  submit(fn: AnyFunction, args: unknown[], options: CallOptions): Future<unknown>
  stream(fn: AnyFunction, args: unknown[], options: CallOptions): AsyncIterableIterator<unknown>
}

let accessOf: (value: object) => ExecutorAccess | undefined = () => undefined

/** From now on the executors that `access` knows can be handed to calls of any executor. Set by the class of executors; there is one. */
export function makeShippable(access: typeof accessOf): void {
  accessOf = access
}

/** Ends what a question began; its asker does not want the answer any more. */
type Cancel = (reason: unknown) => void

export class HandleTable implements Handles {
  /** Makes data of the reason of a signal. Set by the executor, whose sending half needs this table first. */
  packReason: (reason: unknown) => Parcel | undefined = () => undefined
  readonly #ids = new WeakMap<object, number>()
  readonly #objects = new Map<number, { readonly kind: HandleKind; readonly object: object; count: number }>()
  #lastId = 0

  toHandle(value: object): Handle | undefined {
    const kind = kindOf(value)
    if (kind === undefined) return undefined
    const handle = this.#ids.get(value) ?? ++this.#lastId
    this.#ids.set(value, handle)
    const known = this.#objects.get(handle)
    if (known === undefined) this.#objects.set(handle, { kind, object: value, count: 1 })
    else known.count++
    return { kind, handle, facts: this.#factsOf(kind, value) }
  }

  moduleFor(value: object): string | undefined {
    return accessOf(value)?.module
  }

  fromHandle(handle: unknown): object {
    const { handle: id } = handle as Handle // Written by toHandle, there or here.
    const known = this.#objects.get(id)
    if (known === undefined) throw new NotShippableError('A handle came back whose object is gone', 'result')
    return known.object
  }

  #factsOf(kind: HandleKind, value: object): Handle['facts'] {
    if (kind === 'executor') return accessOf(value)?.facts()
    if (kind === 'future') return { key: (value as Future<unknown>).key }
    if (kind !== 'signal') return undefined
    const { aborted, reason } = value as AbortSignal // Of its kind, as the one above.
    return { aborted, reason: aborted ? this.packReason(reason) : undefined }
  }

  /** A worker has no use any more for what it was sent so many times. */
  release(handle: number, count: number): void {
    const known = this.#objects.get(handle)
    if (known === undefined) return
    known.count -= count
    if (known.count <= 0) this.#objects.delete(handle)
  }

  /** Answers a question of a worker. @returns how to end what it began */
  ask(handle: number, method: string, fn: AnyFunction | undefined, args: unknown[], answer: Answer): Cancel | undefined {
    const known = this.#objects.get(handle)
    if (known === undefined) {
      answer.rejected(new Error(`The object behind handle ${handle} is gone`))
      return undefined
    }
    const { kind, object } = known
    switch (kind) {
      case 'callback':
        return callBack(object, args, answer)
      case 'future':
        return follow(object as Future<unknown>, answer, method === 'cancel', args[0]) // Of its kind, as is the next one.
      case 'signal':
        return watch(object as AbortSignal, answer)
      case 'executor':
        return execute(accessOf(object), method, fn, args, answer)
    }
  }
}

function kindOf(value: object): HandleKind | undefined {
  if (accessOf(value) !== undefined) return 'executor'
  if (value instanceof Future) return 'future'
  if (value instanceof AbortSignal) return 'signal'
  return isCallback(value) ? 'callback' : undefined
}

/** What gives no promise is answered at once: this thread may be blocked by resultSync(), and then nothing comes later. */
function callBack(callback: object, args: unknown[], answer: Answer): undefined {
  try {
    const result = promised(callbackOf(callback)?.(args))
    if (!isPromise(result)) answer.fulfilled(result)
    else if (isBlocked()) {
      result.catch(() => {})
      answer.rejected(new InvalidStateError(awaitsNothing))
    } else result.then(answer.fulfilled, answer.rejected)
  } catch (error) {
    answer.rejected(error)
  }
}

const awaitsNothing =
  'The callback gave a promise, which cannot end while its thread is blocked by resultSync(). Use await there, or let the callback give its value'

function follow(future: Future<unknown>, answer: Answer, cancel = false, reason?: unknown): Cancel {
  if (cancel) future.cancel(reason)
  listen(future, () => {
    const outcome = outcomeOf(future)
    if (future.cancelled) answer.cancelled((outcome as { reason?: { reason?: unknown } }).reason?.reason)
    else if (outcome.status === 'fulfilled') answer.fulfilled(outcome.value)
    else answer.rejected(outcome.reason)
  })
  return () => {}
}

function watch(signal: AbortSignal, answer: Answer): Cancel {
  const aborted = (): void => answer.fulfilled(reasonOf(signal))
  if (!signal.aborted) return onAbort(signal, aborted)
  aborted()
  return () => {}
}

function execute(
  access: ExecutorAccess | undefined,
  method: string,
  fn: AnyFunction | undefined,
  args: unknown[],
  answer: Answer,
): Cancel | undefined {
  const [options, ...rest] = args as [CallOptions, ...unknown[]]
  try {
    if (access === undefined || fn === undefined) throw new Error(`An executor has no method ${method}`)
    if (method === 'stream') {
      if (isBlocked()) throw new InvalidStateError(streamsNothing)
      const items = access.stream(fn, rest, options)
      let left = false
      void forward(items, answer, () => left)
      return () => {
        left = true
        // What its `finally` throws is for whoever left it.
        items.return?.().then(() => answer.fulfilled(undefined), answer.rejected)
      }
    }
    const future = access.submit(fn, rest, options)
    follow(future, answer)
    return (reason) => void cancelFuture(future, new CancelledError(undefined, { reason }), reason)
  } catch (error) {
    answer.rejected(error)
    return undefined
  }
}

const streamsNothing = 'The items of a stream cannot be read while the thread of its pool is blocked by resultSync(). Use await there'

async function forward(items: AsyncIterableIterator<unknown>, answer: Answer, left: () => boolean): Promise<void> {
  try {
    for await (const item of items) answer.item(item)
    if (!left()) answer.fulfilled(undefined)
  } catch (error) {
    answer.rejected(error)
  }
}
