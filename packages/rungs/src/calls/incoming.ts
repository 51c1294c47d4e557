// The receiving half of a side.

import { isClass } from './class-name.js'
import { compile } from './compile.js'
import { Decoder, type Reader } from './decode.js'
import { PerWorker, Shared } from './held.js'
import { type AnyFunction, type Codec, registerReceived } from './marks.js'
import { globalOf, loadModule, memberOf } from './modules.js'
import type { Outgoing } from './outgoing.js'
import { noteExport, symbolAt } from './symbol-home.js'
import type { CodeFunction, Definition, Handles, ModuleRef, Readable, SentDefinition, Table } from './wire.js'

const MOST_CALLS = 1_000

/** What the sending half of the same side tells the receiving one. */
type Originals = Pick<Outgoing, 'meet' | 'original' | 'adopt'>

interface Received {
  readonly definition: Definition
  made: boolean
  value: unknown
  instantiate: ReturnType<typeof compile> | undefined
  /** What makes it, once that has begun. */
  decoder?: Decoder
}

/**
 * The receiving half: turns data back into calls and values. On the main side there is one per worker, in a worker one. `outgoing` is
 * the sending half of the same side; what comes back from the peer as "yours" is the original there.
 * @example
 * const incoming = new Incoming({ outgoing })
 * incoming.define(id, definition)
 * const fn = await incoming.load(call.target, call.captured)
 */
export class Incoming {
  readonly #outgoing: Originals
  readonly #handles: Handles | undefined
  readonly #received = new Map<number, Received>()
  /** Modules that are here already, by definition. */
  readonly #modules = new Map<number, unknown>()
  readonly #ids = new WeakMap<object, number>()
  readonly #origins = new WeakMap<object, number>()
  readonly #symbols = new Map<symbol, number>()
  /** The functions' tables of calls whose arguments point into them, until those are read. */
  readonly #loading = new Map<number, Promise<unknown>>()
  readonly #calls = new Map<number, Decoder>()
  /** Tables whose contents are not in yet: definitions may refer to each other in circles. */
  #unfilled: Decoder[] = []
  #depth = 0
  #met = false
  readonly #reader: Reader

  constructor(options: { outgoing: Originals; handles?: Handles }) {
    this.#outgoing = options.outgoing
    this.#handles = options.handles
    this.#reader = {
      value: (id) => this.#value(id),
      ready: (id) => this.#received.get(id)?.decoder?.ready(),
      original: (id) => this.#original(id),
      handle: (handle) => this.#handle(handle),
      instance: (id) => this.#instance(id),
      decodeWith: (codec, payload) => (codec as Codec<unknown, unknown>).decode(this.#complete(() => this.#read(payload))),
      made: (fn, origin, isClass) => {
        if (isClass) this.#ids.set(fn, origin)
        else this.#origins.set(fn, origin)
      },
      rebuilt: (fn, origin) => this.#outgoing.adopt(fn, origin),
    }
  }

  /** Takes a definition; nothing of it is looked at before it is used. */
  define(id: number, definition: unknown): void {
    const { needs, definition: own } = definition as SentDefinition
    for (const [needed, data] of needs) this.#receive(needed, data)
    this.#receive(id, own)
  }

  #receive(id: number, definition: Definition): void {
    if (!this.#received.has(id)) this.#received.set(id, { definition, made: false, value: undefined, instantiate: undefined })
  }

