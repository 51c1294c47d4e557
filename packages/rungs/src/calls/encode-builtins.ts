// Values of the platform's own kinds: what each becomes, and which cannot cross.

import { types } from 'node:util'
import { classNameOf } from './class-name.js'
import type { Encoder } from './encode.js'
import { encodePrototype, extrasOf } from './encode-properties.js'
import { encodeView } from './encode-views.js'
import { encodeError, isException } from './errors-codec.js'
import { builtinName } from './globals.js'
import { movesOnly } from './transfer.js'
import { Kind } from './wire.js'

/** The node of a built-in value; undefined when `value` is an object like any other. */
export function builtinObject(encoder: Encoder, value: object, prototype: object | null, at: number): unknown[] | undefined {
  const none = () => false
  const tail = (standard: string) => [encodePrototype(encoder, prototype, at, standard) ?? -1, extrasOf(encoder, value, at, none)]
  if (classNameOf(value) === 'DOMException') {
    // In newer versions a native error as well.
    const exception = constructed(encoder, value, prototype, at)
    if (exception !== undefined) return exception
  }
  if (types.isNativeError(value) || isException(value)) return encodeError(encoder, value as Error, at)
  if (types.isDate(value)) return [Kind.date, Date.prototype.getTime.call(value), ...tail('Date')]
  if (types.isMap(value)) {
    const entries = [...Map.prototype.entries.call(value)] as [unknown, unknown][]
    const keysAt = entries.map(([key], index) => encoder.at(key, at, { words: `, key ${index}` }))
    const valuesAt = entries.map(([key, one]) => encoder.at(one, at, { words: `.get(${shown(key)})` }))
    return [Kind.map, keysAt, valuesAt, ...tail('Map')]
  }
  if (types.isSet(value)) {
    const entries = [...Set.prototype.values.call(value)] as unknown[]
    return [Kind.set, entries.map((one, index) => encoder.at(one, at, { words: `, member ${index}` })), ...tail('Set')]
  }
  if (types.isRegExp(value)) {
    const { source, flags, lastIndex } = value
    return [
      Kind.regexp,
      source,
      flags,
      lastIndex,
      encodePrototype(encoder, prototype, at, 'RegExp') ?? -1,
      extrasOf(encoder, value, at, (key) => key === 'lastIndex'),
    ]
  }
  if (types.isBoxedPrimitive(value)) return boxed(encoder, value, prototype, at)
  if (ArrayBuffer.isView(value)) return encodeView(encoder, value, prototype, at)
  return buffers(encoder, value, at) ?? constructed(encoder, value, prototype, at) ?? refused(encoder, value, prototype, at)
}

function shown(key: unknown): string {
  return typeof key === 'string' ? JSON.stringify(key) : typeof key === 'object' && key !== null ? 'an object' : String(key)
}

function boxed(encoder: Encoder, value: object, prototype: object | null, at: number): unknown[] {
  const primitive: unknown = Object(value).valueOf()
  const name = types.isSymbolObject(value) ? 'Symbol' : types.isBigIntObject(value) ? 'BigInt' : capitalized(typeof primitive)
  const isText = typeof primitive === 'string'
  const skip = (key: string | symbol) => isText && (key === 'length' || /^\d+$/.test(String(key)))
  return [
    Kind.boxed,
    encoder.at(primitive, at, { words: ' (boxed)' }),
    encodePrototype(encoder, prototype, at, name) ?? -1,
    extrasOf(encoder, value, at, skip),
  ]
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}

function buffers(encoder: Encoder, value: object, at: number): unknown[] | undefined {
  if (types.isSharedArrayBuffer(value)) {
    if (encoder.sender.boundary === 'thread') return [Kind.clone, value]
    return encoder.refuse(
      at,
      'a SharedArrayBuffer is memory of this process',
      'Use threads for it, or send a copy: new Uint8Array(shared).slice()',
    )
  }
  if (types.isArrayBuffer(value)) {
    if (isDetached(value)) encoder.refuse(at, 'the ArrayBuffer was moved away before', 'Send a buffer that still has its data')
    encoder.bytes += value.byteLength
    return [Kind.clone, value]
  }
  if (types.isKeyObject(value) && encoder.sender.boundary === 'thread') return [Kind.clone, value]
  if (isWasmModule(value)) {
    if (encoder.sender.boundary === 'thread') return [Kind.clone, value]
    return encoder.refuse(at, 'a WebAssembly.Module lives in this process', 'Send its bytes and compile them there')
  }
  if (movesOnly(value)) {
    if (encoder.sender.boundary === 'process') encoder.refuse(at, `a ${classNameOf(value)} lives in this process`, 'Use threads for it')
    if (encoder.moving.has(value)) return [Kind.clone, value]
    return encoder.refuse(at, `a ${classNameOf(value)} cannot be copied, only moved`, 'Write transfer(…) around it')
  }
  return undefined
}

