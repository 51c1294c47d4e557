// From a graph of values to a table of nodes. The graph is walked with a list of what is still open, so that its depth is no limit.
// decode.ts is the inverse; wire.ts says what each node holds.

import { types } from 'node:util'
import { NotShippableError } from '../core/errors.js'
import { show } from '../core/options.js'
import type { Refusal } from './closures.js'
import { builtinObject } from './encode-builtins.js'
import { encodeCodes, type PlacedClosure, shareVariables } from './encode-codes.js'
import { encodeFunction } from './encode-functions.js'
import { encodeProperties, extrasFrom, isStandard } from './encode-properties.js'
import { builtinName } from './globals.js'
import { isCallback, type Registered, registeredFor } from './marks.js'
import { privateOwner } from './privates.js'
import type { Sender } from './sender.js'
import { anyTransfers, type Transferable, transfersOf } from './transfer.js'
import { Kind, type Table } from './wire.js'

/** How the parent names a value: an index, a property, or words of its own. */
export type Label = number | string | { readonly words: string }

/** The label of a list of arguments. */
export const ARGUMENTS = 'argument '

const OPEN = Symbol('open')

/** Shorter arrays are written with their holes. */
const FEW = 64

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
  readonly moving: Set<unknown>
  /** Parts of buffers, placed when all views of them are known. */
  readonly views = new Map<ArrayBufferLike, { readonly node: unknown[]; readonly from: number; readonly to: number }[]>()
  bytes = 0
  /** What a codec has thrown. */
  #ofCodec: unknown = OPEN
  #beside = false
  /** The place of the list of arguments; -1 without one. */
  #argumentsAt: number
  /** Its functions by value, once they have their codes. */
  readonly #placed: PlacedClosure[] = []
  readonly #values: unknown[] = []
  readonly #parents: number[] = []
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
      if (at === this.nodes.length) break
    }
    this.#mustBeMended()
    this.#placeViews()
    const transfer = this.sender.boundary === 'thread' ? ([...this.moving] as Transferable[]) : []
    const table = { nodes: this.nodes, uses: [...this.uses], ...(this.#beside ? { beside: true } : {}) }
    return { table, transfer, bytes: this.bytes }
  }

  /** The place of `value` in the table. */
  at(value: unknown, parent: number, label: Label): number {
    switch (typeof value) {
      case 'object':
        if (value === null) break
        return this.#reserve(value, parent, label)
      case 'function':
      case 'symbol':
        return this.#reserve(value, parent, label)
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
      this.nodes[at] = typeof value === 'symbol' ? this.#symbol(value) : this.#object(value as object, at)
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

  #symbol(symbol: symbol): unknown[] {
    const key = Symbol.keyFor(symbol)
    if (key !== undefined) return [Kind.symbolFor, key]
    const id = this.sender.symbol(symbol)
    return id > 0 ? this.defined(id) : [Kind.yours, -id]
  }

  /** A node that stands for a definition. */
  defined(id: number): unknown[] {
    this.uses.add(id)
    return [Kind.defined, id]
  }

  #object(value: object, at: number): unknown[] {
    const { sender } = this
    if (!(at === 0 && this.options.defines)) {
      const known = sender.known(value)
      if (known !== undefined) return known > 0 ? this.defined(known) : [Kind.yours, -known]
    }
    if (anyTransfers()) for (const moved of transfersOf(value) ?? []) this.moving.add(moved)
    // Whatever it is asked, its traps answer, and a revoked one throws.
    if (types.isProxy(value)) {
      if (typeof value === 'function') return encodeFunction(this, value, at)
      this.refuse(at, 'a Proxy cannot be told from what it hides', 'Send a plain copy of it')
    }
    if (typeof value === 'function') {
      const handle = this.#handle(value)
      if (handle === undefined && isCallback(value)) this.refuse(at, 'callbacks cannot be sent from here', 'Submit it to a pool')
      return handle ?? encodeFunction(this, value, at)
    }
    const prototype: unknown = Object.getPrototypeOf(value)
    const tagged = Symbol.toStringTag in value
    if (prototype === Object.prototype && !tagged) return this.#plainObject(value, at)
    if (prototype === Array.prototype && Array.isArray(value)) return this.#array(value, at, undefined)
    return this.#special(value, prototype as object | null, at)
  }

  #plainObject(value: object, at: number): unknown[] {
    if (types.isArgumentsObject(value)) {
      return [Kind.arguments, Array.from(value as ArrayLike<unknown>, (one, index) => this.at(one, at, index))]
    }
    const names = Object.keys(value)
    // An object of functions may be a module of Node.
    if (names.length > 0 && typeof Object.getOwnPropertyDescriptor(value, names[0] as string)?.value === 'function') {
      const id = this.sender.reference(value)
      if (id !== undefined) return this.defined(id)
    }
    const [own, valuesAt, extras] = encodeProperties(this, value, at)
    return extras === undefined ? [Kind.object, own, valuesAt] : [Kind.object, own, valuesAt, -1, extras]
  }

  #array(value: readonly unknown[], at: number, prototypeAt: number | undefined): unknown[] {
    const keys = Reflect.ownKeys(value)
    // Of an array that is mostly holes only the elements are written: its length says nothing of what there is.
    const indices = value.length > FEW && keys.length < value.length / 2 ? ([] as number[]) : undefined
    const valuesAt: number[] = []
    const strange = new Set<string | symbol>()
    const element = (key: string | number): number => {
      if (Object.getOwnPropertyDescriptor(value, key)?.get === undefined) return this.at(value[key as number], at, Number(key))
      strange.add(String(key))
      return -1
    }
    if (indices === undefined) {
      for (let index = 0; index < value.length; index++) valuesAt.push(Object.hasOwn(value, index) ? element(index) : -1)
    } else {
      for (const key of keys) {
        if (!isIndex(key)) break // Indices come first.
        indices.push(Number(key))
        valuesAt.push(element(key as string))
      }
    }
    const rest = keys.filter((key) => key !== 'length' && (!isIndex(key) || strange.has(key)))
    const node = [Kind.array, value.length, valuesAt, prototypeAt ?? -1, extrasFrom(this, value, at, rest)]
    if (indices !== undefined) node.push(indices)
    return node
  }

  #special(value: object, prototype: object | null, at: number): unknown[] {
    const handle = this.#handle(value)
    if (handle !== undefined) return handle
    const held = this.sender.held(value)
    if (held !== undefined) return this.defined(held)
    if (prototype !== null) {
      const registered = registeredFor(prototype)
      if (registered !== undefined) {
        if (this.sender.isDefining(registered)) {
          const { name } = registered.Class
          this.refuse(at, `the codec of ${name} would need it before it can make a ${name}`, 'Make it in decode instead of capturing it')
        }
        const { packed, id } = this.#encodeWith(registered, value, at)
        for (const used of packed.uses) this.uses.add(used)
        for (const moved of packed.transfer) this.moving.add(moved)
        this.uses.add(id)
        return [Kind.encoded, this.add([Kind.defined, id]), { plain: packed.plain, data: packed.data }]
      }
    }
    if (Array.isArray(value)) return this.#array(value, at, this.prototypeAt(prototype, at, 'Array'))
    const builtin = builtinObject(this, value, prototype, at)
    if (builtin !== undefined) return builtin
    const name = builtinName(value)
    if (name !== undefined) {
      const id = this.sender.reference(value)
      if (id !== undefined) return this.defined(id)
    }
    const [names, valuesAt, extras] = encodeProperties(this, value, at)
    const prototypeAt = this.prototypeAt(prototype, at, 'Object')
    return [Kind.object, names, valuesAt, prototypeAt ?? -1, extras]
  }

  /** What the user's own codec throws passes through. */
  #encodeWith(registered: Registered, value: object, at: number): ReturnType<Sender['encodeWith']> {
    try {
      return this.sender.encodeWith(registered, value, this.pathTo(at))
    } catch (error) {
      this.#ofCodec = error
      throw error
    }
  }

  #handle(value: object): unknown[] | undefined {
    const { handles } = this.sender
    const handle = handles?.toHandle(value)
    if (handle === undefined) return undefined
    const specifier = handles?.moduleFor?.(value)
    if (specifier !== undefined) this.uses.add(this.sender.define({ kind: 'export', module: { specifier, how: 'import' }, path: [] }))
    return [Kind.handle, handle]
  }

  /** The place of an object's prototype; undefined when it is the one that its kind has anyway, -2 when there is none. */
  prototypeAt(prototype: object | null, at: number, standard: string, keepsPrivates = false): number | undefined {
    if (prototype === null) return -2
    if (isStandard(prototype, standard)) return undefined
    const Class: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
    if (typeof Class === 'function' && Class.prototype === prototype) {
      const owner = keepsPrivates ? undefined : privateOwner(prototype)
      if (owner !== undefined) {
        const value = owner.name.slice(0, 1).toLowerCase() + owner.name.slice(1)
        this.refuse(
          at,
          `it has private members of class ${owner.name}, which nothing outside of the class can read`,
          `Write register(${owner.name}, { encode: (${value}) => …, decode: (data) => new ${owner.name}(…) })`,
        )
      }
      const classAt = this.at(Class, at, { words: ` (its class ${Class.name || 'without a name'})` })
      return this.add([Kind.prototype, classAt])
    }
    return this.at(prototype, at, { words: ' (its prototype)' })
  }

  #placeViews(): void {
    for (const [buffer, parts] of this.views) {
      parts.sort((a, b) => a.from - b.from)
      let sharedAt = -1
      let start = 0
      let end = -1
      for (let index = 0; index < parts.length; index++) {
        const part = parts[index] as (typeof parts)[number]
        // Buffers that overlap share their bytes there as well; the rest of the pool they lie in belongs to others.
        if (part.from >= end) {
          start = part.from
          end = part.to
          for (let next = index + 1; next < parts.length && (parts[next] as typeof part).from < end; next++) {
            end = Math.max(end, (parts[next] as typeof part).to)
          }
          const bytes = buffer.slice(start, end)
          this.bytes += bytes.byteLength
          sharedAt = this.add([Kind.clone, bytes])
        }
        part.node[2] = sharedAt
        part.node[3] = part.from - start
      }
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

function isIndex(key: string | symbol): boolean {
  return typeof key === 'string' && /^(0|[1-9]\d*)$/.test(key) && Number(key) < 4294967295
}
