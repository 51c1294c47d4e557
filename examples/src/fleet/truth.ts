// What the answers should be, from what the maker says it made.
import type { MadeDevice } from './fleet.js'
import type { DeviceResult, Status } from './result.js'

interface Policy {
  readonly timeout: number
  readonly retries: number
  readonly backoff: number
}

/** The latencies the fleet was made with, played in order with `concurrency` devices at once, and nothing else taking time. */
export function idealTime(made: readonly MadeDevice[], concurrency: number, policy: Policy): number {
  const freeAt = Array<number>(Math.min(concurrency, made.length)).fill(0)
  for (const device of made) {
    const first = freeAt.indexOf(Math.min(...freeAt))
    freeAt[first] = (freeAt[first] ?? 0) + timeOf(device, policy)
  }
  return Math.max(...freeAt)
}

function timeOf({ behaviour, latency }: MadeDevice, { timeout, retries, backoff }: Policy): number {
  const answer = latency.login + latency.version + latency.config
  switch (behaviour) {
    case 'answers':
    case 'slow':
      return answer
    case 'refuses':
      return latency.login
    case 'silent once':
      return retries > 0 ? timeout + backoff + answer : timeout
    case 'resets once':
      return retries > 0 ? backoff + answer : 0
    case 'silent': {
      const waits = Array.from({ length: retries }, (_, attempt) => backoff * 2 ** attempt)
      return waits.reduce((total, wait) => total + wait, timeout * (retries + 1))
    }
  }
}

/** Each difference in a sentence; none when every device is there once and as it was made. */
export function differences(results: readonly DeviceResult[], made: readonly MadeDevice[], retries: number): string[] {
  const left = new Map(made.map((device) => [`${device.host}:${device.port}`, device]))
  const found: string[] = []
  for (const result of results) {
    const address = `${result.host}:${result.port}`
    const device = left.get(address)
    left.delete(address)
    if (device === undefined) {
      found.push(`${address} was not made, or is there twice`)
      continue
    }
    const expected = statusOf(device, retries)
    const version = expected === 'answered' ? `${device.vendor} ${device.version}` : null
    if (result.status !== expected) found.push(`${address} (${device.behaviour}) should have ${expected}, has ${result.status}`)
    else if (result.version !== version) found.push(`${address} runs ${version}, was understood as ${result.version}`)
  }
  return [...found, ...[...left.keys()].map((address) => `${address} was lost: it has no result`)]
}

function statusOf({ behaviour }: MadeDevice, retries: number): Status {
  switch (behaviour) {
    case 'answers':
    case 'slow':
      return 'answered'
    case 'silent once':
      return retries > 0 ? 'answered' : 'timed out'
    case 'resets once':
      return retries > 0 ? 'answered' : 'failed'
    case 'refuses':
      return 'refused'
    case 'silent':
      return 'timed out'
  }
}
