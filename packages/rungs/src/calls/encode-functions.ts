// Functions and classes in a graph: by name where the other side has them, otherwise as text with what they captured.

import { types } from 'node:util'
import { type Closure, Refusal, readClosure, type Variable } from './closures.js'
import { isMeta, META } from './compile.js'
import type { Encoder } from './encode.js'
import type { PlacedClosure } from './encode-codes.js'
import { encodeProperties, encodePrototype, isStandard } from './encode-properties.js'
import { secretsOf } from './encode-secrets.js'
import { addShape, isWritten } from './encode-shape.js'
import { requiredRef } from './function-ref.js'
import { isNative } from './globals.js'
import { inspectFunction, readVariable, type Seen } from './inspector.js'
import { isSlot } from './lowered-privates.js'
import { type AnyFunction, registeredFor } from './marks.js'
import { urlOf } from './scripts.js'
import { sourceFacts } from './source-facts.js'
import { inItsMode } from './strictness.js'
import { type Extras, Kind, PATCHES, STATICS } from './wire.js'

/** The node of a function that has no id yet. */
export function encodeFunction(encoder: Encoder, fn: AnyFunction, at: number): unknown[] {
  const { sender } = encoder
  const defines = at === 0 && encoder.options.defines === true
  if (!defines) {
    const id = sender.reference(fn)
    if (id !== undefined) return encoder.defined(id)
  }
  if (sender.code === 'references-only') {
    encoder.refuse(
      at,
      'this executor takes references only, and the function is not an export of a module that can be imported',
      'Export it from a module of its own, or use link()',
    )
  }
  if (types.isProxy(fn)) encoder.refuse(at, 'a Proxy cannot be told from what it hides', 'Send the function behind it')
  const seen = needsLook(fn) ? inspectFunction(fn) : undefined
  const bound = seen?.bound
  if (bound !== undefined) {
    return boundFunction(encoder, fn, bound, at)
  }
  const promisified = promisifiedBy(fn, seen)
  if (promisified !== undefined)
    return [Kind.construct, 'promisify', [encoder.at(promisified, at, { words: ' (what it makes a promise of)' })]]
  if (!defines && (encoder.options.keeps ? sender.steady.isSteady(fn) : sender.isKept(fn))) return encoder.defined(sender.keep(fn))
  const closure = readClosure(fn)
  if (closure instanceof Refusal) {
    if (closure.label !== undefined) encoder.nameFunction(at, closure.label)
    return encoder.refuseWith(at, closure)
  }
  return byValue(encoder, inItsMode(closure), at)
}

function boundFunction(encoder: Encoder, fn: AnyFunction, { target, self, args }: NonNullable<Seen['bound']>, at: number): unknown[] {
  const targetAt = encoder.at(target, at, { words: ' (its bound function)' })
  const selfAt = encoder.at(self, at, { words: ' (its bound this)' })
  const argsAt = Array.from(args, (one, index) => encoder.at(one, at, { words: ` (bound argument ${index})` }))
  const node: unknown[] = [Kind.bound, targetAt, selfAt, argsAt]
  const name = Object.getOwnPropertyDescriptor(fn, 'name')?.value as unknown
  const usual = `bound ${String(Object.getOwnPropertyDescriptor(target, 'name')?.value ?? '')}`
  const own = ownProperties(encoder, fn, at, (_, key) => key === 'length' || (key === 'name' && name === usual) || !Object.hasOwn(fn, key))
  // It has that of its function by being made.
  if (Object.getPrototypeOf(fn) === Object.getPrototypeOf(target)) own[2] = -1
  addShape(encoder, { fn }, at, own[0], own[1])
  const [names, , prototypeAt, extras] = own
  if (names.length > 0 || prototypeAt !== -1 || extras !== undefined) node.push(...own)
  return node
}

