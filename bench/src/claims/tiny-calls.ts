// Claim: a thread pool of rungs runs tiny calls at a multiple of the rate of every other pool, and one call is back about as soon as a
// message to a thread can be.
//
//   npm run bench -- tiny
//
// Measured on:
import { fileURLToPath } from 'node:url'
import type { Claim, Metric } from '../claim.js'
import { startProgram, startStage } from '../program.js'
import { threadPools, WORKERS } from '../subjects/thread-pools.js'

const rate: Metric = { name: 'calls/s', unit: 'calls/s', better: 'higher' }
const script = fileURLToPath(new URL('../../python/tiny_calls.py', import.meta.url))

export const tinyCalls: Claim = {
  name: 'tiny',
  says: 'A pool of threads runs tiny calls at a multiple of the rate of every other pool.',
  bounds: `${WORKERS} threads each; a function that returns its argument, a number`,
  lifetime: 'claim',
  cases: [
    { name: 'burst of 10 k', kind: 'burst', count: 10_000, metrics: [rate] },
    { name: 'burst of 100 k', kind: 'burst', count: 100_000, metrics: [rate] },
    { name: '64 in flight', kind: 'window', count: 50_000, metrics: [rate] },
    {
      name: 'round trip, one at a time',
      kind: 'round trip',
      count: 5_000,
      metrics: [
        { name: 'p50', unit: 'µs', better: 'lower' },
        { name: 'p99', unit: 'µs', better: 'lower' },
      ],
    },
  ],
  contestants: [
    ...Object.keys(threadPools).map((name) => ({ name, start: () => startStage('tiny', name) })),
    { name: 'Python ThreadPoolExecutor', start: () => startProgram('python3', [script]) },
  ],
}
