// Finding in this side what a definition names: modules, their exports, globals.

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import { constants, Script } from 'node:vm'
import { firstOf, keyOf } from './global-steps.js'
import { didYouMean } from './nearest.js'
import { ownModule } from './own.js'
import { requireHere } from './required.js'
import type { ModuleRef } from './wire.js'

const loaded = new Map<string, unknown>()
const loading = new Map<string, Promise<unknown>>()

/** Whether the event loop stands still, on which imports are made. */
let blocked = false

/** What `run` reads is read while this thread waits for a result. Modules that can be had without the event loop are. */
export function whileBlocked(run: () => void): void {
  const before = blocked
  blocked = true
  try {
    run()
  } finally {
    blocked = before
  }
}

/** Whether what has to be imported cannot be. */
export function isBlocked(): boolean {
  return blocked
}

/** The module, or a promise of it when it has to be imported first. */
export function loadModule(ref: ModuleRef): unknown {
  if (ref.how === 'own') return ownModule
  const key = `${ref.how} ${ref.specifier} ${ref.from ?? ''}`
  if (loaded.has(key)) return loaded.get(key)
  if (ref.how === 'require') {
    const required = named(ref, () => requireModule(ref))
    loaded.set(key, required)
    return required
  }
  const here = blocked ? withoutImport(ref) : undefined
  if (here !== undefined) return here
  let promise = loading.get(key)
  if (promise === undefined) {
    promise = importModule(ref).then(
      (namespace) => {
        loaded.set(key, namespace)
        loading.delete(key)
        return namespace
      },
      (reason: unknown) => {
        // Not kept: Node keeps the failure of a module that threw, and one that was not found may be there at the next call.
        loading.delete(key)
        throw failedToLoad(ref, reason)
      },
    )
    loading.set(key, promise)
  }
  return promise
}

/**
 * A file that is imported already, or could be at once: it is the same module. Not kept: one with a default export comes in another wrapping.
 * Undefined where only import() can tell, for instance of one that awaits at its top.
 */