/** Bound functions look like native code, and those made by util.promisify say so; looking at a function costs more than all else. */
function needsLook(fn: AnyFunction): boolean {
  return isNative(fn) || /ReflectApply\(original/.test(Function.prototype.toString.call(fn))
}

function promisifiedBy(fn: AnyFunction, seen: Seen | undefined): unknown {
  if (seen === undefined || urlOf(seen, fn) !== 'node:internal/util') return undefined
  const scope = seen.scopes.find((one) => 'original' in one.variables)
  return scope === undefined ? undefined : readVariable(scope.variables, 'original')
}

function byValue(encoder: Encoder, closure: Closure, at: number): unknown[] {
  const { fn, facts } = closure
  encoder.nameFunction(at, closure.label)
  if (facts.surroundings.rebuiltMeta && !hasOurMeta(fn)) {
    encoder.refuse(at, `its text uses the name ${META}, by which this library calls import.meta`, 'Call the variable something else')
  }
  const valuesAt = closure.variables.map((variable) => variableAt(encoder, closure, variable, at))
  const node: unknown[] = [Kind.function, -1, -1, encoder.sender.origin(fn), heritageAt(encoder, closure, at), nameOf(fn)]
  const secrets = facts.klass === undefined ? undefined : secretsOf(encoder, closure, at)
  encoder.closures.push({ closure: secrets?.closure ?? closure, at, node, valuesAt, whyAbsent: new Map() })
  const home = closure.needsHome ? (encoder.holderOf(at) ?? writtenIn(encoder, fn, at)) : undefined
  if (closure.needsHome && home === undefined) {
    encoder.refuse(at, 'it uses `super`, and its class or object is not sent with it', 'Send the object, and call the method there')
  }
  if (facts.klass === undefined) node.push(...ownProperties(encoder, fn, at, isOwnOfFunction), home)
  else {
    const own = classProperties(encoder, closure, at)
    node.push(...own)
    secrets?.add(own[0], own[1])
    bringCodec(encoder, fn)
  }
  addShape(encoder, closure, at, node[6] as string[], node[7] as number[])
  return node
}

/** The name stands for `import.meta` where this library has put it, and nowhere else. Without an inspector nobody can tell. */
function hasOurMeta(fn: AnyFunction): boolean {
  const scopes = inspectFunction(fn)?.scopes
  const scope = scopes?.find(({ variables }) => Object.hasOwn(variables, META))
  return scopes === undefined || (scope !== undefined && isMeta(readVariable(scope.variables, META)))
}

function sourceOf(fn: AnyFunction): string {
  return Function.prototype.toString.call(fn)
}

/** The place of where a method was when its class was made that a decorator has replaced there: it is reached by way of the class. */
function writtenIn(encoder: Encoder, method: AnyFunction, at: number): number | undefined {
  const text = sourceOf(method)
  const name = method.name.replace(/^[gs]et /, '')
  for (const { at: classAt, value } of encoder.above(at)) {
    if (typeof value !== 'function' || !sourceOf(value as AnyFunction).includes(text)) continue
    const facts = sourceFacts(sourceOf(value as AnyFunction))
    if (typeof facts === 'string' || facts.klass === undefined) continue
    const { methods, staticMethods } = facts.klass
    // Of two of that name nobody knows which it was.
    if (methods.has(name) === staticMethods.has(name)) return undefined
    return staticMethods.has(name)
      ? classAt
      : encoder.at((value as AnyFunction & { prototype: object }).prototype, classAt, { words: '.prototype' })
  }
  return undefined
}

/** Private static members that a tool has written out go with the class. */
export function encodeStatics(encoder: Encoder, { closure, at, node }: PlacedClosure): void {
  const slots = encoder.sender.slots.with(closure.fn)
  if (slots.length === 0) return
  const valuesAt: number[] = []
  for (const slot of slots) {
    const place = valuesAt.push(encoder.at(slot, at, { words: '' }), -1) - 1
    if (slot instanceof WeakSet) continue
    const valueAt = encoder.at(slot.get(closure.fn), at, { words: ' (a private static member)' })
    valuesAt[place] = valueAt
    // As with whatever else a class drags in: using it there is the error.
    encoder.mend(valueAt, () => {
      valuesAt[place] = -1
    })
  }
  ;(node[6] as string[]).push(STATICS)
  ;(node[7] as number[]).push(encoder.add([Kind.array, valuesAt.length, valuesAt, -1, undefined]))
}

/** What was registered for a class goes with it: the other side may make the first instance. */
function bringCodec(encoder: Encoder, Class: AnyFunction): void {
  const registered = registeredFor(Class.prototype as object)
  if (registered === undefined || registered.Class !== Class || registered.received || encoder.sender.isDefining(registered)) return
  try {
    encoder.add(encoder.defined(encoder.sender.codecOf(registered)))
  } catch {
    // Its codec cannot cross, which is told of the first instance that needs it.
  }
}

/** A class may have a static member of that name instead. */
function nameOf(fn: AnyFunction): string | undefined {
  const descriptor = Object.getOwnPropertyDescriptor(fn, 'name')
  if (descriptor === undefined) return ''
  return typeof descriptor.value === 'string' && !descriptor.enumerable ? descriptor.value : undefined
}

/** The place of what a variable holds. */
function variableAt(encoder: Encoder, closure: Closure, variable: Variable, at: number): number {
  const label = { words: `, captured variable ${variable.name}` }
  const valueAt = holderAt(encoder, closure, variable, at, label)
  // A class drags in whatever any of its methods uses; using such a variable there is the error, not having it.
  if (closure.facts.klass !== undefined) {
    encoder.mend(valueAt, ({ message }) => {
      const placed = encoder.closures.find((one) => one.at === at)
      if (placed === undefined) return
      placed.valuesAt[closure.variables.indexOf(variable)] = -1
      placed.whyAbsent.set(variable.name, message)
    })
  }
  return valueAt
}

function holderAt(encoder: Encoder, closure: Closure, variable: Variable, at: number, label: { words: string }): number {
  const { value, reference } = variable
  if (variable.name === 'require' && typeof value === 'function' && 'cache' in value) {
    return encoder.add([Kind.construct, 'require', [encoder.add(closure.url)]])
  }
  if (variable.name === '__vite_ssr_dynamic_import__') return encoder.add([Kind.construct, 'import', [encoder.add(closure.url)]])
  if (reference !== undefined) {
    const id = typeof value === 'function' ? encoder.sender.reference(value) : undefined
    return encoder.add(encoder.defined(id ?? encoder.sender.define({ kind: 'export', ...reference }, value ?? undefined)))
  }
  if (typeof value === 'object' && value !== null && mayBeRequired(variable)) {
    const required = requiredRef(value)
    if (required !== undefined) return encoder.add(encoder.defined(encoder.sender.define(required, value)))
  }
  if (variable.members !== undefined && typeof value === 'object' && value !== null) {
    return encoder.membersOf(value as Record<string, unknown>, variable.members, at, label)
  }
  if (isSlot(closure, variable.name, value)) encoder.sender.slot(value)
  return encoder.at(value, at, label)
}

/** What comes and goes in inner scopes is not looked for among the modules. Of a text that only a tool has in its memory nothing is known. */
function mayBeRequired(variable: Variable): boolean {
  return variable.home.type === 'Module' || variable.members !== undefined || variable.constant || !variable.declared
}

/** What a class extends is asked of the class; the name in its text may be gone. */
function heritageAt(encoder: Encoder, closure: Closure, at: number): number {
  if (!closure.facts.klass?.heritage) return -1
  const prototype: unknown = Object.getOwnPropertyDescriptor(closure.fn, 'prototype')?.value
  if (Object.getPrototypeOf(prototype as object) === null) return encoder.add(null)
  return encoder.at(Object.getPrototypeOf(closure.fn), at, { words: ` (the class it extends)` })
}

const STANDARD = new Set<string | symbol>(['length', 'name', 'prototype', 'arguments', 'caller'])

type Properties = [names: string[], valuesAt: number[], prototypeAt: number, extras: Extras | undefined]

export function isOwnOfFunction(fn: AnyFunction, key: string | symbol): boolean {
  if (!STANDARD.has(key)) return false
  if (key !== 'prototype') return true
  // `function Point() {}` with methods on its prototype is a class of the old kind.
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value
  if (typeof prototype !== 'object' || prototype === null) return prototype === undefined
  const keys = Reflect.ownKeys(prototype)
  const above: unknown = Object.getPrototypeOf(prototype)
  if (types.isGeneratorFunction(fn)) return keys.length === 0
  return (
    keys.length === 1 &&
    keys[0] === 'constructor' &&
    above === Object.prototype &&
    (prototype as { constructor: unknown }).constructor === fn &&
    Object.isExtensible(prototype)
  )
}

function ownProperties(
  encoder: Encoder,
  fn: AnyFunction,
  at: number,
  skip: (fn: AnyFunction, key: string | symbol) => boolean,
): Properties {
  const rest = Object.defineProperties(
    Object.create(null) as object,
    pick(fn, (key) => key !== 'prototype' && !skip(fn, key)),
  )
  const [names, valuesAt, extras] = encodeProperties(encoder, rest, at)
  if (!skip(fn, 'prototype')) {
    names.push('prototype')
    valuesAt.push(encoder.at(Object.getOwnPropertyDescriptor(fn, 'prototype')?.value, at, 'prototype'))
  }
  const above = Object.getPrototypeOf(fn) as object | null
  const usual = above !== null && isFunctionPrototype(above)
  const closed = Object.isExtensible(fn)
    ? extras
    : { properties: extras?.properties ?? [], integrity: Object.isFrozen(fn) ? 3 : Object.isSealed(fn) ? 2 : 1 }
  return [names, valuesAt, usual ? -1 : (encodePrototype(encoder, above, at, 'Function') ?? -1), closed]
}

function isFunctionPrototype(prototype: object): boolean {
  if (isStandard(prototype, 'Function')) return true
  const tag: unknown = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.value
  return tag === 'AsyncFunction' || tag === 'GeneratorFunction' || tag === 'AsyncGeneratorFunction'
}

function pick(value: object, wanted: (key: string | symbol) => boolean): PropertyDescriptorMap {
  const picked: PropertyDescriptorMap = {}
  for (const key of Reflect.ownKeys(value)) {
    if (!wanted(key)) continue
    // An own property even when it is called __proto__.
    Object.defineProperty(picked, key, { value: Object.getOwnPropertyDescriptor(value, key), enumerable: true })
  }
  return picked
}

/** Static fields may be called `name` or `length`. */
function isStandardOf(fn: AnyFunction, key: string | symbol): boolean {
  return STANDARD.has(key) && Object.getOwnPropertyDescriptor(fn, key)?.enumerable === false && !isMethodOf(fn, key)
}

function isMethodOf(fn: AnyFunction, key: string | symbol): boolean {
  return key !== 'prototype' && typeof Object.getOwnPropertyDescriptor(fn, key)?.value === 'function'
}

/** Public static fields as they are now, and what was added to the class or its prototype after it was made. */
function classProperties(encoder: Encoder, closure: Closure, at: number): Properties {
  const { fn } = closure
  const own = ownProperties(encoder, fn, at, (_, key) => isStandardOf(fn, key) || isWritten(closure, fn, key))
  // Where a parent class is, the class has it as its prototype by being made.
  if (closure.facts.klass?.heritage) own[2] = -1
  const prototype = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value as object
  const patched = pick(prototype, (key) => key !== 'constructor' && !isWritten(closure, prototype, key))
  if (Reflect.ownKeys(patched).length > 0) {
    own[0].push(PATCHES)
    own[1].push(encoder.at(Object.defineProperties({}, patched), at, { words: '.prototype' }))
  }
  return own
}
