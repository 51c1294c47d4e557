// The error that has ended a worker, as data: its class may not be known elsewhere, and what it holds may not cross.
import { inspect } from 'node:util'
import { isPrimitive } from '../calls/index.js'

const classes = [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]

export interface Crash {
  readonly type: 'crash'
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: unknown
  /** What was thrown, if it was no error but a primitive value. */
  readonly thrown?: readonly [unknown] | undefined
}

export function crashOf(error: unknown): Crash {
  const { name, message, stack, code }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(inspect(error))
  return {
    type: 'crash',
    name: String(name),
    message: String(message),
    stack: typeof stack === 'string' ? stack : undefined,
    code: typeof code === 'string' ? code : undefined,
    thrown: isPrimitive(error) && typeof error !== 'symbol' ? [error] : undefined,
  }
}

/** Of one of the language's own classes if it was of that; otherwise its name tells. */
export function errorOf({ name, message, stack, code, thrown }: Crash): unknown {
  if (thrown !== undefined) return thrown[0]
  const Class = classes.find((known) => known.name === name) ?? Error
  const error = new Class(message)
  if (name !== Class.name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true })
  if (code !== undefined) Object.assign(error, { code })
  return error
}
