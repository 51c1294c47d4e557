// The sending half of a side.

import { types } from 'node:util'
import { NotShippableError } from '../core/errors.js'
import { bytesCall, type Keeper } from './bytes.js'
import { explainAbsent } from './compile.js'
import { ARGUMENTS } from './encode.js'
import { lastResort } from './errors-codec.js'
import { lookingOnce } from './inspector.js'
import { type AnyFunction, countOfMarks, nameOf } from './marks.js'
import { arePlain, isPlain } from './plain.js'
import type { Reached } from './reached.js'
import { type OutgoingOptions, type Peer, Sender } from './sender.js'
import type { Transferable } from './transfer.js'
import { Kind, NONE, type Packed, PlainCall, plainly, type ShippedCall } from './wire.js'

const { isProxy } = types

/** For what shall be done when the code that runs now has ended. */
const settled = Promise.resolve()

/** A function whose definition says it all. */
interface Target {
  readonly id: number
  readonly reached: Reached | undefined
}

/** More than this captured by one function is probably an accident. */
const MUCH = 1_000_000

/**
 * The sending half of one side: turns calls and values into data. On the main side a pool has one for all its workers, in a worker there
 * is one. Nothing waits.
 * @example
 * const outgoing = new Outgoing({ boundary: 'thread' })
 * const call = outgoing.ship(fn, [21])
 */
export class Outgoing {
  readonly #sender: Sender
  readonly #onWarning: ((message: string) => void) | undefined
  readonly #onNewFunction: (() => void) | undefined
  #warned = false
  /** Functions whose definition says it all. */
  #targets = new WeakMap<AnyFunction, Target>()
  /** Of the code that is running now, the last function that was looked at as a whole. */
  #lookedAt: Target | undefined = undefined
  #marks = countOfMarks()

  constructor(options: OutgoingOptions) {
    this.#sender = new Sender(options)
    this.#onWarning = options.onWarning
    this.#onNewFunction = options.onNewFunction
  }

