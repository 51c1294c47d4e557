// What one side has defined for its peers: numbers for functions, classes, symbols and texts, each sent to a worker once.

import { types } from 'node:util'
import { NotShippableError } from '../core/errors.js'
import { isClass } from './class-name.js'
import { ARGUMENTS, type Encoded, type EncodeOptions, Encoder } from './encode.js'
import { refOf } from './function-ref.js'
import { PerWorker, Shared } from './held.js'
import { type Slot, Slots } from './lowered-privates.js'
import { comesBackAsText, MadeAgain } from './made-again.js'
import { Makers } from './makers.js'
import { type AnyFunction, isByValue, nameOf, type Registered } from './marks.js'
import { globalOf } from './modules.js'
import { arePlain, isPlain } from './plain.js'
import { Steadiness } from './steadiness.js'
import { noteExport } from './symbol-home.js'
import { homeOfSymbol } from './symbol-ref.js'
import { movesOnly, type Transferable } from './transfer.js'
import { type Code, type Definition, type Handles, Kind, NONE, type Packed, plainly, type SentDefinition } from './wire.js'

/** What an `Outgoing` is made with. */
export interface OutgoingOptions {
  /** Threads can share and move memory, processes cannot. */
  readonly boundary: 'thread' | 'process'
  /** `references-only` refuses to send source text. */
  readonly code?: 'any' | 'references-only'
  readonly handles?: Handles
  /** Told of what is legal but probably not meant, once each. */
  readonly onWarning?: (message: string) => void
  /** Told before a function of a call is looked at for the first time, which may take milliseconds. */
  readonly onNewFunction?: () => void
}

/** How a side knows that an object came from its peer. */
export interface Peer {
  /** Its id, when it is sure that the peer still has the original. */
  idOf(value: object): number | undefined
  /** Its id, when the peer may have dropped it. */
  originOf(value: object): number | undefined
  idOfSymbol(value: symbol): number | undefined
}

/** The two tables of a call by value. */
interface PackedCall {
  /** Of what was captured. */
  readonly bytes: number
  readonly captured: Packed
  readonly args: Packed
}

interface Defined {
  readonly definition: Definition
  readonly uses: readonly number[]
  /** All that it needs, itself last; made when first asked for. */
  all: readonly number[] | undefined
}

/** Functions that come and go (closures made by each request, each mapped over) must not pile up in the workers. */
const MOST_KEPT = 2_000

