// What a user can say about a value or a function: how it is to cross. Each mark is a look-up by identity; the value stays as it is.

import { callerContext } from '../core/async-context.js'
import { callout } from '../core/callout.js'
import { requireKnown, show } from '../core/options.js'

/** A function that runs on the side where it was made, wherever it is called. */
export type Callback<A extends unknown[], R> = (...args: A) => Promise<Awaited<R>>

// biome-ignore lint/complexity/noBannedTypes: any function can be marked, whatever its parameters are.
export type AnyFunction = Function

/** Where a function is found by a worker. */
export interface ExportName {
  /** An absolute URL, or a specifier that the main program could import: a package name. */
  readonly module: string | URL
  /** The export; `default` if left out. */
  readonly export?: string
}

/** How the instances of a class cross. */
export interface Codec<T, D> {
  /** What to send: anything that can cross. */
  readonly encode: (value: T) => D
  /** Makes the value from it, on the other side. */
  readonly decode: (data: D) => T
}

/** Where a function is found, as byReference() or link() said it. */
interface Name {
  readonly module: string
  readonly export: string
  /** What is here only stands in for it. */
  readonly linked: boolean
}

/** A codec, and the class that it was registered for. */
export interface Registered {
  readonly Class: abstract new (...args: never[]) => unknown
  readonly codec: Codec<unknown, unknown>
  /** It came from another side. */
  readonly received: boolean
}

/** What each of them calls, in the async context of whoever made it. */
const callbacks = new WeakMap<object, (args: unknown[]) => unknown>()
const valued = new WeakSet<object>()
const valuedModules = new Set<string>()
const named = new WeakMap<object, Name>()
const linkedModules = new WeakMap<object, string>()
const codecs = new WeakMap<object, Registered>()
let codecCount = 0
let remarks = 0

/**
 * Makes a function that, wherever it is called, runs `fn` here: a call sends its arguments back to this side and returns a promise of
 * the result. It lives as long as the worker that holds it. Called on this side, it calls `fn` directly. From a worker, `fn` runs in the async
 * context in which `callback` was called.
 * @throws {TypeError} if `fn` is not a function.
 * @example
 * const found = callback((path: string) => { console.log(path) })
 * await pool.submit(searchDisk, '/srv', found)
 */
export function callback<A extends unknown[], R>(fn: (...args: A) => R): Callback<A, R> {
  mustBeFunction('callback', fn)
  const marked = async (...args: A): Promise<Awaited<R>> => await fn(...args)
  const context = callerContext()
  callbacks.set(marked, (args) => callout(() => context.runInAsyncScope(fn, undefined, ...(args as A)))) // Whoever calls it there knows what it takes.
  return marked
}

/** Says whether `value` was made by `callback()`. */
export function isCallback(value: unknown): value is Callback<unknown[], unknown> {
  return typeof value === 'function' && callbacks.has(value)
}

/** What it calls, in the context of whoever made it. */
export function callbackOf(value: object): ((args: unknown[]) => unknown) | undefined {
  return callbacks.get(value)
}

/**
 * Says how the instances of `Class` cross: `encode` runs here, `decode` there, and the other way round for results. Needed for classes
 * with private fields or native parts. Subclasses need their own. A later registration replaces an earlier one.
 * @throws {TypeError} if `Class` is not a class or a half of the codec is missing.
 * @example
 * register(Money, { encode: (money) => money.toString(), decode: (text) => Money.parse(text) })
 */
export function register<T, D>(Class: abstract new (...args: never[]) => T, codec: Codec<T, D>): void {
  mustBeFunction('register', Class)
  mustBeFunction('register: encode', codec?.encode)
  mustBeFunction('register: decode', codec?.decode)
  // The codec is only ever asked about instances of its own class.
  remember({ Class, codec: codec as unknown as Codec<unknown, unknown>, received: false })
}