  /**
   * The function of a call. A promise only when a module has to be imported first; it rejects with the error of that module, or with one
   * that names the missing export.
   */
  load(target: number, captured: Readable | undefined): AnyFunction | Promise<AnyFunction> {
    this.#meet()
    const received = this.#received.get(target)
    if (captured?.plain && received?.definition.kind === 'maker')
      return this.#make(received, received.definition, captured.data as unknown[])
    if (captured !== undefined) return mustBeFunction(this.unpack(captured))
    if (received?.made) return received.value as AnyFunction
    const waiting = this.#import([target])
    return waiting === undefined
      ? mustBeFunction(this.#define(target))
      : waiting.then(() => mustBeFunction(this.#define(target)) as AnyFunction)
  }

  /** A function of a line whose text is here. */
  #make(received: Received, definition: Definition & { kind: 'maker' }, given: unknown[]): AnyFunction | Promise<AnyFunction> {
    const { code, fixed, name } = definition
    if (!received.made) {
      const waiting = this.#import(fixed)
      if (waiting !== undefined) return waiting.then(() => this.#make(received, definition, given))
      received.value = this.#whole(() => fixed.map((id) => (id === 0 ? undefined : this.#value(id))))
      received.made = true
    }
    const { instance } = this.#instance(code)
    const fn = instance.make(0, undefined) as AnyFunction
    let next = 1
    instance.setOwn(
      0,
      (received.value as unknown[]).map((value, index) => (fixed[index] === 0 ? given[next++] : value)),
    )
    if (name !== undefined && fn.name !== name) Object.defineProperty(fn, 'name', { value: name, configurable: true })
    this.#origins.set(fn, given[0] as number)
    return fn
  }

  /** Only the side that runs calls has a single peer, to which "yours" can be said. */
  #meet(): void {
    if (this.#met) return
    this.#met = true
    this.#outgoing.meet({
      idOf: (value) => this.#ids.get(value),
      originOf: (value) => this.#origins.get(value),
      idOfSymbol: (value) => this.#symbols.get(value),
    })
  }

  /** The value that was packed. A promise only when a module has to be imported first. */
  unpack(packed: Readable): unknown {
    if (packed.plain) return packed.data
    const { uses, call, beside } = packed.data as Table
    let waiting = uses.length === 0 ? undefined : this.#import(uses)
    if (beside && call !== undefined) {
      const loading = this.#loading.get(call)
      if (loading !== undefined) waiting = waiting === undefined ? loading : Promise.all([waiting, loading])
    } else if (call !== undefined && waiting !== undefined) {
      this.#loading.set(
        call,
        waiting.then(
          () => {},
          () => this.#loading.delete(call),
        ),
      )
    }
    return waiting === undefined ? this.#read(packed) : waiting.then(() => this.#read(packed))
  }

