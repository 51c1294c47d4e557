// Values that are made again from their parts. encode-builtins.ts takes them apart.

import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { importerOf } from './modules.js'

/** Makes a value of a built-in kind, or one of the functions that every module has for itself. */
export function construct(name: string, args: readonly unknown[]): unknown {
  switch (name) {
    case 'require':
      return createRequire(/^(file:|\/)/.test(String(args[0])) ? String(args[0]) : `${process.cwd()}/`)
    case 'import':
      return importerOf(String(args[0]))
    case 'promisify':
      return promisify(args[0] as () => void)
    case 'DOMException':
      return exception(args as [string, string, string, unknown])
    default: {
      const Class = Reflect.get(globalThis, name) as new (...args: readonly unknown[]) => object
      return new Class(...args)
    }
  }
}

function exception([message, name, stack, cause]: [string, string, string, unknown]): DOMException {
  const made = new DOMException(message, name)
  const hidden = { writable: true, configurable: true, enumerable: false }
  Object.defineProperty(made, 'stack', { value: stack, ...hidden })
  if (cause !== undefined) Object.defineProperty(made, 'cause', { value: cause, ...hidden })
  return made
}

/** The method or accessor in an object literal that has nothing else. */
export function memberOf(host: object, form: 'method' | 'get' | 'set'): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(host, Reflect.ownKeys(host)[0] as string)
  return form === 'method' ? descriptor?.value : descriptor?.[form]
}

/** An arguments object of this length; its members are filled in later. */
export function argumentsOf(places: readonly number[]): unknown {
  return (function () {
    // biome-ignore lint/complexity/noArguments: an arguments object is what is to be made.
    return arguments
  })(...(places as unknown as []))
}
