// What an object or a symbol becomes: plain objects and arrays here, the other kinds beside. Asked first: whether the reader has it already, and whether it
// crosses in a way of its own.

import { types } from 'node:util'
import { isClass } from './class-name.js'
import type { Encoder } from './encode.js'
import { builtinObject } from './encode-builtins.js'
import { encodeFunction } from './encode-functions.js'
import { encodeProperties, encodePrototype, extrasFrom } from './encode-properties.js'
import { descriptionOf } from './errors-codec.js'
import { builtinName, isGlobalPrototype } from './globals.js'
import { type AnyFunction, isCallback, linkedModule, registeredFor } from './marks.js'
import { anyTransfers, transfersOf } from './transfer.js'
import { Kind } from './wire.js'

/** Shorter arrays are written with their holes. */
const FEW = 64

export function encodeSymbol(encoder: Encoder, symbol: symbol, at: number): unknown[] {
  const key = Symbol.keyFor(symbol)
  if (key !== undefined) return [Kind.symbolFor, key]
  const { sender } = encoder
  let id = sender.symbol(symbol)
  if (id < 0) return [Kind.yours, -id]
  if (!sender.isFound(id)) {
    const holder = encoder.parentOf(at)
    const isKey = typeof holder === 'object' && holder !== null && Object.hasOwn(holder, symbol)
    // Who has it as a value looks for that one: it is the program's own.
    if (!isKey) sender.symbolsAtHand.add(symbol)
    const Class = isKey ? importedClassOf(encoder, holder) : undefined
    id = sender.symbol(symbol)
    // The methods of the class would not find what is under the key.
    if (Class !== undefined && !sender.isFound(id) && !sender.symbolsAtHand.has(symbol) && !encoder.options.lenient) {
      const { description = 'name' } = symbol
      encoder.refuse(
        at,
        `${String(symbol)} is a key of an instance of ${Class.name}, which the other side imports, and where that makes it cannot be found`,
        `Export the symbol from the module of ${Class.name}, or write Symbol.for(${JSON.stringify(description)})`,
      )
    }
  }
  return encoder.defined(id)
}

/** The class by name, other than one of the platform, of an instance. Asking for those above it makes their modules known. */
function importedClassOf(encoder: Encoder, holder: object): AnyFunction | undefined {
  let found: AnyFunction | undefined
  for (let above = Object.getPrototypeOf(holder) as object | null; above !== null; above = Object.getPrototypeOf(above) as object | null) {
    const Class: unknown = Object.getOwnPropertyDescriptor(above, 'constructor')?.value
    if (typeof Class === 'function' && encoder.sender.reference(Class) !== undefined && builtinName(Class) === undefined) found ??= Class
  }
  return found
}

