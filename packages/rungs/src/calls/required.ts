// The `require` that loaded the modules of this program. Test files of Jest have one of their own, with a registry of its own, which Node's knows
// nothing of; the CommonJS entry of the package hands it in.

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { library } from '../core/places.js'

const ownFiles = fileURLToPath(library)
const own = createRequire(import.meta.url)
/** Of the last test file, which Jest forgets after it. */
let handed: WeakRef<NodeJS.Require> | undefined

/** Node's, or the one that was handed in. Files of this library are always Node's. */
export function requireHere(path?: string): NodeJS.Require {
  return path?.startsWith(ownFiles) ? own : (handed?.deref() ?? own)
}

/** The files of this library that are CommonJS, by their paths. They say so themselves: what the hooks of a loader load is in no cache. */
function loadedFiles(): Readonly<Record<string, object>> {
  return (Reflect.get(globalThis, Symbol.for('rungs.files')) as Record<string, object> | undefined) ?? {}
}

/** What a CommonJS module exports that is loaded: by a program, or by this library. */
export function exportsOf(path: string): { readonly exports: unknown } | undefined {
  const own = loadedFiles()[path]
  if (own !== undefined) return { exports: own }
  const module = requireHere(path).cache[path]
  return module?.loaded ? module : undefined
}

/** The CommonJS modules that are loaded, by their paths. */
export function* requiredModules(): Iterable<[path: string, exports: unknown]> {
  for (const [path, module] of Object.entries(requireHere().cache)) if (module?.loaded) yield [path, module.exports]
  yield* Object.entries(loadedFiles())
}

/** From now on, CommonJS modules are those that this function loads. */
export function handIn(require: NodeJS.Require): void {
  handed = new WeakRef(require)
}
