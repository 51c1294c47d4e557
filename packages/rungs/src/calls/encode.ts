// From a graph of values to a table of nodes. The graph is walked with a list of what is still open, so that its depth is no limit. The table is here,
// and how a failure is told: the way to the value, and who can do without it. What each value becomes is in `encode-objects` and beside it.
// decode.ts is the inverse; wire.ts says what each node holds.

import { NotShippableError } from '../core/errors.js'
import { show } from '../core/options.js'
import type { Refusal } from './closures.js'
import { encodeCodes, type PlacedClosure, shareVariables } from './encode-codes.js'
import { encodeStatics } from './encode-functions.js'
import { encodeObject, encodeSymbol } from './encode-objects.js'
import { type Part, placeViews } from './encode-views.js'
import type { Registered } from './marks.js'
import type { Sender } from './sender.js'
import type { Transferable } from './transfer.js'
import { Kind, type Table } from './wire.js'

/** How the parent names a value: an index, a property, or words of its own. */
export type Label = number | string | { readonly words: string }

/** The label of a list of arguments. */
export const ARGUMENTS = 'argument '

const OPEN = Symbol('open')

/** What an `Encoder` made. */
export interface Encoded {
  readonly table: Table
  readonly transfer: readonly Transferable[]
  /** About how many bytes of text and binary data there are. */
  readonly bytes: number
}

/** Options of one encoding. */
export interface EncodeOptions {
  /** How messages call the root: `argument 0`. */
  readonly label: string
  readonly transfer?: readonly Transferable[] | undefined
  /** The root is what is being defined: it is written out although it has an id already. */
  readonly defines?: boolean
  /** Functions in it are defined by themselves as well, so that they are the same ones wherever they are met. */
  readonly keeps?: boolean
  /** The table of the function whose arguments these are. */
  readonly beside?: Encoder
  /** Fields of errors that cannot cross become descriptions of themselves: something has to arrive. */
  readonly lenient?: boolean
}

type Mender = (problem: NotShippableError) => void

/** Encodes one graph, once. */
export class Encoder {
  readonly sender: Sender
  readonly options: EncodeOptions
  readonly nodes: unknown[] = []
  readonly uses = new Set<number>()
  readonly closures: PlacedClosure[] = []
  /** What moves, if it is in the graph: the list may be for many calls. */
  readonly moving: Set<unknown>
  /** What moves with what codecs have made, in tables of their own. */
  readonly movingInside = new Set<Transferable>()
  /** Parts of buffers, placed when all views of them are known. */
  readonly views = new Map<ArrayBufferLike, Part[]>()
  bytes = 0
  /** What a codec has thrown. */
  #ofCodec: unknown = OPEN
  #beside = false
  /** The place of the list of arguments; -1 without one. */
  #argumentsAt: number
  /** Its functions by value, once they have their codes. */
  readonly #placed: PlacedClosure[] = []
  /** How many of them have their private static members. */
  #withStatics = 0
  readonly #values: unknown[] = []
  readonly #parents: number[] = []
  /** Where unique symbols are. Their modules are known by what else is in the graph. */
  readonly #symbolsAt: number[] = []
  readonly #labels: Label[] = []
  readonly #seen = new Map<unknown, number>()
  /** How often each place is pointed at. */
  readonly #pointers: number[] = []
  /** Where a failure below can be mended: the place in the table, and how. */
  readonly #menders = new Map<number, Mender[]>()
  /** What messages call the functions of the graph. */
  readonly #functions = new Map<number, string>()
  /** Modules of which only the members that are used cross. */
  readonly #modules = new Map<object, { readonly at: number; readonly names: string[]; readonly valuesAt: number[] }>()
  readonly #failed = new Map<number, { readonly problem: NotShippableError; mended: number }>()

  constructor(sender: Sender, options: EncodeOptions) {
    this.sender = sender
    this.options = options
    this.moving = new Set(options.transfer ?? [])
    this.#argumentsAt = options.label === ARGUMENTS ? 0 : -1
  }

