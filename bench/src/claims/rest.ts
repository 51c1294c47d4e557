// Claims: a pool is there at once, takes little memory, and costs nothing while it has nothing to do.
//
//   npm run bench -- start-up idle
//
// Measured on:
import type { Claim } from '../claim.js'
import { startStage } from '../program.js'
import { WORKERS } from '../subjects/thread-pools.js'
import { workPools } from '../subjects/work-pools.js'

const contestants = (claim: string) => Object.keys(workPools).map((name) => ({ name, start: () => startStage(claim, name) }))

export const startUp: Claim = {
  name: 'start-up',
  says: 'The first result of a new pool is there about as soon as a bare thread can give one.',
  bounds: 'a new pool for each run, in a process that has had one before',
  lifetime: 'claim',
  cases: [
    { name: 'first result', kind: 'first', count: 1, metrics: [{ name: 'ms', unit: 'ms', better: 'lower' }] },
    { name: 'memory', kind: 'memory', count: 8, metrics: [{ name: 'MB per worker', unit: 'MB per worker', better: 'lower' }] },
  ],
  contestants: contestants('start-up'),
}

export const idle: Claim = {
  name: 'idle',
  says: 'A pool that has nothing to do uses no processor.',
  bounds: `${WORKERS} threads each, which have run a call before; the count is milliseconds`,
  lifetime: 'claim',
  cases: [{ name: 'idle', kind: 'idle', count: 3_000, metrics: [{ name: '% of a core', unit: '% of a core', better: 'lower' }] }],
  contestants: contestants('idle'),
}
