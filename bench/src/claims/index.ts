import type { Claim } from '../claim.js'
import { boundedConcurrency } from './bounded-concurrency.js'
import { locks, queues } from './locks.js'
import { maps } from './maps.js'
import { payloads } from './payloads.js'
import { processes } from './processes.js'
import { idle, startUp } from './rest.js'
import { shipping } from './shipping.js'
import { tinyCalls } from './tiny-calls.js'

export const claims: readonly Claim[] = [tinyCalls, maps, payloads, startUp, idle, boundedConcurrency, locks, queues, shipping, processes]
