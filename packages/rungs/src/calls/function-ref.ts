// References: a function, class or object that a worker finds by name.

import { isBuiltin } from 'node:module'
import { pathToFileURL } from 'node:url'
import { types } from 'node:util'
import { builtinName, directGlobal, isNative } from './globals.js'
import { inspectFunction, readVariable, type Seen } from './inspector.js'
import { type AnyFunction, isByValue, linkedModule, nameOf } from './marks.js'
import { factsOf, isOwnExport, isTopLevel, type ModuleFacts, startOf } from './module-facts.js'
import { ownClasses } from './own.js'
import { exportsOf, requiredModules, requireHere } from './required.js'
import { pathOf } from './script-names.js'
import { isEntry, nameScript, urlOf } from './scripts.js'
import type { Definition, ModuleRef } from './wire.js'

/** The definition by which a worker finds `value`, undefined when it has to be sent by value. `seen` spares a second look at it. */
export function refOf(value: object, seen?: () => Seen | undefined): Definition | undefined {
  const given = nameOf(value)
  if (given !== undefined) {
    const definition = exported({ specifier: given.module, how: 'import' }, [given.export])
    return given.linked ? { ...definition, linked: true } : definition
  }
  const linked = linkedModule(value)
  if (linked !== undefined) return exported({ specifier: linked, how: 'import' }, [])
  const own = ownClasses.get(value)
  if (own !== undefined) return exported({ specifier: 'rungs', how: 'own' }, [own])
  if (isByValue(value) || types.isProxy(value)) return undefined
  if (typeof value !== 'function' || isNative(value)) return builtinRef(value)
  const direct = directGlobal(value)
  if (direct !== undefined) return { kind: 'global', path: [direct] }
  const read = seen?.() ?? inspectFunction(value)
  const url = read === undefined ? undefined : urlOf(read, value)
  if (read === undefined || url === undefined) return undefined
  // Made at run time, or a function of Node that never ran: nothing tells where that was written.
  if (url === '') return requiredFunction(value, read) ?? builtinRef(value)
  return url.startsWith('node:') ? builtinRef(value) : loadedRef(value, read, url)
}

function builtinRef(value: object): Definition | undefined {
  if (types.isModuleNamespaceObject(value)) return builtinNamespaceRef(value)
  const name = builtinName(value)
  if (name === undefined) return undefined
  if (name.from === 'global') return { kind: 'global', path: name.path }
  return exported({ specifier: name.module, how: 'require' }, name.path)
}

/** What `import * as fs from 'node:fs'` gives: its default export is the module itself, and it has nothing else than that has. */
function builtinNamespaceRef(namespace: object): Definition | undefined {
  const module = ownValue(namespace, 'default')
  if (typeof module !== 'object' && typeof module !== 'function') return undefined
  const name = module === null ? undefined : builtinName(module)
  // Some modules are globals as well: process, console.
  const specifier = name?.from === 'global' ? `node:${name.path.join('.')}` : name?.path.length === 0 ? name.module : undefined
  if (specifier === undefined || !isBuiltin(specifier) || process.getBuiltinModule(specifier) !== module) return undefined
  const isSame = (key: string) => {
    const own = Object.getOwnPropertyDescriptor(module, key)
    return own !== undefined && (own.get !== undefined || own.value === ownValue(namespace, key))
  }
  // A module of the program may export one of Node as its default, and other things.
  const names = Object.keys(namespace).filter((key) => key !== 'default' && key !== 'module.exports')
  return names.every(isSame) ? exported({ specifier, how: 'import' }, []) : undefined
}

function ownValue(holder: object, name: string): unknown {
  try {
    return Object.getOwnPropertyDescriptor(holder, name)?.value
  } catch {
    return undefined // The namespace of a module whose line has not run yet.
  }
}

function exported(module: ModuleRef, path: readonly string[]): Definition & { readonly kind: 'export' } {
  return { kind: 'export', module, path }
}