  #read(packed: Readable): unknown {
    if (packed.plain) return packed.data
    return this.#whole(() => {
      const { call, beside } = packed.data as Table
      const reader = beside && call !== undefined ? { ...this.#reader, beside: this.#besides(call) } : this.#reader
      const decoder = new Decoder(packed.data as Table, reader)
      const value = decoder.shells()
      this.#unfilled.push(decoder)
      if (call !== undefined && !beside) this.#keepForArguments(call, decoder)
      return value
    })
  }

  #besides(call: number): Decoder {
    const decoder = this.#calls.get(call)
    if (decoder === undefined) throw new RangeError('The function of the call has to be loaded before its arguments are read')
    this.#calls.delete(call)
    return decoder
  }

  #keepForArguments(call: number, decoder: Decoder): void {
    this.#loading.delete(call)
    this.#calls.set(call, decoder)
    // Calls that were cancelled in between never read their arguments.
    if (this.#calls.size > MOST_CALLS) this.#calls.delete(this.#calls.keys().next().value as number)
  }

  /** Runs `make`; when the outermost one ends, everything that it made gets its contents. */
  #whole<T>(make: () => T): T {
    this.#depth++
    try {
      const value = make()
      if (this.#depth === 1) {
        for (let decoder = this.#unfilled.shift(); decoder !== undefined; decoder = this.#unfilled.shift()) decoder.fill()
      }
      return value
    } catch (reason) {
      if (this.#depth === 1) this.#unfilled = []
      throw reason
    } finally {
      this.#depth--
    }
  }

  /** What `make` gives is used at once, in the middle of other work: it gets its contents before that goes on. */
  #complete<T>(make: () => T): T {
    const depth = this.#depth
    const unfilled = this.#unfilled
    this.#depth = 0
    this.#unfilled = []
    try {
      return this.#whole(make)
    } finally {
      this.#depth = depth
      this.#unfilled = unfilled
    }
  }

  #define(id: number): unknown {
    return this.#whole(() => this.#value(id))
  }

  /** Imports the modules that these definitions, and those that they mention, come from; undefined when all are here. */
  #import(ids: readonly number[]): Promise<unknown> | undefined {
    let waiting: Promise<unknown>[] | undefined
    const seen = new Set(ids)
    for (const id of seen) {
      const definition = this.#received.get(id)?.definition
      if (definition?.kind === 'value' && !definition.packed.plain && !this.#received.get(id)?.made) {
        for (const used of (definition.packed.data as Table).uses) seen.add(used)
      }
      const ref = definition === undefined ? undefined : moduleOf(definition)
      if (ref === undefined || this.#modules.has(id)) continue
      const module = loadModule(ref)
      if (module instanceof Promise) {
        waiting ??= []
        waiting.push(module.then((namespace) => this.#modules.set(id, namespace)))
      } else this.#modules.set(id, module)
    }
    return waiting === undefined ? undefined : Promise.all(waiting)
  }

  #value(id: number): unknown {
    const received = this.#received.get(id)
    if (received === undefined) throw new RangeError(`The definition ${id} did not arrive`)
    if (received.made) return received.value
    const { definition } = received
    switch (definition.kind) {
      case 'global':
        return this.#settle(received, id, globalOf(definition.path))
      case 'export':
        return this.#settle(received, id, memberOf(this.#module(id, definition.module), definition.module, definition.path))
      case 'symbol':
        return this.#settle(received, id, this.#symbol(id, definition))
      case 'slot':
        return this.#settle(received, id, definition.of === 'WeakSet' ? new WeakSet() : new WeakMap())
      case 'value':
        return this.#held(received, id, definition)
      case 'code':
      case 'maker':
        return undefined
    }
  }

  #symbol(id: number, { description, home }: Extract<Definition, { kind: 'symbol' }>): symbol {
    if (home === undefined) return Symbol(description)
    return symbolAt(home, this.#module(id, home.module), description)
  }

  #module(id: number, ref: ModuleRef): unknown {
    if (!this.#modules.has(id)) this.#modules.set(id, loadModule(ref))
    return this.#modules.get(id)
  }

  #held(received: Received, id: number, definition: Extract<Definition, { kind: 'value' }>): unknown {
    const { packed, as } = definition
    if (as !== 'value') {
      const value = as === 'codec' ? this.#complete(() => this.#read(packed)) : this.#read(packed)
      switch (as) {
        case 'share':
          return this.#settle(received, id, new Shared(value))
        case 'perWorker':
          return this.#settle(received, id, new PerWorker(value as () => unknown))
        case 'codec': {
          const codec = value as { Class: abstract new () => unknown } & Codec<unknown, unknown>
          registerReceived(codec.Class, codec)
          return this.#settle(received, id, codec)
        }
      }
    }
    const decoder = new Decoder(packed.data as Table, {
      ...this.#reader,
      // The function itself, told apart from those it brings along: it is known by the id of its definition.
      made: (fn, origin, isClass) => {
        if (received.made) this.#reader.made(fn, origin, isClass)
        else this.#settle(received, id, fn)
      },
    })
    received.decoder = decoder
    const value = decoder.shells()
    this.#unfilled.push(decoder)
    return this.#settle(received, id, value)
  }

  #settle(received: Received, id: number, value: unknown): unknown {
    received.value = value
    received.made = true
    if (typeof value === 'symbol') this.#symbols.set(value, id)
    if (received.definition.kind === 'export') noteExport(value, received.definition)
    // Its instances are nothing to a stand-in: going back, the class is one to be imported.
    if (received.definition.kind === 'export' && received.definition.linked && isClass(value)) return value
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') this.#ids.set(value, id)
    return value
  }

  #instance(id: number): { instance: ReturnType<ReturnType<typeof compile>>; functions: readonly CodeFunction[] } {
    const received = this.#received.get(id)
    if (received === undefined || received.definition.kind !== 'code') throw new RangeError(`The text ${id} did not arrive`)
    const { code } = received.definition
    received.instantiate ??= compile(code)
    return { instance: received.instantiate(), functions: code.functions }
  }

  #original(id: number): unknown {
    return this.#outgoing.original(id)
  }

  #handle(handle: unknown): object {
    if (this.#handles === undefined) throw new TypeError('A handle arrived, and nothing here knows what to make of it')
    return this.#handles.fromHandle(handle)
  }
}

/** The module that a definition names. */
function moduleOf(definition: Definition): ModuleRef | undefined {
  if (definition.kind === 'export') return definition.module
  return definition.kind === 'symbol' ? definition.home?.module : undefined
}

function mustBeFunction(fn: unknown): AnyFunction | Promise<AnyFunction> {
  if (fn instanceof Promise) return fn.then(mustBeFunction)
  if (typeof fn !== 'function') throw new TypeError(`What arrived to be run is not a function but ${fn === null ? 'null' : typeof fn}`)
  return fn
}