/** Knows a codec that came from another side: what was made here goes back by it, unless this side has registered its own. */
export function registerReceived(Class: Registered['Class'], codec: Codec<unknown, unknown>): void {
  if (codecs.get(Class.prototype as object)?.received !== false) remember({ Class, codec, received: true })
}

function remember(registered: Registered): void {
  codecs.set(registered.Class.prototype as object, registered)
  codecCount++
}

/** What was registered for the class whose prototype object this is. */
export function registeredFor(prototype: object): Registered | undefined {
  return codecCount === 0 ? undefined : codecs.get(prototype)
}

/**
 * Sends `fn` as source text with its captured variables, also when a worker could import it: what it captures is then as it is here. A
 * URL or file name marks every export of that module. Of byValue() and byReference() the last word counts. Returns what it was given.
 * @example
 * pool.submit(byValue(parse), text)
 */
export function byValue<F extends AnyFunction | string | URL>(fn: F): F {
  remarks++
  if (typeof fn === 'function') {
    valued.add(fn)
    named.delete(fn)
  } else if (typeof fn === 'string' || fn instanceof URL) valuedModules.add(String(fn))
  else throw new TypeError(`byValue() takes a function or the URL of a module, got ${show(fn)}`)
  return fn
}

/** Says whether byValue() was told of this function or of its module. */
export function isByValue(fn: object, module?: string): boolean {
  return valued.has(fn) || (module !== undefined && valuedModules.has(module))
}

/**
 * Says where a worker finds `fn`: nothing of it is sent but this name. Returns `fn`.
 * @throws {TypeError} if `fn` is not a function, or `module` neither an absolute URL nor a package name.
 * @example
 * pool.submit(byReference(render, { module: new URL('./render.js', import.meta.url), export: 'render' }), page)
 */
export function byReference<F extends AnyFunction>(fn: F, name: ExportName): F {
  mustBeFunction('byReference', fn)
  const way = `Write { module: new URL('./tasks.js', import.meta.url), export: 'render' }`
  requireKnown('The names of byReference()', name, ['module', 'export'])
  const module = moduleName('byReference()', name.module, way)
  const { export: exported = 'default' } = name
  if (typeof exported !== 'string') throw new TypeError(`byReference() takes the name of an export, got ${show(exported)}. ${way}`)
  remarks++
  valued.delete(fn)
  named.set(fn, { module, export: exported, linked: false })
  return fn
}

/** A module as it is imported from anywhere. `way`: what to write instead of something else. */
export function moduleName(caller: string, module: unknown, way?: string): string {
  const isText = typeof module === 'string'
  const isUrl = typeof module === 'object' && module !== null && 'href' in module && typeof module.href === 'string'
  const name = isText ? module : isUrl ? (module.href as string) : ''
  if (name !== '' && !name.startsWith('.') && !name.startsWith('/')) return name
  const path = isText && name !== '' ? name : './tasks.js'
  throw new TypeError(
    `${caller} takes an absolute URL or a package name, got ${show(module)}. ${way ?? `Write new URL('${path}', import.meta.url)`}`,
  )
}

/** Marks `fn` as standing in for an export that may not be loaded here. */
export function linkedTo(fn: AnyFunction, module: string, name: string): void {
  named.set(fn, { module, export: name, linked: true })
}

/** Marks `handles` as standing for a module that may not be loaded here. */
export function standsForModule(handles: object, module: string): void {
  linkedModules.set(handles, module)
}

/** The module whose handles these are. */
export function linkedModule(handles: object): string | undefined {
  return linkedModules.get(handles)
}

/** What byReference() or link() said of this function. */
export function nameOf(fn: object): Name | undefined {
  return named.get(fn)
}

/** Changes whenever byValue() or byReference() say something: what was concluded before may be wrong now. */
export function countOfMarks(): number {
  return remarks
}

function mustBeFunction(where: string, fn: unknown): void {
  if (typeof fn !== 'function') throw new TypeError(`${where} takes a function, got ${show(fn)}`)
}