function loadedRef(fn: AnyFunction, read: Seen, url: string): Definition | undefined {
  if (isEntry(url) || isByValue(fn, url)) return undefined
  const module = read.scopes.find((scope) => scope.type === 'Module')
  if (module !== undefined) return /^(file|data|https?):/.test(url) ? moduleRef(fn, read, url, module.variables) : undefined
  const path = pathOf(url)
  return path === undefined || !isOnDisk(fn, read, url) ? undefined : commonJsRef(fn, path)
}

/** What a tool has rewritten in memory a worker would load as it was before. */
function isOnDisk(fn: AnyFunction, seen: Seen, url: string): boolean {
  const facts = factsOf(url)
  // Of a very long text nothing is known. Types can only be there when somebody took them away.
  if (facts === undefined) return !/\.([cm]?ts|[jt]sx)$/.test(url)
  return startOf(facts, Function.prototype.toString.call(fn), seen.line, seen.column) >= 0
}

/** An export of an ES module is found by identity among the module's own variables; its text tells under which name it is exported. */
function moduleRef(fn: AnyFunction, seen: Seen, url: string, variables: Readonly<Record<string, unknown>>): Definition | undefined {
  const found = localPath(fn, variables)
  if (found === undefined) return undefined
  const facts = factsOf(url)
  const [local, ...rest] = found
  const name = facts === undefined ? undefined : exportName(facts, fn, seen, local as string, rest)
  return name === undefined ? undefined : exported({ specifier: url, how: 'import' }, [name, ...rest])
}

function exportName(facts: ModuleFacts, fn: AnyFunction, seen: Seen, local: string, path: readonly string[]): string | undefined {
  const text = Function.prototype.toString.call(fn)
  const start = startOf(facts, text, seen.line, seen.column)
  // The text on disk may be newer than the one that runs; then its names say nothing.
  if (start < 0) return undefined
  if (path.length === 0 && isOwnExport(facts, start, local)) return local
  const { names } = facts
  const name = names?.exports.get(local)
  if (name === undefined) return undefined
  // A worker that imports the module has what the variable held first.
  if (names?.root.bindings.get(local)?.assigned) return undefined
  const member = path.at(-1)
  if (member === undefined || isTopLevel(facts, start, start + text.length)) return name
  // Made by a function, it may have been put there later.
  return new RegExp(`\\.\\s*${member.replace(/\W/g, '\\$&')}\\s*=(?!=)`).test(facts.text) ? undefined : name
}

function localPath(fn: unknown, variables: Readonly<Record<string, unknown>>): string[] | undefined {
  const holders: [string, object][] = []
  for (const name of Object.keys(variables)) {
    const value = readVariable(variables, name)
    if (value === fn) return [name]
    if (isHolder(value)) holders.push([name, value])
  }
  for (const [name, holder] of holders) {
    const path = memberPath(fn, holder)
    if (path !== undefined) return [name, ...path]
  }
  return undefined
}

/** A Proxy would answer by itself, and a revoked one throws. */
function isHolder(value: unknown): value is object {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && !types.isProxy(value)
}

/** The way from a class to one of its methods, or from an object of functions to one of them. */
function memberPath(fn: unknown, holder: object): string[] | undefined {
  if (typeof holder === 'function') {
    const own = ownPath(fn, holder)
    if (own !== undefined) return own
    const prototype: unknown = Object.getOwnPropertyDescriptor(holder, 'prototype')?.value
    const inner = isHolder(prototype) ? ownPath(fn, prototype) : undefined
    return inner === undefined ? undefined : ['prototype', ...inner]
  }
  return Object.getPrototypeOf(holder) === Object.prototype ? ownPath(fn, holder) : undefined
}

