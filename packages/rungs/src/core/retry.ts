import { requireDuration, requireFunction, requireInteger, requireKnown, show } from './options.js'

/** Whether and when a call that failed is tried again. */
export interface RetryPolicy {
  /** How many more attempts there may be after the first. */
  readonly limit: number
  /** How long to wait before attempt n + 1: `base` × 2^(n − 1) ms, at most `cap`; of that a random part, `jitter`, is left out. */
  readonly backoff?: BackoffOptions | undefined
  /** Whether this failure is worth another attempt; `attempt` counts from 1. Default: all are but a cancelled call. */
  readonly when?: ((error: unknown, attempt: number) => boolean) | undefined
}

/** The pauses between attempts. */
export interface BackoffOptions {
  /** Milliseconds before the second attempt. Default 100. */
  readonly base?: number | undefined
  /** At most this many milliseconds. Default 30,000. */
  readonly cap?: number | undefined
  /** Which part of a pause is random, 0 to 1, so that many failed calls do not come back all at once. `true` is 1. Default 0.5. */
  readonly jitter?: number | boolean | undefined
}

export interface CheckedRetries {
  readonly limit: number
  readonly when: ((error: unknown, attempt: number) => boolean) | undefined
  /** Milliseconds to wait after this attempt has failed. */
  pauseAfter(attempt: number, random: () => number): number
}

/** A number of retries means no pause between them, as nobody asked for one. */
export function checkRetries(retries: number | RetryPolicy): CheckedRetries {
  if (typeof retries === 'number') {
    requireInteger('retries', retries, 0)
    return { limit: retries, when: undefined, pauseAfter: () => 0 }
  }
  if (typeof retries !== 'object' || retries === null) throw new TypeError(`retries must be a number or { limit, … }, got ${show(retries)}`)
  requireKnown('The retries', retries, ['limit', 'backoff', 'when'])
  const { limit, backoff, when } = retries
  requireInteger('retries.limit', limit, 0)
  if (when !== undefined) requireFunction('retries.when', when)
  if (backoff === undefined) return { limit, when, pauseAfter: () => 0 }
  requireKnown('retries.backoff', backoff, ['base', 'cap', 'jitter'])
  const { base = 100, cap = 30_000, jitter = 0.5 } = backoff
  requireDuration('retries.backoff.base', base)
  requireDuration('retries.backoff.cap', cap)
  const part = typeof jitter === 'boolean' ? Number(jitter) : jitter
  if (typeof part !== 'number' || !(part >= 0 && part <= 1))
    throw new RangeError(`retries.backoff.jitter must be from 0 to 1, got ${show(jitter)}`)
  return {
    limit,
    when,
    pauseAfter(attempt, random) {
      // Not a power without bound: zero times infinity is no number.
      const full = Math.min(cap, base * 2 ** Math.min(attempt - 1, 1_000))
      return full - full * part * random()
    },
  }
}
