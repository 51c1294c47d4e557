// Errors: class, name, message, code, own fields, cause, errors, stack. And how two stacks become one.

import { types } from 'node:util'
import { withFrames } from '../core/frames.js'
import type { Encoder } from './encode.js'
import { encodePrototype, isStandard } from './encode-properties.js'
import { isNative } from './globals.js'
import { privateOwner } from './privates.js'
import { withOriginalLines } from './scripts.js'
import { type Extras, Kind } from './wire.js'

const HIDDEN = new Set<string | symbol>(['message', 'stack', 'cause', 'errors'])

/** The node of an error. */
export function encodeError(encoder: Encoder, error: Error, at: number): unknown[] {
  const names: string[] = []
  const valuesAt: number[] = []
  const properties: Extras['properties'][number][] = []
  const describe = (valueAt: number, put: (at: number) => void) => {
    if (encoder.options.lenient) encoder.mend(valueAt, (problem) => put(encoder.add(descriptionOf(problem))))
  }
  for (const key of Reflect.ownKeys(error)) {
    const descriptor = Object.getOwnPropertyDescriptor(error, key)
    if (descriptor === undefined) continue
    // V8 keeps the stack behind an accessor in some versions.
    const value: unknown = key === 'stack' ? error.stack : 'value' in descriptor ? descriptor.value : readField(error, key)
    if (typeof key === 'string' && (HIDDEN.has(key) ? !descriptor.enumerable : descriptor.enumerable)) {
      const place = names.push(key) - 1
      valuesAt.push(encoder.at(value, at, key))
      describe(valuesAt[place] as number, (mended) => {
        valuesAt[place] = mended
      })
    } else if (typeof key === 'string' || Symbol.keyFor(key) !== undefined) {
      const flags = 1 + (descriptor.enumerable ? 2 : 0) + 4
      const entry: [number, number, number] = [encoder.at(key, at, { words: ' (a key)' }), flags, encoder.at(value, at, String(key))]
      properties.push(entry)
      describe(entry[2], (mended) => {
        entry[2] = mended
      })
    }
  }
  const node: unknown[] = [Kind.error, names, valuesAt, -1, properties.length === 0 ? undefined : { properties, integrity: 0 }]
  const prototype = shownPrototype(error)
  const exception = isException(error)
  if (exception) node.push(exceptionPartsOf(error))
  // Of a thrown error the class matters more than private members, whose loss shows when a method asks for them.
  const keepsPrivates = encoder.options.lenient || (exception && prototype !== null && privateOwner(prototype) === DOMException)
  const prototypeAt = encodePrototype(encoder, prototype, at, 'Error', keepsPrivates)
  if (prototypeAt !== undefined) {
    node[3] = prototypeAt
    // A class that cannot cross leaves its nearest built-in one, and the name.
    if (encoder.options.lenient && prototypeAt >= 0) mendClass(encoder, node, prototype as object, prototypeAt, at)
  }
  return node
}

/** Arrives in the place of a part of what was thrown. */
export function descriptionOf(problem: Error): string {
  return `[cannot cross: ${problem.message}]`
}

/** Says whether its class extends DOMException, which keeps message and name where only its own getters see them. */
export function isException(value: object): boolean {
  for (let link = Object.getPrototypeOf(value) as object | null; link !== null; link = Object.getPrototypeOf(link) as object | null) {
    const Class: unknown = Object.getOwnPropertyDescriptor(link, 'constructor')?.value
    if (typeof Class === 'function' && Class.name === 'DOMException' && Class === DOMException) return true
  }
  return false
}

function exceptionPartsOf(error: Error): readonly [message: string, name: string] | undefined {
  try {
    return [Reflect.get(DOMException.prototype, 'message', error) as string, Reflect.get(DOMException.prototype, 'name', error) as string]
  } catch {
    return undefined // Only its prototype says so.
  }
}

function readField(error: Error, key: string | symbol): unknown {
  try {
    return Reflect.get(error, key)
  } catch (reason) {
    return `[its getter threw ${String(reason)}]`
  }
}

