// From a table of nodes to values: first every object without its contents, then the contents (those of functions are put in here, the
// others by `decode-contents`). encode.ts is the inverse.

import { type Instance, SECRET, SHAPE, setSecrets } from './compile.js'
import { argumentsOf, construct, memberOf } from './decode-builtins.js'
import { close, closeContents, fillContents, fillExtras } from './decode-contents.js'
import { type Node, OWN_AT, ownNamesIn, ownPlacesIn, placesIn } from './decode-places.js'
import { blankError } from './errors-codec.js'
import { type CodeFunction, Kind, PATCHES, STATICS, type Table } from './wire.js'

/** What a decoder asks of the side that it works for. */
export interface Reader {
  /** What a definition stands for; its contents may still be missing while definitions refer to each other. */
  value(id: number): unknown
  /** Fills what a definition stands for: it is about to be used. */
  ready(id: number): void
  /** What this side's own id stands for. */
  original(id: number): unknown
  handle(handle: unknown): object
  instance(codeId: number): { readonly instance: Instance; readonly functions: readonly CodeFunction[] }
  /** Runs a codec: `payload` is what it encoded. */
  decodeWith(codec: unknown, payload: { plain: boolean; data: unknown }): unknown
  /** The table of the function whose arguments are read. */
  readonly beside?: Decoder | undefined
  /** Told of each by-value function made, with its id at the sender. */
  made(fn: object, origin: number, isClass: boolean): void
  /** Told of one that stands for an original of this side which is gone. */
  rebuilt(fn: object, origin: number): void
}

interface MadeCode {
  readonly instance: Instance
  readonly functions: readonly CodeFunction[]
}

/** Reads one table. */
export class Decoder {
  readonly #nodes: readonly unknown[]
  readonly #reader: Reader
  readonly #values: unknown[]
  /** 0 not yet, 1 being made, 2 made. */
  readonly #state: Uint8Array
  readonly #codes = new Map<number, MadeCode>()
  /** Nodes that have their contents already. */
  readonly #filled = new Set<number>()
  #readying = false
  #complete = false
  readonly #originals = new Set<number>()
  /** The objects that methods with `super` were written in, by the node of the method. */
  readonly #hosts = new Map<Node, object>()

  constructor(table: Table, reader: Reader) {
    this.#nodes = table.nodes
    this.#reader = reader
    this.#values = new Array<unknown>(table.nodes.length)
    this.#state = new Uint8Array(table.nodes.length)
  }

