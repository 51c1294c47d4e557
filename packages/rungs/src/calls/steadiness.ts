// Which functions are for good: sent once and kept on the other side, because nothing that they reach can change, or it is seen here when it does.
import { isClass } from './class-name.js'
import { Refusal, readClosure } from './closures.js'
import { isOwnOfFunction } from './encode-functions.js'
import { isSlot } from './lowered-privates.js'
import { type AnyFunction, registeredFor } from './marks.js'
import { Reached } from './reached.js'

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
  const parts: object[] = []
  const add = (value: unknown) => {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') parts.push(value)
  }
  for (const variable of closure.variables) {
    if (isSlot(closure, variable.name, variable.value)) continue
    if (variable.reference === undefined && variable.name !== 'require') add(variable.value)
  }
  const isWritten = closure.facts.klass !== undefined
  for (const key of Reflect.ownKeys(fn)) {
    if (key === 'length' || key === 'name' || key === 'prototype' || key === 'arguments' || key === 'caller') continue
    const descriptor = Object.getOwnPropertyDescriptor(fn, key)
    const value: unknown = descriptor?.value
    if (!isWritten) return undefined
    // A static method is in the text of its class; a static field may hold anything.
    if (typeof value === 'object' && value !== null) return undefined
    if (typeof value === 'function' && !closure.facts.klass?.staticMethods.has(String(key))) add(value)
  }
  if (isWritten) {
    const above: unknown = Object.getPrototypeOf(fn)
    if (closure.facts.klass?.heritage && above !== Function.prototype) add(above)
    return parts
  }
  return isOwnOfFunction(fn, 'prototype') ? parts : undefined
}