function ownPath(fn: unknown, holder: object): string[] | undefined {
  const names = Object.getOwnPropertyNames(holder)
  // Tables with thousands of members are data, not namespaces.
  if (names.length > 500) return undefined
  for (const name of names) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, name)
    if (descriptor?.value === fn) return name === 'constructor' ? undefined : [name]
    if (descriptor?.get !== undefined && descriptor.get === fn) return [`get ${name}`]
    if (descriptor?.set !== undefined && descriptor.set === fn) return [`set ${name}`]
  }
  return undefined
}

function commonJsRef(fn: AnyFunction, path: string): Definition | undefined {
  const module = exportsOf(path)
  if (module === undefined) return undefined
  const found = commonJsPath(fn, module.exports)
  return found === undefined ? undefined : exported({ specifier: path, how: 'require' }, found)
}

/** The engine does not name the script of a CommonJS module of which no function has run since it was loaded: its exports tell. */
function requiredFunction(fn: AnyFunction, seen: Seen): Definition | undefined {
  // Made at run time, and maybe by the thousand.
  if (fn.name === 'anonymous') return undefined
  for (const [path, exports] of requiredModules()) {
    if (commonJsPath(fn, exports) === undefined) continue
    const url = pathToFileURL(path).href
    if (!isOnDisk(fn, seen, url)) continue
    nameScript(seen, url)
    return loadedRef(fn, seen, url)
  }
  return undefined
}

function commonJsPath(value: unknown, exports: unknown): string[] | undefined {
  if (exports === value) return []
  if (!isHolder(exports)) return undefined
  const own = typeof exports === 'function' ? memberPath(value, exports) : ownPath(value, exports)
  if (own !== undefined) return own
  for (const name of Object.getOwnPropertyNames(exports).slice(0, 500)) {
    const member = exportedMember(exports, name)
    if (member === value) return [name]
    const path = isHolder(member) ? memberPath(value, member) : undefined
    if (path !== undefined) return [name, ...path]
  }
  return undefined
}

/** `() => name`, `function () { return module.name }`, `get name() { return name }`: tools write exports like this, and to call one does nothing else. */
const NAMING = /^(?:get\s+[\w$]+|function\s*[\w$]*)?\s*\(\)\s*(?:=>\s*[\w$.]+|(?:=>\s*)?\{\s*return\s+[\w$.]+;?\s*\})$/

function exportedMember(exports: object, name: string): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(exports, name)
  if (descriptor?.get === undefined) return descriptor?.value
  try {
    return NAMING.test(Function.prototype.toString.call(descriptor.get)) ? Reflect.get(exports, name) : undefined
  } catch {
    return undefined // Its line has not run yet.
  }
}

const notRequired = new WeakSet<object>()

/**
 * Says whether a worker can require the file. Jest has a registry of its own, of files that it rewrites; those that were ES modules bear a mark.
 */
function isLoadable(path: string, exports: object): boolean {
  if (!/\.(c?js|node)$/.test(path)) return /[\\/][^.]*$/.test(path)
  return !(types.isProxy(requireHere().cache) && isTranspiledModule(exports))
}

/** Says whether it is a module's exports as an object, of which functions use members: a namespace, or what stands for one. */
export function isModule(value: unknown): boolean {
  return types.isModuleNamespaceObject(value) || isTranspiledModule(value)
}

/** What Babel and TypeScript make of `import` when they write CommonJS: an object with the mark `__esModule`. */
function isTranspiledModule(value: unknown): boolean {
  return typeof value === 'object' && isHolder(value) && Object.getOwnPropertyDescriptor(value, '__esModule')?.value === true
}

/** The CommonJS module whose exports this object is: what `const lib = require('./lib')` captured. */
export function requiredRef(value: object): Definition | undefined {
  if (notRequired.has(value)) return undefined
  for (const [path, exports] of requiredModules()) {
    if (exports === value && path !== requireHere().main?.filename && isLoadable(path, value)) {
      return exported({ specifier: path, how: 'require' }, [])
    }
  }
  notRequired.add(value)
  return undefined
}
