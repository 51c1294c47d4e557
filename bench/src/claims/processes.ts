// Claim: a pool of processes of rungs runs tiny calls at a higher rate than every other pool of processes, and carries large values several times
// as fast as Node's own channel does.
//
//   npm run bench -- processes
//
// Measured on:
import { fileURLToPath } from 'node:url'
import type { Claim, Metric } from '../claim.js'
import { startProgram, startStage } from '../program.js'
import { processPools, WORKERS } from '../subjects/process-pools.js'

const rate: Metric = { name: 'calls/s', unit: 'calls/s', better: 'higher' }
const script = fileURLToPath(new URL('../../python/processes.py', import.meta.url))

export const processes: Claim = {
  name: 'processes',
  says: 'A pool of processes runs tiny calls at a higher rate than every other, and carries large values several times as fast.',
  bounds: `${WORKERS} processes each; tiny: a function that returns its argument; sink: it takes a payload and returns its length; back: it returns the payload; 64 of 1 KB in flight, 4 of more`,
  lifetime: 'claim',
  cases: [
    { name: 'burst of 10 k', kind: 'burst', count: 10_000, metrics: [rate] },
    { name: '64 in flight', kind: 'window', count: 20_000, metrics: [rate] },
    {
      name: 'round trip, one at a time',
      kind: 'round trip',
      count: 2_000,
      metrics: [
        { name: 'p50', unit: 'µs', better: 'lower' },
        { name: 'p99', unit: 'µs', better: 'lower' },
      ],
    },
    { name: '1 KB there', kind: 'sink 1000', count: 5_000, metrics: [rate] },
    { name: '100 KB there', kind: 'sink 100000', count: 500, metrics: [rate] },
    { name: '100 KB there and back', kind: 'back 100000', count: 500, metrics: [rate] },
    { name: '10 MB there', kind: 'sink 10000000', count: 10, metrics: [rate] },
    { name: '10 MB there and back', kind: 'back 10000000', count: 8, metrics: [rate] },
  ],
  contestants: [
    ...Object.keys(processPools).map((name) => ({ name, start: () => startStage('processes', name) })),
    { name: 'Python ProcessPoolExecutor', start: () => startProgram('python3', [script]) },
  ],
}
