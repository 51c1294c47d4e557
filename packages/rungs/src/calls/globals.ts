// Names of what every side has: globals, built-in classes and functions, the modules of Node.

import { builtinModules } from 'node:module'
import { classNameOf } from './class-name.js'
import { UNNAMED } from './global-steps.js'

/** A name for what a side has anyway. */
export type BuiltinName =
  | { readonly from: 'global'; readonly path: readonly string[] }
  | { readonly from: 'module'; readonly module: string; readonly path: readonly string[] }

const OBJECTS = [
  'Atomics',
  'Intl',
  'JSON',
  'Math',
  'Reflect',
  'Temporal',
  'WebAssembly',
  'console',
  'crypto',
  'global',
  'globalThis',
  'localStorage',
  'navigator',
  'performance',
  'process',
  'sessionStorage',
]

/** Objects that are instances of a class for themselves. Touching a global loads what it stands for, but who has one has done that. */
const SINGLE: ReadonlyMap<string, readonly string[]> = new Map([
  ['Crypto', ['crypto']],
  ['Navigator', ['navigator']],
  ['Performance', ['performance']],
  ['SubtleCrypto', ['crypto', 'subtle']],
])

let globals: Map<object, readonly string[]> | undefined
let modules: Map<object, { readonly module: string; readonly path: readonly string[] }> | undefined
let loadedModules = 0

/** The name of a built-in value, undefined when it is not one. */
export function builtinName(value: object): BuiltinName | undefined {
  const direct = directGlobal(value)
  if (direct !== undefined) return { from: 'global', path: [direct] }
  globals ??= indexGlobals(globalThis)
  const path = globals.get(value) ?? singleObject(value) ?? realmOf(value)?.get(value)
  if (path !== undefined) return { from: 'global', path }
  if (typeof value !== 'function' && isOrdinary(value)) return undefined
  const found = indexModules().get(value)
  return found === undefined ? undefined : { from: 'module', ...found }
}

function singleObject(value: object): readonly string[] | undefined {
  if (typeof value === 'function') return undefined
  const path = SINGLE.get(classNameOf(value) ?? '')
  return path?.reduce<unknown>((holder, name) => Reflect.get(Object(holder), name), globalThis) === value ? path : undefined
}

/** Says whether it is the prototype object of a global class, which looks like an instance of that. */
export function isGlobalPrototype(value: object): boolean {
  const Class: unknown = Object.getOwnPropertyDescriptor(value, 'constructor')?.value
  return typeof Class === 'function' && Class.prototype === value && directGlobal(Class) !== undefined
}

/** The name of a function that is a global under its own name: no index is needed for those. */
export function directGlobal(value: object): string | undefined {
  if (typeof value === 'function') {
    const { name } = value
    return typeof name === 'string' && Object.hasOwn(globalThis, name) && isBuiltinGlobal(name) && Reflect.get(globalThis, name) === value
      ? name
      : undefined
  }
  return undefined
}

/** Says whether a global of this name is the platform's own. Those that a program adds do not exist in a worker. */
export function isBuiltinGlobal(name: string): boolean {
  if (OBJECTS.includes(name) || name === 'undefined' || name === 'NaN' || name === 'Infinity') return true
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)
  if (descriptor === undefined) return false
  // Node's lazy globals are accessors; touching them would load what they stand for.
  const fn: unknown = descriptor.get ?? descriptor.value
  return typeof fn === 'function' && isBuiltinFunction(fn)
}

// biome-ignore lint/complexity/noBannedTypes: asks any function.
const builtinKnown = new WeakMap<Function, boolean>()

/** Native code, or one of Node's own functions, whose text names only Node's internals: those are known by the global they sit on. */
// biome-ignore lint/complexity/noBannedTypes: asks any function.
function isBuiltinFunction(fn: Function): boolean {
  const known = builtinKnown.get(fn)
  if (known !== undefined) return known
  const answer = isNative(fn) || NODE_GLOBALS.has(fn.name) || /^(get|set) /.test(fn.name)
  builtinKnown.set(fn, answer)
  return answer
}

const NODE_GLOBALS = new Set(
  `AbortController AbortSignal Blob BroadcastChannel Buffer ByteLengthQueuingStrategy CloseEvent CompressionStream CountQueuingStrategy
  Crypto CryptoKey CustomEvent DOMException DecompressionStream ErrorEvent Event EventSource EventTarget File FormData Headers MessageChannel
  MessageEvent MessagePort Navigator Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver
  PerformanceObserverEntryList PerformanceResourceTiming QuotaExceededError ReadableByteStreamController ReadableStream ReadableStreamBYOBReader
  ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader Request Response Storage SubtleCrypto
  TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream TransformStreamDefaultController URL URLPattern
  URLSearchParams WebSocket WritableStream WritableStreamDefaultController WritableStreamDefaultWriter atob btoa clearImmediate
  clearInterval clearTimeout fetch queueMicrotask require setImmediate setInterval setTimeout structuredClone`.split(/\s+/),
)

/** Its text is not shown: it is a part of the engine or of Node, or it was bound. */
// biome-ignore lint/complexity/noBannedTypes: asks any function.
export function isNative(fn: Function): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(fn))
}

/** An object that looks like data: no module of Node is asked whether it is one of its parts. */
function isOrdinary(value: object): boolean {
  const key = Object.keys(value)[0]
  if (key === undefined) return Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value)
  const descriptor = Object.getOwnPropertyDescriptor(value, key)
  return typeof descriptor?.value !== 'function' && descriptor?.get === undefined
}

