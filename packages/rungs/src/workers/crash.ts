// The error that has ended a worker, as data: its class may not be known elsewhere, and what it holds may not cross.
import { inspect } from 'node:util'

export interface Crash {
  readonly type: 'crash'
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: unknown
}

export function crashOf(error: unknown): Crash {
  const { name, message, stack, code }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(inspect(error))
  return {
    type: 'crash',
    name: String(name),
    message: String(message),
    stack: typeof stack === 'string' ? stack : undefined,
    code: typeof code === 'string' ? code : undefined,
  }
}

export function errorOf({ name, message, stack, code }: Crash): Error {
  const error = new Error(message)
  if (name !== 'Error') Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true })
  if (code !== undefined) Object.assign(error, { code })
  return error
}
