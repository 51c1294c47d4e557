import type { Claim } from '../claim.js'
import { boundedConcurrency } from './bounded-concurrency.js'
import { shipping } from './shipping.js'
import { tinyCalls } from './tiny-calls.js'

export const claims: readonly Claim[] = [tinyCalls, boundedConcurrency, shipping]
