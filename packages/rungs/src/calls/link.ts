// Typed handles to the exports of a module that is not loaded here.

import { linkedTo, moduleName, standsForModule } from './marks.js'
import { missingExport } from './modules.js'

/** The functions of a module, as they are called from another side: each returns a promise. */
export type Linked<M> = {
  readonly [K in keyof M as M[K] extends (...args: never[]) => unknown ? K : never]: M[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never
}

/**
 * Handles to the functions that a module exports, without loading the module here: submitting one sends its name, and the worker
 * imports the module. The handles as a whole, captured or passed, are the module itself there. Calling one here imports the module here and returns a promise of the result. A misspelt name makes the call fail
 * with the names that are near.
 * @throws {TypeError} if `url` is neither an absolute URL nor a bare specifier.
 * @example
 * const tasks = link<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url))
 * await pool.submit(tasks.render, page)
 */
export function link<M extends object>(url: URL | string): Linked<M> {
  const module = moduleName('link()', url)
  const handles = new Map<string, (...args: unknown[]) => Promise<unknown>>()
  const linked = new Proxy(Object.create(null) as Linked<M>, {
    get(_, name) {
      // A promise resolved with these handles must not take them for a thenable.
      if (typeof name === 'symbol' || name === 'then') return undefined
      let handle = handles.get(name)
      if (handle === undefined) {
        handle = linkedFunction(module, name)
        handles.set(name, handle)
      }
      return handle
    },
    has: (_, name) => typeof name === 'string' && name !== 'then',
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  })
  standsForModule(linked, module)
  return linked
}

function linkedFunction(module: string, name: string): (...args: unknown[]) => Promise<unknown> {
  const linked = async (...args: unknown[]): Promise<unknown> => {
    const namespace: Record<string, unknown> = await import(module)
    const fn = namespace[name]
    if (typeof fn !== 'function') throw missingExport(module, [name], namespace)
    return await fn(...args)
  }
  Object.defineProperty(linked, 'name', { value: name, configurable: true })
  linkedTo(linked, module, name)
  return linked
}
