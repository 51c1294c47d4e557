import type { Claim } from '../claim.js'
import { boundedConcurrency } from './bounded-concurrency.js'
import { processes } from './processes.js'
import { tinyCalls } from './tiny-calls.js'

export const claims: readonly Claim[] = [tinyCalls, boundedConcurrency, processes]
