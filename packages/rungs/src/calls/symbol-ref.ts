// Unique symbols that modules made for themselves. A worker that imports the module has its own, and only that one is what its functions look for.
// No engine tells where a symbol is from, so the variables of the modules are searched of which something has gone by name. The inverse, symbolAt, is in
// symbol-home.ts: a worker loads it first, and this only when it sends a symbol.

import { types } from 'node:util'
import { isNative } from './globals.js'
import { inspectFunction, readVariable } from './inspector.js'
import { type AnyFunction, nameOf } from './marks.js'
import { factsOf } from './module-facts.js'
import { exportsOf } from './required.js'
import { urlOf } from './scripts.js'
import { type Exported, isInModule, takeNoted } from './symbol-home.js'
import type { SymbolHome } from './wire.js'

/** Tables with more members are data, not namespaces. */
const MOST_MEMBERS = 500

const homes = new Map<symbol, SymbolHome>()

/** Where the other side has this symbol; undefined when no module that is known has it. */
export function homeOfSymbol(symbol: symbol): SymbolHome | undefined {
  for (const [value, definition] of takeNoted()) search(value, definition)
  return homes.get(symbol)
}

function search(value: object, { module, path }: Exported): void {
  // What byReference() or link() named only stands in for what is there.
  if (nameOf(value) !== undefined) return
  if (module.how === 'require') searchMembers(exportsOf(module.specifier)?.exports, (members) => ({ module, path: members }), 2)
  searchMembers(value, (members) => ({ module, path: [...path, ...members] }), 2)
  if (typeof value === 'function' && !isNative(value)) searchScopes(value, module, path)
}

/** Finds the symbols among the members of an object, or of one that is a member of it. */
function searchMembers(holder: unknown, homeAt: (path: readonly string[]) => SymbolHome, depth: number): void {
  if (!isHolder(holder)) return
  const names = Object.getOwnPropertyNames(holder)
  if (names.length > MOST_MEMBERS) return
  for (const name of names) {
    const value: unknown = memberOf(holder, name)
    if (typeof value === 'symbol') note(value, homeAt([name]))
    else if (depth > 1) searchMembers(value, (path) => homeAt([name, ...path]), depth - 1)
  }
}

/** Finds the symbols that the variables around a function hold. */
function searchScopes(fn: AnyFunction, module: SymbolHome['module'], path: readonly string[]): void {
  const seen = inspectFunction(fn)
  if (seen === undefined) return
  const url = urlOf(seen, fn)
  const facts = url === undefined ? undefined : factsOf(url)
  const hidden = new Set<string>()
  for (const scope of seen.scopes) {
    if (!isInModule(scope)) continue
    for (const name of Object.keys(scope.variables)) {
      if (hidden.has(name)) continue
      hidden.add(name)
      const value = readVariable(scope.variables, name)
      if (typeof value !== 'symbol' && !isHolder(value)) continue
      const isTop = scope.type === 'Module' && url !== undefined
      if (isTop && facts?.names?.root.bindings.get(name)?.assigned) continue
      const exported = isTop ? facts?.names?.exports.get(name) : undefined
      const home = (members: readonly string[]): SymbolHome =>
        exported === undefined
          ? { module, path, variable: [name, ...members] }
          : { module: { specifier: url as string, how: 'import' }, path: [exported, ...members] }
      if (typeof value === 'symbol') note(value, home([]))
      else searchMembers(value, home, 1)
    }
  }
}

function note(symbol: symbol, home: SymbolHome): void {
  const known = homes.get(symbol)
  // Imported names can be had also where there is no inspector.
  if (known === undefined || (known.variable !== undefined && home.variable === undefined)) homes.set(symbol, home)
}

function memberOf(holder: object, name: string): unknown {
  try {
    return Object.getOwnPropertyDescriptor(holder, name)?.value
  } catch {
    return undefined // The namespace of a module whose line has not run yet.
  }
}

/** Objects that modules keep names in; whatever else there is would be asked in vain, or would answer by itself. */
function isHolder(value: unknown): value is object {
  if (types.isProxy(value)) return false
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