const realms = new WeakMap<object, Map<object, readonly string[]>>()

/** The names in another realm: what `node:vm` made, and test files of Jest, have an `Error` and a `Map` of their own. */
function realmOf(value: object): Map<object, readonly string[]> | undefined {
  let top = value
  for (let above = Object.getPrototypeOf(top); above !== null; above = Object.getPrototypeOf(top)) top = above as object
  const TheirObject: unknown = Object.getOwnPropertyDescriptor(top, 'constructor')?.value
  if (TheirObject === Object || typeof TheirObject !== 'function' || !isNative(TheirObject)) return undefined
  const TheirFunction: unknown = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(TheirObject), 'constructor')?.value
  if (TheirFunction === Function || typeof TheirFunction !== 'function' || !isNative(TheirFunction)) return undefined
  let index = realms.get(TheirFunction)
  if (index === undefined) {
    try {
      index = indexGlobals(TheirFunction('return globalThis')() as object)
    } catch {
      // It may not make code from strings.
      index = new Map()
    }
    realms.set(TheirFunction, index)
  }
  return index
}

function indexGlobals(realm: object): Map<object, readonly string[]> {
  const index = new Map<object, readonly string[]>()
  for (const name of Object.getOwnPropertyNames(realm)) {
    const descriptor = Object.getOwnPropertyDescriptor(realm, name)
    const value: unknown = descriptor?.value
    if (!isObject(value) || !isBuiltinGlobal(name) || (typeof value === 'function' && !isBuiltinFunction(value))) continue
    if (!index.has(value)) index.set(value, [name === 'global' ? 'globalThis' : name])
    if (value !== realm && value !== process) indexMembers(index, value, [name], 2)
  }
  if (realm !== globalThis) return index
  for (const [name, value] of UNNAMED) {
    if (!isObject(value)) continue
    index.set(value, [name])
    indexMembers(index, value, [name], 2)
  }
  index.set(process, ['process'])
  for (const name of [
    'env',
    'argv',
    'versions',
    'memoryUsage',
    'hrtime',
    'cwd',
    'exit',
    'nextTick',
    'uptime',
    'cpuUsage',
    'release',
    'config',
  ]) {
    const value: unknown = Reflect.get(process, name)
    if (isObject(value)) index.set(value, ['process', name])
  }
  return index
}

/** Names the functions and objects that are members of `holder`, its prototype object included. */
function indexMembers(index: Map<object, readonly string[]>, holder: object, path: readonly string[], depth: number): void {
  const descriptors = Object.getOwnPropertyDescriptors(holder)
  for (const key of Reflect.ownKeys(holder)) {
    const descriptor = descriptors[key as string]
    const name = typeof key === 'string' ? key : wellKnownName(key)
    if (descriptor === undefined || name === undefined || name === 'constructor') continue
    for (const step of ['value', 'get', 'set'] as const) {
      const value: unknown = descriptor[step]
      if (!isObject(value) || index.has(value)) continue
      const named = [...path, step === 'value' ? name : `${step} ${name}`]
      if (typeof value === 'function' || name === 'prototype') index.set(value, named)
      if (name === 'prototype' && depth > 1) indexMembers(index, value, named, 1)
    }
  }
}

/** A step of a path that is a well-known symbol: `[Symbol.iterator]`. */
function wellKnownName(symbol: symbol): string | undefined {
  const name = /^Symbol\.(\w+)$/.exec(symbol.description ?? '')?.[1]
  return name !== undefined && Reflect.get(Symbol, name) === symbol ? `[Symbol.${name}]` : undefined
}

function indexModules(): Map<object, { readonly module: string; readonly path: readonly string[] }> {
  const loaded = (process as unknown as { moduleLoadList: string[] }).moduleLoadList
  if (modules !== undefined && loaded.length === loadedModules) return modules
  loadedModules = loaded.length
  const names = new Set(loaded.map((line) => line.replace('NativeModule ', '')))
  const index = new Map<object, { readonly module: string; readonly path: readonly string[] }>()
  for (const name of builtinModules) {
    // `fs.promises` is there as soon as somebody has asked for it, without a module of that name being loaded.
    const isThere = names.has(name) || (name.endsWith('/promises') && names.has(`internal/${name}`))
    if (name.startsWith('_') || !isThere || name === 'sys' || name === 'punycode') continue
    const module = process.getBuiltinModule(`node:${name}`)
    if (!isObject(module)) continue
    const members = new Map<object, readonly string[]>([[module, []]])
    indexMembers(members, module, [], 2)
    for (const [value, path] of members) {
      if (path.length > 0 && path[0] !== 'prototype' && typeof value === 'function') indexMembers(members, value, path, 2)
    }
    for (const key of ['promises', 'posix', 'win32', 'types', 'constants', 'webcrypto', 'strict']) {
      const part: unknown = Object.getOwnPropertyDescriptor(module, key)?.value
      if (!isObject(part)) continue
      if (!members.has(part)) members.set(part, [key])
      indexMembers(members, part, [key], 1)
    }
    for (const [value, path] of members) if (!index.has(value) && !isShared(value)) index.set(value, { module: `node:${name}`, path })
  }
  modules = index
  return index
}

/** Built-in prototypes have a name already. */
function isShared(value: object): boolean {
  return value === Object.prototype || value === Function.prototype
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