  /**
   * Turns a call into data. Captured variables are read now. `keeper`: of calls that may have bytes of theirs kept apart.
   * @throws {NotShippableError} if something in it cannot cross.
   */
  ship(fn: AnyFunction, args: readonly unknown[], options?: { transfer?: readonly Transferable[] }, keeper?: Keeper): ShippedCall {
    const transfer = options?.transfer
    const target = this.known(fn)
    if (target !== undefined) {
      const call = keeper && bytesCall(target, args, transfer, keeper)
      if (call !== undefined) return call
      if (isUnmoved(transfer) && arePlain(args)) return new PlainCall(target, args)
      return { target, captured: undefined, args: this.#packArgs(args, transfer) }
    }
    this.#onNewFunction?.()
    return lookingOnce(() => this.#shipNew(fn, args, transfer))
  }

  /**
   * A function with what it has captured now, for calls that come later. Undefined where that makes no difference, as nothing that it captured can
   * change; and where it cannot cross, or something in it moves: that is told of each call.
   */
  hold(fn: AnyFunction): HeldFunction | undefined {
    if (this.known(fn) !== undefined) return undefined
    try {
      return lookingOnce(() => {
        const { target, captured } = this.ship(fn, NONE)
        if (captured === undefined || captured.transfer.length > 0 || this.#sender.steady.isSteady(fn)) return undefined
        return { target, captured }
      })
    } catch {
      return undefined
    }
  }

  /** As {@link ship}, with a function that was held. @throws {NotShippableError} if something in the arguments cannot cross */
  shipHeld({ target, captured }: HeldFunction, args: readonly unknown[], transfer: readonly Transferable[] | undefined): ShippedCall {
    return { target, captured, args: this.#packArgs(args, transfer) }
  }

  /** What it is sent as, if nothing has to be found out about it. */
  known(fn: AnyFunction): number | undefined {
    if (this.#marks !== countOfMarks()) {
      this.#marks = countOfMarks()
      this.#targets = new WeakMap()
      this.#lookedAt = undefined
      this.#sender.makers.forget()
    }
    const target = this.#targets.get(fn)
    if (target === undefined) return undefined
    if (target.reached === undefined || this.#isAsItWas(target, target.reached)) return target.id
    this.#targets.delete(fn)
    return undefined
  }

  /** To look at all that a function reaches costs more than all else of a short call, and calls that are submitted in a loop mostly have the same. */
  #isAsItWas(target: Target, reached: Reached): boolean {
    if (target === this.#lookedAt) return reached.looksAsItWas
    if (!reached.isAsItWas) return false
    if (this.#lookedAt === undefined) void settled.then(this.#lookAgain)
    this.#lookedAt = target
    return true
  }

  readonly #lookAgain = (): void => {
    this.#lookedAt = undefined
  }

  #shipNew(fn: AnyFunction, args: readonly unknown[], transfer: readonly Transferable[] | undefined): ShippedCall {
    const sender = this.#sender
    if (isProxy(fn) || sender.handles?.toHandle(fn) !== undefined) return this.#shipByValue(fn, args, transfer)
    if (nameOf(fn) === undefined && isUnmoved(transfer) && arePlain(args)) {
      const made = sender.makers.valuesOf(fn, sender.wasSent(fn))
      if (made !== undefined) {
        sender.noteSent(fn)
        return { target: made.id, captured: plainly(made.values), args: plainly(args) }
      }
    }
    const known = sender.reference(fn) ?? (this.#mayKeep(fn) ? sender.keep(fn) : undefined)
    if (known === undefined) return this.#shipByValue(fn, args, transfer)
    this.#targets.set(fn, { id: known, reached: sender.steady.reachedBy(fn) })
    return { target: known, captured: undefined, args: this.#packArgs(args, transfer) }
  }

  #shipByValue(fn: AnyFunction, args: readonly unknown[], transfer: readonly Transferable[] | undefined): ShippedCall {
    const { bytes, captured, args: packed } = this.#sender.packCall(fn, args, transfer)
    if (bytes > MUCH) this.#warnOfSize(fn, bytes)
    const target = captured.uses[captured.uses.length - 1] ?? this.#sender.define({ kind: 'global', path: ['Function'] })
    return { target, captured, args: packed }
  }

  #warnOfSize(fn: AnyFunction, bytes: number): void {
    if (this.#warned) return
    this.#warned = true
    this.#onWarning?.(
      `The function ${fn.name || 'that was submitted'} captures about ${(bytes / 1e6).toFixed(1)} MB, which are sent with each call. ` +
        'Write share(value) around what is big, or pass it as an argument',
    )
  }

  #mayKeep(fn: AnyFunction): boolean {
    return this.#sender.code !== 'references-only' && this.#sender.isKept(fn)
  }

  #packArgs(args: readonly unknown[], transfer: readonly Transferable[] | undefined): Packed {
    if (isUnmoved(transfer) && arePlain(args)) return plainly(args)
    // Sparse or decorated arrays are not what a call has; the copy is an ordinary one.
    return lookingOnce(() => this.#sender.pack(Array.from(args), { label: ARGUMENTS, transfer }).packed)
  }

  /**
   * Turns a value into data.
   * @throws {NotShippableError} if something in it cannot cross.
   */
  pack(value: unknown, options?: { transfer?: readonly Transferable[]; label?: string }): Packed {
    if (isUnmoved(options?.transfer) && isPlain(value)) return plainly(value)
    return lookingOnce(() => this.#sender.pack(value, { label: options?.label ?? 'value', transfer: options?.transfer }).packed)
  }

  /** Turns what a call threw into data. Never throws: fields that cannot cross are described instead. */
  packError(reason: unknown): Packed {
    try {
      explainAbsent(reason)
      if (isPlain(reason)) return plainly(reason)
      return lookingOnce(() => this.#sender.pack(reason, { label: 'thrown error', lenient: true }).packed)
    } catch (problem) {
      // Of what is no error there is nothing that could be kept.
      if (problem instanceof NotShippableError && !types.isNativeError(reason) && !types.isNativeError(problem.cause))
        return this.packError(new NotShippableError(problem.message.replace(/^thrown error/, 'what the call threw'), problem.path))
      const { name, message, stack, code } = lastResort(reason)
      const why = problem instanceof NotShippableError ? problem.message : undefined
      const names = [
        'message',
        ...(name === 'Error' ? [] : ['name']),
        ...(stack === undefined ? [] : ['stack']),
        ...(code === undefined ? [] : ['code']),
      ]
      const values = { message, name, stack, code } as Record<string, unknown>
      const nodes: unknown[] = [[Kind.error, why === undefined ? names : [...names, 'lost'], names.map((_, index) => index + 1), -1]]
      for (const one of names) nodes.push(values[one])
      if (why !== undefined) {
        ;((nodes[0] as unknown[])[2] as number[]).push(nodes.length)
        nodes.push(why)
      }
      return { plain: false, data: { nodes, uses: NONE }, uses: NONE, transfer: NONE }
    }
  }

  /** A definition as data: plain and structured-cloneable. The carrier sends it to a worker once, before what uses it. */
  definition(id: number): unknown {
    return this.#sender.sent(id)
  }

  /** What an id that came back stands for. */
  original(id: number): unknown {
    return this.#sender.original(id)
  }

  /** Lets what was made again of an original that is gone stand for it: what comes next is the same. */
  adopt(fn: object, id: number): void {
    this.#sender.adopt(fn, id)
  }

  /** Lets a worker's side say "yours" of what came from the main side. */
  meet(peer: Peer): void {
    this.#sender.peer = peer
  }
}

/** A function, and what it had captured then. */
export type HeldFunction = Pick<ShippedCall, 'target'> & { readonly captured: Packed }

function isUnmoved(transfer: readonly Transferable[] | undefined): boolean {
  return transfer === undefined || transfer.length === 0
}

export type { OutgoingOptions }