/** Small built-in values that are made again from their text. */
function constructed(encoder: Encoder, value: object, prototype: object | null, at: number): unknown[] | undefined {
  const name = classNameOf(value)
  if (name === undefined || prototype === null || !isGlobalClass(prototype, name)) return undefined
  const make = (...args: unknown[]) => [Kind.construct, name, args.map((one, index) => encoder.at(one, at, { words: ` (part ${index})` }))]
  switch (name) {
    case 'URL':
      return make((value as URL).href)
    case 'URLSearchParams':
      return make(String(value))
    case 'TextEncoder':
      return make()
    case 'TextDecoder': {
      const { encoding, fatal, ignoreBOM } = value as InstanceType<typeof TextDecoder>
      return make(encoding, { fatal, ignoreBOM })
    }
    case 'DOMException': {
      const { message, name: kind, stack, cause } = value as Error
      return make(message, kind, stack, cause)
    }
    case 'Headers':
      return make([...(value as unknown as Iterable<unknown>)])
    case 'Blob':
    case 'CryptoKey':
      if (encoder.sender.boundary === 'thread') return [Kind.clone, value]
      return undefined
    default:
      return undefined
  }
}

function isGlobalClass(prototype: object, name: string): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)
  if (descriptor === undefined) return false
  const Class = Reflect.get(globalThis, name) as { prototype?: unknown } | undefined
  return Class?.prototype === prototype
}

/** Built-in classes whose instances are nothing but properties, so that a user's subclass of them crosses like any other class. */
const OPEN_CLASSES = new Set(['Object', 'EventEmitter', 'Function', 'Array', 'Error', 'Iterator'])

/** Built-in classes with which nobody writes `new`. */
const MADE_BY_FUNCTIONS = new Set(['CryptoKey', 'Instance', 'PerformanceEntry', 'PerformanceMark', 'PerformanceMeasure'])

function refused(encoder: Encoder, value: object, prototype: object | null, at: number): undefined {
  const no = (reason: string, hint: string) => encoder.refuse(at, reason, hint)
  if (types.isPromise(value)) no('a promise belongs to the event loop that made it', 'Write await before it, and send what it gives')
  if (types.isWeakMap(value) || types.isWeakSet(value))
    no('what a weak collection holds cannot be listed', 'Use a Map or a Set, or perWorker(() => new WeakMap())')
  if (types.isGeneratorObject(value))
    no('a running generator cannot be copied', 'Send its function and start it there, or send [...generator]')
  if (types.isExternal(value)) no('it is memory of native code', 'Make it on the other side: perWorker(() => …)')
  if (types.isModuleNamespaceObject(value)) return undefined
  for (let link = prototype; link !== null; link = Object.getPrototypeOf(link) as object | null) {
    const Class: unknown = Object.getOwnPropertyDescriptor(link, 'constructor')?.value
    if (typeof Class !== 'function' || Class.prototype !== link) {
      const tag: unknown = Object.getOwnPropertyDescriptor(link, Symbol.toStringTag)?.value
      if (typeof tag === 'string' && /Iterator|Generator/.test(tag))
        no(`a ${tag} is in the middle of its work`, 'Send an array of its values')
      continue
    }
    const builtin = builtinName(Class)
    if (builtin === undefined) continue
    // The other side has one of its own, such as `performance`.
    if (OPEN_CLASSES.has(Class.name) || builtinName(value) !== undefined) return undefined
    const place = builtin.from === 'module' ? `${builtin.module}` : 'the platform'
    const name = classNameOf(value) ?? Class.name
    const kind = link === prototype ? `${Class.name} (${place})` : `${name}, which is a ${Class.name} (${place}),`
    const isItself = link === prototype && builtin.from === 'global'
    const making = MADE_BY_FUNCTIONS.has(name) ? undefined : isItself ? builtin.path.join('.') : name
    no(
      `an instance of ${kind} has parts that only exist where it was made`,
      `Make it on the other side: perWorker(() => ${making === undefined ? '…' : `new ${making}(…)`})`,
    )
  }
  return undefined
}

function isWasmModule(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object WebAssembly.Module]'
}

/** Node 20 does not tell. */
function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}
