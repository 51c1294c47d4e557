import { TimeoutError } from 'rungs'

export type DeviceErrorCode = 'LOGIN_REFUSED' | 'CONNECTION_LOST' | 'COMMAND_FAILED' | 'ANSWER_NOT_UNDERSTOOD'

/** The device was reached and did not do what it was asked. Errors of sockets pass through as Node made them. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError'

  constructor(
    readonly code: DeviceErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** What passes with time. A refused login does not, and asking again can lock the account. */
export function passesWithTime(error: unknown): boolean {
  return error instanceof TimeoutError || ['ECONNRESET', 'ETIMEDOUT', 'CONNECTION_LOST'].includes(codeOf(error) ?? '')
}