function withoutImport({ specifier }: ModuleRef): unknown {
  if (!/^file:[^?#]*$/.test(specifier) || Reflect.get(process.features, 'require_module') !== true) return undefined
  try {
    const namespace: unknown = quietly(() => createRequire(import.meta.url)(fileURLToPath(specifier)))
    return types.isModuleNamespaceObject(namespace) ? namespace : undefined
  } catch {
    return undefined
  }
}

/** `json`: what is imported is data. */
type Importer = (specifier: string, json?: boolean) => Promise<unknown>

/** The `import()` of the file that a thread begins with: in code that V8 has kept from an earlier thread there is none. */
const importOfThread = Reflect.get(globalThis, Symbol.for('rungs.import')) as Importer | undefined

/** What Node says of a module that is data, and was imported without saying so. Older versions had another name for it. */
const needsAttribute = new Set<unknown>(['ERR_IMPORT_ATTRIBUTE_MISSING', 'ERR_IMPORT_ASSERTION_TYPE_MISSING'])

function importHere(specifier: string, json = false): Promise<unknown> {
  return json ? import(specifier, { with: { type: 'json' } }) : import(specifier)
}

async function importModule({ specifier, from }: ModuleRef): Promise<unknown> {
  const importer: Importer = from === undefined ? (importOfThread ?? importHere) : importerOf(from)
  try {
    return await importer(specifier)
  } catch (reason) {
    // Whoever refers to it has imported it, and so has said so.
    if (!(reason instanceof Error && 'code' in reason && needsAttribute.has(reason.code))) throw reason
    return await importer(specifier, true)
  }
}

function requireModule(ref: ModuleRef): unknown {
  if (ref.specifier.startsWith('node:')) return process.getBuiltinModule(ref.specifier)
  return (ref.from === undefined ? requireHere(ref.specifier) : createRequire(ref.from))(ref.specifier)
}

function named(ref: ModuleRef, load: () => unknown): unknown {
  try {
    return load()
  } catch (reason) {
    throw failedToLoad(ref, reason)
  }
}

/** `import()` as if it stood in the file `from`: the specifiers of by-value code mean what they meant there. */
export function importerOf(from: string): Importer {
  const script = compileQuietly(`(specifier, json) => json ? import(specifier, { with: { type: 'json' } }) : import(specifier)`, from, 0)
  return script.runInThisContext() as Importer
}

let warned = false

/**
 * A script whose dynamic imports go through the loader of the main program. Node warns of that once per thread ("experimental"); what
 * users cannot act on is kept from them.
 */
export function compileQuietly(text: string, filename: string, lineOffset: number, cachedData?: Buffer): Script {
  const options = {
    filename,
    lineOffset,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : { cachedData }),
  }
  if (!warned && text.includes('import')) takeWarning(options)
  return new Script(text, options)
}

function takeWarning(options: object): void {
  quietly(() => {
    // Node warns inside of the import() itself, at the first one.
    const imported: unknown = new Script("import('node:vm')", options).runInThisContext()
    if (imported instanceof Promise) imported.catch(() => {})
  })
  warned = true
}

/** Node warns of what is experimental; what else is warned of meanwhile is not its doing. */
function quietly<T>(run: () => T): T {
  const { emitWarning } = process
  process.emitWarning = (...warning: unknown[]) => {
    if (!warning.includes('ExperimentalWarning')) Reflect.apply(emitWarning, process, warning)
  }
  try {
    return run()
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Follows a path from a module to the member that a definition names. */
export function memberOf(module: unknown, ref: ModuleRef, path: readonly string[]): unknown {
  let value = module
  for (const key of path) {
    if (value === null || value === undefined) throw missingExport(ref.specifier, path, value)
    const found = step(value, key)
    if (found === undefined && !(keyOf(key) in Object(value))) throw missingExport(ref.specifier, path, value)
    value = found
  }
  return value
}

/** A global by its path. */
export function globalOf(path: readonly string[]): unknown {
  let value: unknown = globalThis
  for (const [index, key] of path.entries()) {
    value = index === 0 ? firstOf(key) : step(value, key)
    if (value === undefined) throw new Error(`This side has no global ${path.join('.')}`)
  }
  return value
}

/** A member; `get x` is the getter of x, which is asked for by its descriptor and never called. */
function step(holder: unknown, key: string): unknown {
  const accessor = /^(get|set) (.*)$/s.exec(key)
  if (accessor === null) return (holder as Record<PropertyKey, unknown>)[keyOf(key)]
  return Object.getOwnPropertyDescriptor(holder, keyOf(accessor[2] as string))?.[accessor[1] as 'get' | 'set']
}

/** The module has no such export: names it, and those that are near. */
export function missingExport(module: string, path: readonly string[], holder: unknown): Error {
  const wanted = path.at(-1) ?? 'default'
  const names = holder !== null && holder !== undefined ? Object.getOwnPropertyNames(Object(holder)) : []
  const found = typeof (holder as Record<string, unknown> | undefined)?.[wanted]
  if (names.includes(wanted)) return new TypeError(`The export '${wanted}' of module '${module}' is not a function but ${found}`)
  return new Error(`Module '${module}' has no export '${path.join('.')}'${didYouMean(wanted, names)}`)
}

const renamed = new WeakSet<Error>()

/** Names the module in the error that kept it from loading; the error stays what it is otherwise. */
function failedToLoad(ref: ModuleRef, reason: unknown): unknown {
  const message = `Module '${ref.specifier}'${ref.from === undefined ? '' : ` (imported in ${ref.from})`} could not be loaded`
  if (!(reason instanceof Error)) return new Error(`${message}: it threw ${String(reason)}`, { cause: reason })
  // Node hands out the same error at each import of a module that threw.
  if (renamed.has(reason) || reason.message.includes(ref.specifier)) return reason
  try {
    reason.message = `${message}: ${reason.message}`
    renamed.add(reason)
    return reason
  } catch {
    return new Error(`${message}: ${reason.message}`, { cause: reason })
  }
}