/** Node's own errors have classes that no one can name; what they show is the built-in class above. */
function shownPrototype(error: Error): object | null {
  let prototype = Object.getPrototypeOf(error) as object | null
  while (prototype !== null) {
    const Class: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
    if (typeof Class !== 'function' || isNative(Class) || !/^(Node|System)?(Type|Range|Syntax|URI|Abort)?Error$/.test(Class.name)) break
    if (!('code' in error) || !/kIsNodeError|captureLargerStackTrace|hideStackFrames|NodeError|SystemError/.test(String(Class))) break
    prototype = Object.getPrototypeOf(prototype) as object | null
  }
  return prototype
}

function mendClass(encoder: Encoder, node: unknown[], prototype: object, prototypeAt: number, at: number): void {
  const classAt = (encoder.nodes[prototypeAt] as unknown[] | undefined)?.[1]
  encoder.mend(typeof classAt === 'number' ? classAt : prototypeAt, () => {
    let link = Object.getPrototypeOf(prototype) as object | null
    while (link !== null && !isBuiltinError(link)) link = Object.getPrototypeOf(link) as object | null
    node[3] = encodePrototype(encoder, link ?? Error.prototype, at, 'Error') ?? -1
    const names = node[1] as string[]
    const name = (prototype as Error).name
    if (!names.includes('name') && name !== 'Error') {
      names.push('name')
      ;(node[2] as number[]).push(encoder.add(name))
    }
  })
}

function isBuiltinError(prototype: object): boolean {
  return [
    'Error',
    'TypeError',
    'RangeError',
    'SyntaxError',
    'ReferenceError',
    'EvalError',
    'URIError',
    'AggregateError',
    'DOMException',
  ].some((name) => isStandard(prototype, name))
}

/** An error without its properties: they are filled in like those of any object. */
export function blankError(prototype: object | null | undefined, exception?: readonly [message: string, name: string]): Error {
  // The frames of this very function are of no interest, and capturing them is most of the cost of an error.
  return withFrames(undefined, () => {
    const error = exception === undefined ? new Error() : new DOMException(...exception)
    if (prototype !== undefined) Object.setPrototypeOf(error, prototype)
    return error
  })
}

/** Says how a property of an error is put back. */
export function isHiddenOfError(name: string): boolean {
  return HIDDEN.has(name)
}

/** The plainest form in which any thrown value can arrive: its name, message and stack as text. */
export function lastResort(reason: unknown): { name: string; message: string; stack: string | undefined; code: string | undefined } {
  const read = (key: string): string | undefined => {
    try {
      const value: unknown = Reflect.get(Object(reason), key)
      return typeof value === 'string' ? value : undefined
    } catch {
      return undefined
    }
  }
  let shown: string
  try {
    shown = String(reason)
  } catch {
    shown = 'a value that cannot be shown'
  }
  const isError = types.isNativeError(reason)
  return {
    name: read('name') ?? 'Error',
    message: read('message') ?? (isError ? '' : `The call threw ${shown}, which cannot cross`),
    stack: read('stack'),
    code: read('code'),
  }
}

/** Between the frames of the worker and those of the caller. It looks like a frame, so that tools that read stacks pass over it. */
const SEPARATOR = '    at ― submitted here ―'

const joined = new WeakSet<object>()

/**
 * Puts the frames of the place that submitted the call under those of the worker: `error.stack` then tells the whole way. `callSite` is
 * a stack as `new Error().stack` gives it, with or without its first line. Values that are no errors stay as they are.
 */
export function joinStacks(error: unknown, callSite: string | undefined): void {
  if (callSite === undefined || !types.isNativeError(error) || joined.has(error)) return
  const frames = callSite.split('\n').filter((line) => /^\s+at /.test(line))
  try {
    const { stack } = error
    if (frames.length === 0 || typeof stack !== 'string' || Object.isFrozen(error)) return
    Object.defineProperty(error, 'stack', {
      value: `${withOriginalLines(stack)}\n${SEPARATOR}\n${frames.join('\n')}`,
      writable: true,
      configurable: true,
      enumerable: false,
    })
    joined.add(error)
  } catch {
    // Its stack cannot be read or written; what it has stays.
  }
}