  /** Makes all values without their contents, and gives the root. */
  shells(): unknown {
    for (let at = 0; at < this.#nodes.length; at++) this.#shell(at)
    return this.#values[0]
  }

  /** Puts the contents in; the shells of everything they mention must be there. */
  fill(): void {
    for (const at of this.#codes.keys()) this.#fillCode(at)
    for (let at = 0; at < this.#nodes.length; at++) this.#fillAt(at)
    this.#complete = true
    // Only now: nothing can be added to a frozen object.
    for (let at = 0; at < this.#nodes.length; at++) {
      const node = this.#nodes[at]
      if (typeof node === 'object' && node !== null && !this.#originals.has(at)) this.#close(node as Node, this.#values[at])
    }
  }

  #fillAt(at: number): void {
    const node = this.#nodes[at]
    if (typeof node !== 'object' || node === null || this.#originals.has(at) || this.#filled.has(at)) return
    this.#fill(node as Node, this.#values[at])
  }

  /** Fills the root, and all that it mentions, before the rest: code that runs while a class is made is about to use it. */
  ready(place = 0): void {
    if (this.#complete || this.#readying) return
    this.#readying = true
    const reached = new Set([place])
    for (const at of reached) {
      this.#shell(at)
      const node = this.#nodes[at]
      if (typeof node !== 'object' || node === null || this.#originals.has(at)) continue
      if ((node as Node)[0] === Kind.defined) this.#reader.ready((node as Node)[1] as number)
      for (const inner of placesIn(node as Node)) reached.add(inner)
    }
    for (const at of reached) {
      if (this.#codes.has(at)) this.#fillCode(at)
      else this.#fillAt(at)
      const node = this.#nodes[at]
      // What mentions the class itself gets it when it is there.
      const whole = typeof node !== 'object' || node === null || placesIn(node as Node).every((inner) => this.#state[inner] === 2)
      if (whole) this.#filled.add(at)
      else this.#filled.delete(at)
    }
    this.#readying = false
  }

  #at(place: unknown): unknown {
    return this.#values[place as number]
  }

  #list(places: unknown): unknown[] {
    return (places as number[]).map((place) => this.#values[place])
  }

  #shell(at: number): unknown {
    const node = this.#nodes[at]
    if (typeof node !== 'object' || node === null) {
      this.#values[at] = node
      return node
    }
    if (this.#state[at] === 2) return this.#values[at]
    // In a circle of things that need each other to be made at all; what is there is given.
    if (this.#state[at] === 1) return this.#values[at]
    this.#state[at] = 1
    const value = this.#make(node as Node, at)
    this.#values[at] = value
    this.#state[at] = 2
    return value
  }

  #make(node: Node, at: number): unknown {
    switch (node[0]) {
      case Kind.object: {
        const prototypeAt = (node[3] as number | undefined) ?? -1
        if (prototypeAt === -1) return {}
        return Object.create(prototypeAt < 0 ? null : (this.#shell(prototypeAt) as object)) as object
      }
      case Kind.array:
        return this.#with(new Array<unknown>(node[1] as number), node[3])
      case Kind.map:
        return this.#with(new Map<unknown, unknown>(), node[3])
      case Kind.set:
        return this.#with(new Set<unknown>(), node[2])
      case Kind.date:
        return this.#with(new Date(node[1] as number), node[2])
      case Kind.regexp:
        return this.#with(Object.assign(new RegExp(node[1] as string, node[2] as string), { lastIndex: node[3] }), node[4])
      case Kind.boxed:
        return this.#with(Object(this.#shell(node[1] as number)) as object, node[2])
      case Kind.error:
        return blankError(this.#prototype(node[3]), node[5] as [string, string] | undefined)
      case Kind.clone:
        return node[1]
      case Kind.view:
        return this.#view(node)
      case Kind.defined:
        return this.#reader.value(node[1] as number)
      case Kind.yours:
        return this.#reader.original(node[1] as number)
      case Kind.symbolFor:
        return Symbol.for(node[1] as string)
      case Kind.handle:
        return this.#reader.handle(node[1])
      case Kind.construct:
        return construct(
          node[1] as string,
          (node[2] as number[]).map((place) => this.#deep(place)),
        )
      case Kind.encoded:
        return this.#reader.decodeWith(this.#shell(node[1] as number), node[2] as { plain: boolean; data: unknown })
      case Kind.bound: {
        const target = this.#shell(node[1] as number) as (...args: unknown[]) => unknown
        return target.bind(this.#shell(node[2] as number), ...(node[3] as number[]).map((place) => this.#shell(place)))
      }
      case Kind.prototype:
        return this.#prototypeOf(node[1] as number)
      case Kind.code:
        this.#codes.set(at, this.#reader.instance(node[1] as number))
        return undefined
      case Kind.function:
        return this.#function(node, at)
      case Kind.arguments:
        return argumentsOf(node[1] as number[])
      case Kind.beside:
        return this.#reader.beside?.valueAt(node[1] as number)
      default:
        return undefined
    }
  }

  /** What this table has at a place. */
  valueAt(place: number): unknown {
    return this.#values[place]
  }

  /** A function of the old kind may get its prototype object only when it is filled; that object is there already. */
  #prototypeOf(classAt: number): unknown {
    const Class = this.#shell(classAt) as { prototype: unknown } | undefined
    const node = this.#nodes[classAt] as Node
    const own = this.#originals.has(classAt) ? -1 : ownNamesIn(node).indexOf('prototype')
    return own < 0 ? Class?.prototype : this.#shell(ownPlacesIn(node)[own] as number)
  }

  #prototype(place: unknown): object | null | undefined {
    if (place === undefined || place === -1) return undefined
    return (place as number) < 0 ? null : (this.#shell(place as number) as object)
  }

  #with<T extends object>(value: T, place: unknown): T {
    const prototype = this.#prototype(place)
    return prototype === undefined ? value : Object.setPrototypeOf(value, prototype)
  }

  #view(node: Node): unknown {
    const buffer = this.#shell(node[2] as number) as ArrayBuffer
    const [, name, , offset, length] = node as [number, string, number, number, number]
    if (name === 'Buffer') return Buffer.from(buffer, offset, length)
    const View = Reflect.get(globalThis, name) as new (buffer: ArrayBuffer, offset: number, length?: number) => object
    // One that follows the length of its buffer, if that is still one of which the length can change.
    const tracks = node[7] === true && (buffer as { resizable?: boolean }).resizable === true
    return this.#with(tracks ? new View(buffer, offset) : new View(buffer, offset, length), node[5])
  }

  /** An argument of a constructor is needed with its contents; those are small and hold no circles. */
  #deep(place: number): unknown {
    const value = this.#shell(place)
    const node = this.#nodes[place]
    if (typeof node === 'object' && node !== null) {
      for (const inner of (node as Node)[0] === Kind.object || (node as Node)[0] === Kind.array ? ((node as Node)[2] as number[]) : []) {
        if (inner >= 0) this.#deep(inner)
      }
      this.#fill(node as Node, value)
    }
    return value
  }

  #function(node: Node, at: number): unknown {
    const [, codeAt, number, origin, heritageAt, name] = node as [number, number, number, number, number, string | undefined]
    if (origin < 0) {
      const original = this.#reader.original(-origin)
      if (original !== undefined) {
        this.#originals.add(at)
        return original
      }
    }
    this.#shell(codeAt)
    const { instance, functions } = this.#codes.get(codeAt) as MadeCode
    const { form, early } = functions[number] as CodeFunction
    const heritage = heritageAt < 0 ? undefined : this.#heritage(heritageAt)
    if (early) this.#setEarly(codeAt, number, instance)
    const made = instance.make(number, heritage)
    const isMember = form === 'method' || form === 'get' || form === 'set'
    const fn = isMember ? memberOf(made as object, form) : made
    if (isMember && node[10] !== undefined) this.#hosts.set(node, made as object)
    if (name !== undefined && (fn as { name: unknown }).name !== name && !(node[6] as string[]).includes('name')) {
      Object.defineProperty(fn, 'name', { value: name, configurable: true })
    }
    if (origin > 0) this.#reader.made(fn as object, origin, form === 'class')
    else this.#reader.rebuilt(fn as object, -origin)
    return fn
  }

  /** What a class extends: a function of the old kind, or a bound one, has its own prototype object by then, from which the class's descends. */
  #heritage(at: number): unknown {
    const parent = this.#shell(at)
    const node = this.#nodes[at] as Node | null
    if (node !== null && !this.#originals.has(at) && ownNamesIn(node).includes('prototype')) {
      ;(parent as { prototype: unknown }).prototype = this.#prototypeOf(at)
    }
    return parent
  }

  #setEarly(codeAt: number, number: number, instance: Instance): void {
    const node = this.#nodes[codeAt] as Node
    const places = (node[2] as number[][])[number] as number[]
    for (const place of places) if (this.#state[place] !== 1) this.ready(place)
    instance.setOwn(
      number,
      places.map((place) => this.#shell(place)),
    )
  }

  #fillCode(at: number): void {
    if (this.#filled.has(at)) return
    this.#filled.add(at)
    const { instance, functions } = this.#codes.get(at) as MadeCode
    const node = this.#nodes[at] as Node
    functions.forEach((_, number) => {
      instance.setOwn(number, this.#list((node[2] as number[][])[number]))
    })
    ;(node[3] as number[][]).forEach((places, scope) => {
      instance.setScope(scope, this.#list(places))
    })
  }

  #fill(node: Node, value: unknown): void {
    if (node[0] === Kind.function || node[0] === Kind.bound) this.#fillFunction(value as object, node)
    else fillContents(node, value, this.#values)
  }

  #fillFunction(fn: object, node: Node): void {
    const host = this.#hosts.get(node)
    // `super` starts from what is above the object that holds the method.
    if (host !== undefined) Object.setPrototypeOf(host, Object.getPrototypeOf(this.#at(node[10]) as object) as object | null)
    const ownAt = OWN_AT[node[0] as number] as number
    const names = ownNamesIn(node)
    const places = ownPlacesIn(node)
    const secrets: unknown[] = []
    names.forEach((name, index) => {
      const value = this.#at(places[index])
      if (name === PATCHES || name === STATICS || name === SHAPE) return
      if (name.startsWith(SECRET)) {
        secrets.push(value)
        return
      }
      if (name === 'prototype') (fn as { prototype: unknown }).prototype = value
      else Object.defineProperty(fn, name, { value, writable: true, enumerable: true, configurable: true })
    })
    if (secrets.length > 0) setSecrets(fn, secrets)
    const prototype = this.#prototype(node[ownAt + 2])
    if (prototype !== undefined) Object.setPrototypeOf(fn, prototype)
    fillExtras(fn, node[ownAt + 3], this.#values)
  }

  #close(node: Node, value: unknown): void {
    if (node[0] === Kind.function || node[0] === Kind.bound) {
      const added = (name: string): unknown => {
        const index = ownNamesIn(node).indexOf(name)
        return index < 0 ? undefined : this.#at(ownPlacesIn(node)[index])
      }
      const patches = added(PATCHES)
      if (patches !== undefined)
        Object.defineProperties((value as { prototype: object }).prototype, Object.getOwnPropertyDescriptors(patches))
      fillSlots(value as object, (added(STATICS) as unknown[] | undefined) ?? [])
      const shape = added(SHAPE)
      if (shape !== undefined) giveShape(value as { prototype: object }, shape as Shape)
    }
    closeContents(node, value)
  }
}

type Keys = readonly (string | symbol)[] | null
type Shape = readonly [own: Keys, inherited: Keys, integrity: number]

/** Takes away what the text gives a function or class and the original has lost; the prototype of a class can be changed as little as there. */
function giveShape(fn: { prototype: object }, [own, inherited, integrity]: Shape): void {
  if (own !== null) keepOnly(fn, own)
  if (inherited !== null) keepOnly(fn.prototype, inherited)
  if (integrity > 0) close(fn.prototype, integrity)
}

function keepOnly(value: object, keys: readonly (string | symbol)[]): void {
  const kept = new Set(keys)
  for (const key of Reflect.ownKeys(value)) if (!kept.has(key)) Reflect.deleteProperty(value, key)
}

/** Gives a class the private static members that are kept beside it. A hole: its value could not cross. */
function fillSlots(Class: object, statics: readonly unknown[]): void {
  for (let at = 0; at < statics.length; at += 2) {
    const slot = statics[at]
    if (slot instanceof WeakSet) slot.add(Class)
    else if (slot instanceof WeakMap && at + 1 in statics) slot.set(Class, statics[at + 1])
  }
}
