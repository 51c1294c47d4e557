// What became of a device: a record of the pool, in the words of the report and of the results file.
import { type SettledResult, TimeoutError } from 'rungs'
import type { Facts } from './collect.js'
import { codeOf, DeviceError } from './device-error.js'
import type { Device } from './inventory.js'

export type Status = 'answered' | 'refused' | 'timed out' | 'failed'

/** A line of the results file. */
export interface DeviceResult {
  readonly host: string
  readonly port: number
  readonly site: string
  readonly status: Status
  readonly version: string | null
  readonly attempts: number
  readonly ms: number
  readonly error: { readonly name: string; readonly code: string | null; readonly message: string } | null
}

export function resultOf(record: SettledResult<Facts, Device>): DeviceResult {
  const { host, port, site } = record.input
  const common = { host, port, site, attempts: record.attempts, ms: Math.round(record.ms) }
  if (record.status === 'fulfilled') return { ...common, status: 'answered', version: record.value.version, error: null }
  const error = record.reason
  return { ...common, status: statusOf(error), version: null, error: describe(error) }
}

function statusOf(error: unknown): Status {
  if (error instanceof TimeoutError) return 'timed out'
  return error instanceof DeviceError && error.code === 'LOGIN_REFUSED' ? 'refused' : 'failed'
}

function describe(error: unknown): NonNullable<DeviceResult['error']> {
  if (!(error instanceof Error)) return { name: typeof error, code: null, message: String(error) }
  return { name: error.name, code: codeOf(error) ?? null, message: error.message }
}