export function encodeObject(encoder: Encoder, value: object, at: number): unknown[] {
  const { sender } = encoder
  if (!(at === 0 && encoder.options.defines)) {
    const known = sender.known(value)
    if (known !== undefined) return known > 0 ? encoder.defined(known) : [Kind.yours, -known]
  }
  if (anyTransfers()) for (const moved of transfersOf(value) ?? []) encoder.moving.add(moved)
  // Whatever it is asked, its traps answer, and a revoked one throws.
  if (types.isProxy(value)) {
    if (typeof value === 'function') return encodeFunction(encoder, value, at)
    const id = linkedModule(value) === undefined ? undefined : sender.reference(value)
    if (id !== undefined) return encoder.defined(id)
    encoder.refuse(at, 'a Proxy cannot be told from what it hides', 'Send a plain copy of it')
  }
  if (typeof value === 'function') {
    const handle = handleOf(encoder, value)
    if (handle === undefined && isCallback(value)) encoder.refuse(at, 'callbacks cannot be sent from here', 'Submit it to a pool')
    return handle ?? encodeFunction(encoder, value, at)
  }
  if (Object.hasOwn(value, 'constructor')) {
    const id = isGlobalPrototype(value) ? sender.reference(value) : undefined
    if (id !== undefined) return encoder.defined(id)
    const Class: unknown = Object.getOwnPropertyDescriptor(value, 'constructor')?.value
    if (isClass(Class) && (Class as AnyFunction).prototype === value) return [Kind.prototype, encoder.at(Class, at, 'constructor')]
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  const tagged = Symbol.toStringTag in value
  if (prototype === Object.prototype && !tagged) return plainObject(encoder, value, at)
  if (prototype === Array.prototype && Array.isArray(value)) return array(encoder, value, at, undefined)
  return special(encoder, value, prototype as object | null, at)
}

function plainObject(encoder: Encoder, value: object, at: number): unknown[] {
  if (types.isArgumentsObject(value)) {
    return [Kind.arguments, Array.from(value as ArrayLike<unknown>, (one, index) => encoder.at(one, at, index))]
  }
  const names = Object.keys(value)
  // An object of functions may be a module of Node.
  if (names.length > 0 && typeof Object.getOwnPropertyDescriptor(value, names[0] as string)?.value === 'function') {
    const id = encoder.sender.reference(value)
    if (id !== undefined) return encoder.defined(id)
  }
  const [own, valuesAt, extras] = encodeProperties(encoder, value, at)
  return extras === undefined ? [Kind.object, own, valuesAt] : [Kind.object, own, valuesAt, -1, extras]
}

function array(encoder: Encoder, value: readonly unknown[], at: number, prototypeAt: number | undefined): unknown[] {
  const keys = Reflect.ownKeys(value)
  // Of an array that is mostly holes only the elements are written: its length says nothing of what there is.
  const indices = value.length > FEW && keys.length < value.length / 2 ? ([] as number[]) : undefined
  const valuesAt: number[] = []
  const strange = new Set<string | symbol>()
  const element = (key: string | number): number => {
    if (Object.getOwnPropertyDescriptor(value, key)?.get === undefined) return encoder.at(value[key as number], at, Number(key))
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
  const node = [Kind.array, value.length, valuesAt, prototypeAt ?? -1, extrasFrom(encoder, value, at, rest)]
  if (indices !== undefined) node.push(indices)
  // Of what was thrown the rest is kept.
  if (encoder.options.lenient) {
    for (const [place, valueAt] of valuesAt.entries()) {
      if (valueAt < 0) continue
      encoder.mend(valueAt, (problem) => {
        valuesAt[place] = encoder.add(descriptionOf(problem))
      })
    }
  }
  return node
}

function special(encoder: Encoder, value: object, prototype: object | null, at: number): unknown[] {
  const handle = handleOf(encoder, value)
  if (handle !== undefined) return handle
  const held = encoder.sender.held(value)
  if (held !== undefined) return encoder.defined(held)
  if (prototype !== null) {
    const registered = registeredFor(prototype)
    if (registered !== undefined) {
      if (encoder.sender.isDefining(registered)) {
        const { name } = registered.Class
        encoder.refuse(at, `the codec of ${name} would need it before it can make a ${name}`, 'Make it in decode instead of capturing it')
      }
      if (encoder.sender.isEncoding(value)) {
        const { name } = registered.Class
        encoder.refuse(at, `what the codec of ${name} encodes leads back to the same ${name}`, 'Encode all of such a circle as one list')
      }
      const { packed, id } = encoder.encodeWith(registered, value, at)
      for (const used of packed.uses) encoder.uses.add(used)
      for (const moved of packed.transfer) encoder.movingInside.add(moved)
      encoder.uses.add(id)
      return [Kind.encoded, encoder.add([Kind.defined, id]), { plain: packed.plain, data: packed.data }]
    }
  }
  if (Array.isArray(value)) return array(encoder, value, at, encodePrototype(encoder, prototype, at, 'Array'))
  const builtin = builtinObject(encoder, value, prototype, at)
  if (builtin !== undefined) return builtin
  if (types.isModuleNamespaceObject(value) || builtinName(value) !== undefined) {
    const id = encoder.sender.reference(value)
    if (id !== undefined) return encoder.defined(id)
  }
  const [names, valuesAt, extras] = encodeProperties(encoder, value, at)
  const prototypeAt = encodePrototype(encoder, prototype, at, 'Object')
  return [Kind.object, names, valuesAt, prototypeAt ?? -1, extras]
}

function handleOf(encoder: Encoder, value: object): unknown[] | undefined {
  const { handles } = encoder.sender
  const handle = handles?.toHandle(value)
  if (handle === undefined) return undefined
  const specifier = handles?.moduleFor?.(value)
  if (specifier !== undefined) encoder.uses.add(encoder.sender.define({ kind: 'export', module: { specifier, how: 'import' }, path: [] }))
  return [Kind.handle, handle]
}

function isIndex(key: string | symbol): boolean {
  return typeof key === 'string' && /^(0|[1-9]\d*)$/.test(key) && Number(key) < 4294967295
}
