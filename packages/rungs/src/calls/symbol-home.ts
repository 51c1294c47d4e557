// The symbol that a module made for itself, found by where it is; symbol-ref.ts finds out where that is. And which modules a side knows.

import { inspectFunction, readVariable, type Scope, whyNotInspect } from './inspector.js'
import type { Definition, SymbolHome } from './wire.js'

/** What goes by the name of an export. */
export type Exported = Definition & { readonly kind: 'export' }

const noted = new Set<string>()
let open: (readonly [value: object, definition: Exported])[] = []

/** Remembers what goes by name: symbols of its module may follow. */
export function noteExport(value: unknown, definition: Exported): void {
  if (!isObject(value)) return
  const key = `${definition.module.specifier}\n${definition.path.join('\n')}`
  if (noted.has(key)) return
  noted.add(key)
  open.push([value, definition])
}

/** What was remembered since the last time. */
export function takeNoted(): typeof open {
  const taken = open
  if (taken.length > 0) open = []
  return taken
}

/** Whether variables of this scope are those of a module, or of what it calls. */
export function isInModule({ type }: Scope): boolean {
  return type !== 'Global' && type !== 'Script'
}

/** The symbol that a home names. What a module of the other side got only later is not in the one here; then it is a new one. */
export function symbolAt({ path, variable }: SymbolHome, module: unknown, description: string | undefined): symbol {
  const found = variable === undefined ? follow(module, path) : variableOf(follow(module, path), variable)
  if (typeof found === 'symbol') return found
  if (variable === undefined) return Symbol(description)
  throw new Error(
    `The variable ${variable.join('.')} around ${path.join('.')} holds a symbol, and captured variables cannot be read here: ` +
      `${whyNotInspect()}. Export the symbol, or write Symbol.for(${JSON.stringify(description ?? 'name')})`,
  )
}

function follow(holder: unknown, path: readonly string[]): unknown {
  let value = holder
  for (const name of path) value = isObject(value) ? Reflect.get(value, name) : undefined
  return value
}

function variableOf(fn: unknown, [name, ...members]: readonly string[]): unknown {
  const scopes = typeof fn === 'function' ? inspectFunction(fn)?.scopes : undefined
  const scope = scopes?.find((one) => isInModule(one) && Object.hasOwn(one.variables, name as string))
  return scope === undefined ? undefined : follow(readVariable(scope.variables, name as string), members)
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
