// Which functions are for good: sent once and kept on the other side, because nothing that they reach can change, or it is seen here when it does.
import { isClass } from './class-name.js'
import { Refusal, readClosure } from './closures.js'
import { isOwnOfFunction } from './encode-functions.js'
import { isStandard } from './encode-properties.js'
import { isSlot } from './lowered-privates.js'
import { type AnyFunction, registeredFor } from './marks.js'
import { Reached } from './reached.js'
import type { ClassFacts } from './source-facts.js'

/** Knows what is defined already. */
interface Definer {
  /** The number of what goes by reference, or was kept. */
  reference(value: object): number | undefined
  /** That of what share() or perWorker() made. */
  held(value: object): number | undefined
}

export class Steadiness {
  readonly #sender: Definer
  /** The functions and classes by value that a steady one reaches, itself among them, as they were. */
  readonly #reached = new WeakMap<object, Reached>()
  /** Classes as they were when they were first looked at; null of those that have changed since. */
  readonly #classes = new WeakMap<object, Reached | null>()

  constructor(sender: Definer) {
    this.#sender = sender
  }

  /** Says whether everything a function reaches is for good: constants, references, functions and classes of this kind. */
  isSteady(root: AnyFunction): boolean {
    const seen = new Set<AnyFunction>([root])
    const reached = new Reached()
    for (const fn of seen) {
      if (isRegistered(fn)) continue
      if (fn !== root && this.#sender.reference(fn) !== undefined) {
        const theirs = this.#reached.get(fn)
        if (theirs !== undefined) reached.addAll(theirs)
        continue
      }
      const parts = steadyParts(fn)
      if (parts === undefined) return false
      const itself = this.#asItWas(fn)
      if (itself === undefined) return false
      reached.addAll(itself)
      for (const part of parts) {
        if (typeof part === 'function') seen.add(part as AnyFunction)
        else if (this.#sender.held(part) === undefined && this.#sender.reference(part) === undefined) return false
      }
    }
    if (!isRegistered(root)) this.#reached.set(root, reached)
    return true
  }

  /** What a function or class was when it was first looked at. Undefined of a class that has changed since: it goes with each call. */
  #asItWas(fn: AnyFunction): Reached | undefined {
    if (!isClass(fn)) return new Reached(fn)
    let itself = this.#classes.get(fn)
    if (itself === undefined) itself = new Reached(fn)
    else if (itself?.isAsItWas === false) itself = null
    this.#classes.set(fn, itself)
    return itself ?? undefined
  }

  /** What a kept function reaches; undefined of one that was not looked at. */
  reachedBy(root: object): Reached | undefined {
    return this.#reached.get(root)
  }

  /** Says whether what a kept function reaches is what it was. */
  isCurrent(root: object): boolean {
    return this.#reached.get(root)?.isAsItWas ?? true
  }
}

/** Its codec has the class once per worker, which has to be that of all calls. */
function isRegistered(fn: AnyFunction): boolean {
  const registered = registeredFor(fn.prototype as object)
  return registered?.Class === fn && !registered.received
}

/** The functions and objects that a steady function reaches directly; undefined when something about it can change. */
function steadyParts(fn: AnyFunction): object[] | undefined {
  const closure = readClosure(fn)
  if (closure instanceof Refusal || !closure.constant) return undefined
  // A method that uses `super` is what it is only in its object, and objects can change.
  if (closure.needsHome) return undefined
  // What its private static fields hold by now only the engine shows, and asking it takes long.
  if (closure.facts.klass?.secrets.some(({ constant }) => !constant)) return undefined
  const parts = new Set<object>()
  for (const variable of closure.variables) {
    if (isSlot(closure, variable.name, variable.value)) continue
    if (variable.reference === undefined && variable.name !== 'require') add(parts, variable.value)
  }
  const members = closure.facts.klass === undefined ? hasNone(fn) : addMembers(parts, fn, closure.facts.klass)
  return members ? [...parts] : undefined
}

function add(parts: Set<object>, value: unknown): void {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') parts.add(value)
}

/** Says whether a function has nothing put on it or on its prototype object. */
function hasNone(fn: AnyFunction): boolean {
  const isBare = Reflect.ownKeys(fn).every((key) => isOwnOfFunction(fn, key))
  return isBare && isPrototypeOfFunctions(Object.getPrototypeOf(fn) as object | null)
}

/** Adds what is on a class without being in its text. False: something there can change. */
function addMembers(parts: Set<object>, Class: AnyFunction, klass: ClassFacts): boolean {
  const prototype = Object.getOwnPropertyDescriptor(Class, 'prototype')?.value as object
  const above = Object.getPrototypeOf(Class) as object | null
  if (!isPrototypeOfFunctions(above)) {
    if (above === null) return false
    parts.add(above)
  }
  // Whoever put another object above the methods wants it to be seen.
  const aboveMethods = Object.getPrototypeOf(prototype) as object | null
  const isUsual =
    aboveMethods === null
      ? klass.heritage
      : isStandard(aboveMethods, 'Object') || (typeof above === 'function' && above.prototype === aboveMethods)
  return isUsual && addOwn(parts, Class, Class, klass.staticMethods, klass) && addOwn(parts, prototype, Class, klass.methods, klass)
}

/** A static field, or what was put on the prototype object, may hold anything; a method is in the text of its class. */
function addOwn(parts: Set<object>, holder: object, Class: AnyFunction, written: ReadonlySet<string>, { computed }: ClassFacts): boolean {
  for (const key of Reflect.ownKeys(holder)) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor
    if (key === (holder === Class ? 'prototype' : 'constructor') && !descriptor.enumerable) continue
    for (const value of [descriptor.value, descriptor.get, descriptor.set] as unknown[]) {
      if (typeof value === 'object' && value !== null) return false
      if (typeof value !== 'function') continue
      const isNamed = computed || (typeof key === 'string' && written.has(key))
      if (!isNamed || !textOf(Class).includes(textOf(value))) parts.add(value)
    }
  }
  return true
}

function textOf(fn: object): string {
  return Function.prototype.toString.call(fn)
}

/** Of functions, async functions and generators, in this realm or another. */
function isPrototypeOfFunctions(above: object | null): boolean {
  if (above === null) return false
  if (isStandard(above, 'Function')) return true
  const tag: unknown = Object.getOwnPropertyDescriptor(above, Symbol.toStringTag)?.value
  return tag === 'AsyncFunction' || tag === 'GeneratorFunction' || tag === 'AsyncGeneratorFunction'
}