/** The numbers of one side. */
export class Sender {
  readonly boundary: 'thread' | 'process'
  readonly code: 'any' | 'references-only'
  readonly handles: Handles | undefined
  /** In a worker: the reader of what comes from the main side. */
  peer: Peer | undefined
  readonly makers = new Makers(this)
  /** The numbers of what this side has for good are even, those of functions and classes that may be gone are odd. */
  #lastForGood = 0
  #lastOrigin = -1
  readonly #defined = new Map<number, Defined>()
  readonly #ids = new WeakMap<object, number>()
  readonly #byKey = new Map<string, number>()
  readonly #symbols = new Map<symbol, number>()
  readonly #codes = new Map<string, number>()
  readonly #origins = new WeakMap<object, number>()
  readonly #originals = new Map<number, WeakRef<object> | object>()
  readonly #gone = new FinalizationRegistry<number>((id) => {
    // Another one may stand for it by now.
    if (this.original(id) === undefined) this.#originals.delete(id)
  })
  readonly #madeAgain = new MadeAgain()
  /** Functions by value that were sent once; a second time makes it worth keeping them there. */
  readonly #sentOnce = new WeakSet<object>()
  readonly #encoding = new Set<object>()
  readonly slots = new Slots()
  #kept = 0
  #calls = 0
  readonly #unsteady = new WeakSet<object>()
  readonly steady = new Steadiness(this)

  constructor(options: OutgoingOptions) {
    this.boundary = options.boundary
    this.code = options.code ?? 'any'
    this.handles = options.handles
  }

  /** The id of what both sides have: positive, defined here; negative, defined by the peer. */
  known(value: object): number | undefined {
    const own = this.#ids.get(value)
    if (own !== undefined && !this.#isOutdated(value, own)) return own
    const theirs = this.peer?.idOf(value)
    // What may be gone there is written out, and stands for the original if that still lives.
    return theirs === undefined || mayBeGone(theirs) ? undefined : -theirs
  }

  /** Defines what has no identity to keep: equal definitions have one id. */
  define(definition: Definition, original?: unknown): number {
    const key = JSON.stringify(definition)
    let id = this.#byKey.get(key)
    if (id === undefined) {
      id = this.#add(definition, NONE)
      this.#byKey.set(key, id)
    }
    if ((typeof original === 'object' && original !== null) || typeof original === 'function') {
      this.#ids.set(original, id)
      if (!this.#originals.has(id)) this.#originals.set(id, definition.kind === 'global' ? ownGlobal(definition.path, original) : original)
      if (definition.kind === 'export') noteExport(original, definition)
    } else if (typeof original === 'symbol') {
      this.#symbols.set(original, id)
      this.#originalSymbols.set(id, original)
    }
    return id
  }

  /** The id of a function or object that the other side finds by name. */
  reference(value: object): number | undefined {
    const known = this.#ids.get(value)
    if (known !== undefined && !this.#isOutdated(value, known)) return known
    if (this.#unsteady.has(value) && nameOf(value) === undefined) return undefined
    const found = refOf(value)
    if (found !== undefined) return this.define(found, value)
    // By value, and that does not change; asking again costs a look by the inspector.
    this.#unsteady.add(value)
    return undefined
  }

  /** Says whether byValue() or byReference() were told something else since this was defined. */
  #isOutdated(value: object, id: number): boolean {
    const definition = this.#defined.get(id)?.definition
    const outdated =
      definition?.kind === 'export'
        ? isByValue(value, definition.module.specifier)
        : definition?.kind === 'value' && (nameOf(value) !== undefined || !this.steady.isCurrent(value))
    if (outdated) this.#ids.delete(value)
    return outdated
  }

  /** The id of a unique symbol; well-known ones are globals. */
  symbol(symbol: symbol): number {
    const known = this.#symbols.get(symbol)
    if (known !== undefined && this.isFound(known)) return known
    const theirs = this.peer?.idOfSymbol(symbol)
    if (theirs !== undefined) return -theirs
    // Its module may be known only since it was met.
    const home = homeOfSymbol(symbol)
    if (known !== undefined && home === undefined) return known
    const name = wellKnown().get(symbol)
    const id = this.#add(
      name === undefined ? { kind: 'symbol', description: symbol.description, home } : { kind: 'global', path: ['Symbol', name] },
      NONE,
    )
    this.#symbols.set(symbol, id)
    this.#originalSymbols.set(id, symbol)
    return id
  }

  /** Says whether the other side has the symbol of this id already, rather than one that is made for it. */
  isFound(id: number): boolean {
    const definition = this.#defined.get(id)?.definition
    return definition?.kind !== 'symbol' || definition.home !== undefined
  }

  /** The id of a weak collection that stands for a private member. */
  slot(collection: Slot): number {
    const known = this.known(collection)
    if (known !== undefined) return known
    const id = this.#add({ kind: 'slot', of: types.isWeakSet(collection) ? 'WeakSet' : 'WeakMap' }, NONE)
    this.#ids.set(collection, id)
    this.#originals.set(id, new WeakRef(collection))
    this.slots.add(collection)
    return id
  }

  /** Unique symbols that were sent as values, not only as keys. */
  readonly symbolsAtHand = new Set<symbol>()
  readonly #originalSymbols = new Map<number, symbol>()

  /** The id of a compiled text. */
  codeId(key: string, code: Code): number {
    let id = this.#codes.get(key)
    if (id === undefined) {
      id = this.#add({ kind: 'code', code }, NONE)
      this.#codes.set(key, id)
    }
    return id
  }

  /** The id of what the functions of one line have in common. */
  maker(code: number, fixed: readonly number[], name: string | undefined): number {
    return this.#add({ kind: 'maker', code, fixed, name }, [code, ...fixed.filter((id) => id > 0)])
  }

  /** The id by which a function or class that comes back is told to be this one; negative when it came from the peer. */
  origin(fn: AnyFunction): number {
    const theirs = this.#originThere(fn)
    if (theirs !== undefined) return -theirs
    let id = this.#origins.get(fn)
    if (id === undefined) {
      id = this.#newOrigin(fn)
      this.#origins.set(fn, id)
    }
    return id
  }

  #newOrigin(fn: AnyFunction): number {
    if (isClass(fn) && !(this.#madeAgain.has(fn) && comesBackAsText(fn))) {
      // An instance of it may come back when nothing here mentions the class any more.
      const id = this.#nextForGood()
      this.#originals.set(id, fn)
      return id
    }
    this.#lastOrigin += 2
    this.#originals.set(this.#lastOrigin, new WeakRef(fn))
    this.#gone.register(fn, this.#lastOrigin)
    return this.#lastOrigin
  }

  /** From now on a function or class stands for one of this side that is gone. */
  adopt(fn: object, id: number): void {
    if (!mayBeGone(id)) return
    this.#origins.set(fn, id)
    this.#originals.set(id, new WeakRef(fn))
    this.#gone.register(fn, id)
  }

  /** Its id at the peer, which may have dropped it. */
  #originThere(fn: object): number | undefined {
    const origin = this.peer?.originOf(fn)
    if (origin !== undefined) return origin
    const id = this.peer?.idOf(fn)
    return id !== undefined && mayBeGone(id) ? id : undefined
  }

  #nextForGood(): number {
    this.#lastForGood += 2
    return this.#lastForGood
  }

  /** What an id of this side stands for, if it still lives. */
  original(id: number): unknown {
    const held = this.#originals.get(id)
    return held instanceof WeakRef ? held.deref() : (held ?? this.#originalSymbols.get(id))
  }

  /** Says whether a function was sent by value before; a second time makes it worth keeping. */
  wasSent(fn: AnyFunction): boolean {
    return this.#sentOnce.has(fn)
  }

  noteSent(fn: AnyFunction): void {
    this.#sentOnce.add(fn)
  }

  /**
   * Says whether a by-value function is to be kept by the other side: it captures nothing that can change, and comes repeatedly. A class comes
   * repeatedly if it is not one of many; what came from the peer may be there already.
   */
  isKept(fn: AnyFunction): boolean {
    if (this.#originThere(fn) !== undefined) return false
    const comesAndGoes = !isClass(fn) || this.#madeAgain.has(fn)
    if (comesAndGoes && !this.#sentOnce.has(fn)) {
      this.#sentOnce.add(fn)
      return false
    }
    if (!this.steady.isSteady(fn)) return false
    return !comesAndGoes || this.#ids.get(fn) !== undefined || ++this.#kept <= MOST_KEPT
  }

  /** Defines a by-value function or class that the other side keeps. */
  keep(fn: AnyFunction): number {
    const known = this.#ids.get(fn)
    if (known !== undefined) return known
    return this.#defineValue(fn, fn, 'value', fn.name || 'a function')
  }

  /** The id of what share() or perWorker() made. */
  held(value: object): number | undefined {
    const known = this.#ids.get(value)
    if (known !== undefined) return known
    if (value instanceof Shared) return this.#defineValue(value, value.get(), 'share', 'share(…)')
    if (value instanceof PerWorker) return this.#defineValue(value, PerWorker.initOf(value), 'perWorker', 'perWorker(…)')
    return undefined
  }

  #defineValue(owner: object, value: unknown, as: 'value' | 'share' | 'perWorker' | 'codec', label: string): number {
    const id = this.#nextForGood()
    this.#ids.set(owner, id)
    try {
      const plain = as !== 'value' && isPlain(value)
      const encoded = plain ? undefined : new Encoder(this, { label, defines: as === 'value', keeps: as === 'value' }).encode(value)
      if (encoded?.transfer.some((moved) => movesOnly(moved as object))) {
        throw new NotShippableError(
          `${label} cannot cross: something in it can only move, and every worker gets one. Pass it as an argument`,
          label,
        )
      }
      const table = encoded?.table
      const definition: Definition = { kind: 'value', packed: { plain, data: table ?? value }, as }
      this.#defined.set(id, { definition, uses: table?.uses ?? NONE, all: undefined })
      this.#originals.set(id, owner)
      return id
    } catch (reason) {
      this.#ids.delete(owner)
      throw reason
    }
  }

  /** The id of a codec. */
  codecOf(registered: Registered): number {
    const { Class, codec } = registered
    const { encode, decode } = codec
    return this.#ids.get(registered) ?? this.#defineValue(registered, { Class, encode, decode }, 'codec', `the codec of ${Class.name}`)
  }

  /** Runs the codec of a class, which the other side gets to know. */
  encodeWith(registered: Registered, value: object, label: string): { packed: Packed; id: number } {
    const { codec } = registered
    const id = this.codecOf(registered)
    const data = codec.encode.call(codec, value)
    if (isPlain(data)) return { id, packed: plainly(data) }
    this.#encoding.add(value)
    try {
      return { id, packed: this.pack(data, { label }).packed }
    } finally {
      this.#encoding.delete(value)
    }
  }

  /** Says whether what its codec made of this value is being packed. */
  isEncoding(value: object): boolean {
    return this.#encoding.has(value)
  }

  /** Says whether the definition of a codec is being written, so that none of its functions is there yet. */
  isDefining(registered: Registered): boolean {
    const id = this.#ids.get(registered)
    return id !== undefined && !this.#defined.has(id)
  }

  /** Packs what is not plain. */
  pack(value: unknown, options: EncodeOptions): { packed: Packed; bytes: number } {
    return this.#packed(new Encoder(this, options).encode(value))
  }

  /**
   * Packs a function with what it captured now, and the arguments of its call. They are two tables, because a reader makes the function
   * first; what both mention is one object there as well.
   */
  packCall(fn: AnyFunction, args: readonly unknown[], transfer: readonly Transferable[] | undefined): PackedCall {
    const encoder = new Encoder(this, { label: '', defines: true, transfer })
    const encoded = encoder.encode(fn)
    this.makers.note(fn, encoded)
    if ((transfer === undefined || transfer.length === 0) && arePlain(args) && !encoder.meets(args)) {
      const { packed: captured, bytes } = this.#packed(encoded)
      return { bytes, captured, args: plainly(args) }
    }
    const list = Array.from(args)
    const arguing = new Encoder(this, { label: ARGUMENTS, transfer, beside: encoder })
    const beside = arguing.encode(list)
    if (arguing.sharesVariables(encoder)) return this.#packTogether(fn, list, transfer)
    const { packed: captured, bytes } = this.#packed(encoded)
    if (!beside.table.beside) return { bytes, captured, args: this.#packed(beside).packed }
    const number = ++this.#calls
    return {
      bytes,
      captured: { ...captured, data: { ...encoded.table, call: number } },
      args: this.#packed({ ...beside, table: { ...beside.table, call: number } }).packed,
    }
  }

  /** Functions on both sides share a variable that one of them assigns: one table has them all, and the arguments are a place in it. */
  #packTogether(fn: AnyFunction, args: readonly unknown[], transfer: readonly Transferable[] | undefined): PackedCall {
    const encoder = new Encoder(this, { label: '', defines: true, transfer })
    const encoded = encoder.encode(fn, args)
    const { packed: captured, bytes } = this.#packed(encoded)
    const call = ++this.#calls
    const nodes = [[Kind.beside, encoder.placeOf(args)]]
    return {
      bytes,
      captured: { ...captured, data: { ...encoded.table, call } },
      args: { plain: false, data: { nodes, uses: NONE, call, beside: true }, uses: NONE, transfer: NONE },
    }
  }

  #packed({ table, transfer, bytes }: Encoded): { packed: Packed; bytes: number } {
    return { packed: { plain: false, data: table, uses: this.#allOf(table.uses), transfer }, bytes }
  }

  /** What the carrier sends of a definition. */
  sent(id: number): SentDefinition {
    const defined = this.#get(id)
    const needs = this.all(id).filter((one) => one !== id)
    return { needs: needs.map((one) => [one, this.#get(one).definition] as const), definition: defined.definition }
  }

  /** Everything that the reader of `id` needs. */
  all(id: number): readonly number[] {
    const defined = this.#get(id)
    if (defined.all === undefined) {
      const order: number[] = []
      const seen = new Set<number>([id])
      // An explicit stack: a chain of helpers may be long.
      const open = [{ id, next: 0 }]
      while (open.length > 0) {
        const top = open[open.length - 1] as { id: number; next: number }
        const { uses } = this.#defined.get(top.id) ?? { uses: NONE }
        if (top.next === uses.length) {
          order.push(top.id)
          open.pop()
        } else {
          const used = uses[top.next++] as number
          if (!seen.has(used)) {
            seen.add(used)
            open.push({ id: used, next: 0 })
          }
        }
      }
      // While one of them is still being defined the list is not final.
      if (!order.every((one) => this.#defined.has(one))) return order.filter((one) => this.#defined.has(one))
      defined.all = order
    }
    return defined.all
  }

  #allOf(uses: readonly number[]): readonly number[] {
    if (uses.length === 0) return NONE
    const all = new Set<number>()
    for (const used of uses) if (this.#defined.has(used)) for (const one of this.all(used)) all.add(one)
    return [...all]
  }

  #get(id: number): Defined {
    const defined = this.#defined.get(id)
    if (defined === undefined) throw new RangeError(`There is no definition ${id}`)
    return defined
  }

  #add(definition: Definition, uses: readonly number[]): number {
    const id = this.#nextForGood()
    this.#defined.set(id, { definition, uses, all: undefined })
    return id
  }
}

let namesOfWellKnown: ReadonlyMap<unknown, string> | undefined

function wellKnown(): ReadonlyMap<unknown, string> {
  namesOfWellKnown ??= new Map(Object.getOwnPropertyNames(Symbol).map((name) => [Reflect.get(Symbol, name), name]))
  return namesOfWellKnown
}

/** What is called so here: it may have been the built-in of another realm that was met first. */
function ownGlobal(path: readonly string[], met: object): object {
  try {
    return globalOf(path) as object
  } catch {
    return met
  }
}

/** Says whether the side that has given this number to something may not have it any more. */
function mayBeGone(id: number): boolean {
  return id % 2 !== 0
}