  /** Encodes `root`, and the arguments of the call in the same table. @throws {NotShippableError} */
  encode(root: unknown, args?: readonly unknown[]): Encoded {
    this.at(root, -1, '')
    if (args !== undefined) this.#argumentsAt = this.at(args, -1, { words: ARGUMENTS })
    let at = 0
    for (;;) {
      for (; at < this.nodes.length; at++) if (this.nodes[at] === OPEN) this.#visit(at)
      this.#placed.push(...this.closures)
      encodeCodes(this)
      if (at === this.nodes.length && !this.#placeStatics()) break
    }
    for (const symbolAt of this.#symbolsAt) this.#visit(symbolAt)
    this.#mustBeMended()
    placeViews(this)
    const transfer = this.sender.boundary === 'thread' ? this.#moved() : []
    const table = { nodes: this.nodes, uses: [...this.uses], ...(this.#beside ? { beside: true } : {}) }
    return { table, transfer, bytes: this.bytes }
  }

  /** Says whether there are more nodes now. */
  #placeStatics(): boolean {
    const before = this.nodes.length
    for (; this.#withStatics < this.#placed.length; this.#withStatics++) {
      encodeStatics(this, this.#placed[this.#withStatics] as PlacedClosure) // Within the list.
    }
    return this.nodes.length > before
  }

  /** Of what is to move, that which this table has. */
  #moved(): Transferable[] {
    const moved = new Set(this.movingInside)
    for (const value of this.moving) {
      const node = this.nodes[this.#seen.get(value) ?? -1]
      if (Array.isArray(node) && node[0] === Kind.clone) moved.add(value as Transferable)
    }
    return [...moved]
  }

  /** The place of `value` in the table. */
  at(value: unknown, parent: number, label: Label): number {
    switch (typeof value) {
      case 'object':
        if (value === null) break
        return this.#reserve(value, parent, label)
      case 'function':
        return this.#reserve(value, parent, label)
      case 'symbol':
        return this.#symbol(value, parent, label)
      case 'string':
        this.bytes += value.length
    }
    return this.#push(value, undefined, parent, label)
  }

  #push(node: unknown, value: unknown, parent: number, label: Label): number {
    this.#values.push(value)
    this.#parents.push(parent)
    this.#labels.push(label)
    this.#pointers.push(1)
    return this.nodes.push(node) - 1
  }

  /** Where a value is in this table, if it is. */
  placeOf(value: unknown): number | undefined {
    return this.#seen.get(value)
  }

  /** Says whether functions of both tables share a variable that one of them assigns. */
  sharesVariables(other: Encoder): boolean {
    return this.#placed.length > 0 && other.#placed.length > 0 && shareVariables(this.#placed, other.#placed)
  }

  /** Says whether plain values mention an object of this table. */
  meets(values: readonly unknown[]): boolean {
    // Mostly the table has nothing but its function in it.
    if (this.#seen.size < 2) return false
    const open: unknown[] = [...values]
    const seen = new Set<unknown>()
    while (open.length > 0) {
      const value = open.pop()
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue
      if (this.#seen.has(value)) return true
      seen.add(value)
      if (value instanceof Map) for (const entry of value) open.push(entry[0], entry[1])
      else if (value instanceof Set) for (const one of value) open.push(one)
      else if (!ArrayBuffer.isView(value)) for (const one of Object.values(value)) open.push(one)
      else open.push(value.buffer)
    }
    return false
  }

  /** The place of an object that has those members of `module` that the functions of this graph use. */
  membersOf(module: Record<string, unknown>, members: ReadonlySet<string>, parent: number, label: Label): number {
    let part = this.#modules.get(module)
    if (part === undefined) {
      const names: string[] = []
      const valuesAt: number[] = []
      part = { at: this.#push([Kind.object, names, valuesAt], undefined, parent, label), names, valuesAt }
      this.#modules.set(module, part)
    }
    for (const name of members) {
      if (part.names.includes(name) || !(name in module)) continue
      part.names.push(name)
      part.valuesAt.push(this.at(module[name], part.at, name))
    }
    return part.at
  }

  /** The place of a node that stands for no value of the graph. */
  add(node: unknown): number {
    return this.#push(node, undefined, -1, '')
  }

  #reserve(value: unknown, parent: number, label: Label): number {
    const seen = this.#seen.get(value)
    if (seen !== undefined) {
      this.#pointers[seen] = (this.#pointers[seen] as number) + 1
      return seen
    }
    const there = this.options.beside?.placeOf(value)
    const at = this.#push(there === undefined ? OPEN : [Kind.beside, there], value, parent, label)
    if (there !== undefined) this.#beside = true
    this.#seen.set(value, at)
    return at
  }

  #symbol(symbol: symbol, parent: number, label: Label): number {
    const at = this.#reserve(symbol, parent, label)
    if (this.nodes[at] === OPEN) {
      this.nodes[at] = undefined
      this.#symbolsAt.push(at)
    }
    return at
  }

  /** The value of a place. */
  valueAt(at: number): unknown {
    return this.#values[at]
  }

  /** The object that a value was first met in. */
  parentOf(at: number): unknown {
    return this.#values[this.#parents[at] as number]
  }

  /** Says what to do when something at or below `at` turns out not to cross. To be called once for each pointer that can be mended. */
  mend(at: number, mender: Mender): void {
    const failed = this.#failed.get(at)
    const menders = this.#menders.get(at)
    if (failed !== undefined) {
      failed.mended++
      mender(failed.problem)
    } else if (menders === undefined) this.#menders.set(at, [mender])
    else menders.push(mender)
  }

  /** What failed must not be reached by a pointer that nobody mended. */
  #mustBeMended(): void {
    for (const [at, { problem, mended }] of this.#failed) if ((this.#pointers[at] as number) > mended) throw problem
  }

  #visit(at: number): void {
    const value = this.#values[at]
    try {
      this.nodes[at] = typeof value === 'symbol' ? encodeSymbol(this, value, at) : encodeObject(this, value as object, at)
    } catch (thrown) {
      const reason = this.#problem(thrown, at)
      this.nodes[at] = [Kind.absent, reason.message]
      for (let above = at; above >= 0; above = this.#parents[above] as number) {
        const menders = this.#menders.get(above)
        this.#failed.set(above, { problem: reason, mended: menders?.length ?? 1 })
        if (menders === undefined) continue
        for (const mender of menders) mender(reason)
        return
      }
      throw reason
    }
  }

  /** A value can throw when it is looked at: a getter of its class, a method of the platform that it only seems to be an instance of. */
  #problem(thrown: unknown, at: number): NotShippableError {
    if (thrown instanceof NotShippableError) return thrown
    if (thrown === this.#ofCodec) throw thrown
    const path = this.pathTo(at)
    const message = `${path}${this.#whose(at)} cannot cross: looking at it throws ${show(thrown)}. Send a plain copy of what is needed of it`
    return new NotShippableError(message, path, { cause: thrown })
  }

  /** A node that stands for a definition. */
  defined(id: number): unknown[] {
    this.uses.add(id)
    return [Kind.defined, id]
  }

  /** What the user's own codec throws passes through. */
  encodeWith(registered: Registered, value: object, at: number): ReturnType<Sender['encodeWith']> {
    try {
      return this.sender.encodeWith(registered, value, this.pathTo(at))
    } catch (error) {
      this.#ofCodec = error
      throw error
    }
  }

  /** From the root of the call to a place: `argument 0.config.socket`. */
  pathTo(at: number): string {
    const parts: string[] = []
    for (let step = at; step > 0; step = this.#parents[step] as number) {
      const label = this.#labels[step] as Label
      // The arguments of a call are numbered, not members of something.
      const isArgument = this.#parents[step] === this.#argumentsAt
      if (typeof label === 'number') parts.push(isArgument ? String(label) : `[${label}]`)
      else if (typeof label === 'string')
        parts.push(/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(label) ? `.${label}` : `[${JSON.stringify(label)}]`)
      else parts.push(label.words)
    }
    const path = (this.options.label + parts.reverse().join('')).replace(/^, /, '')
    return path === '' ? 'the function' : path
  }

  /** The place of the object whose member is at `at`; undefined when it is not a member of anything. */
  holderOf(at: number): number | undefined {
    const parent = this.#parents[at] as number
    const holder = parent < 0 ? undefined : this.#values[parent]
    if (typeof holder !== 'object' || holder === null) return undefined
    const fn = this.#values[at]
    const isMember = Object.values(Object.getOwnPropertyDescriptors(holder)).some(
      (descriptor) => descriptor.value === fn || descriptor.get === fn || descriptor.set === fn,
    )
    return isMember ? parent : undefined
  }

  /** What led to a place, the nearest first. */
  *above(at: number): Generator<{ readonly at: number; readonly value: unknown }> {
    for (let step = this.#parents[at] as number; step >= 0; step = this.#parents[step] as number)
      yield { at: step, value: this.#values[step] }
  }

  /** Names the function at a place for messages about what it captured. */
  nameFunction(at: number, label: string): void {
    this.#functions.set(at, label)
  }

  /** Whose captured variable it is, or which function. */
  #whose(at: number): string {
    for (let step = at; step >= 0; step = this.#parents[step] as number) {
      const label = this.#functions.get(step)
      if (label !== undefined) return step === at ? ` ${label}` : ` of ${label}`
    }
    return ''
  }

  /** @throws {NotShippableError} always: what stands at `at` cannot cross. */
  refuse(at: number, reason: string, hint: string): never {
    const path = this.pathTo(at)
    throw new NotShippableError(`${path}${this.#whose(at)} cannot cross: ${reason}. ${hint}`, path)
  }

  /** @throws {NotShippableError} */
  refuseWith(at: number, refusal: Refusal): never {
    return this.refuse(at, refusal.reason, refusal.hint)
  }
}
