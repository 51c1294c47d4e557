// Claim: map over very many tiny items is worth it, and over items that compute it uses all cores.
//
//   npm run bench -- map
//
// Measured on:
import type { Claim, Metric } from '../claim.js'
import { startStage } from '../program.js'
import { LOOP, SINGLES } from '../subjects/maps.js'
import { WORKERS } from '../subjects/thread-pools.js'
import { workPools } from '../subjects/work-pools.js'

const rate: Metric = { name: 'items/s', unit: 'items/s', better: 'higher' }

const others = Object.keys(workPools).filter((name) => name !== 'rungs')

export const maps: Claim = {
  name: 'map',
  says: 'map over very many tiny items runs at a multiple of the rate of every other pool, and uses all cores where items compute.',
  bounds: `${WORKERS} threads each; rungs with chunkSize 'auto', the others with their map or a call per item, and a tenth of the tiny items`,
  lifetime: 'claim',
  cases: [
    {
      name: 'tiny items',
      kind: 'increment',
      count: 1_000_000,
      fewer: { count: 100_000, contestants: [SINGLES, ...others] },
      metrics: [rate],
    },
    { name: 'items of about a millisecond', kind: 'compute', count: 500, metrics: [rate] },
  ],
  contestants: ['rungs', SINGLES, ...others, LOOP].map((name) => ({
    name,
    start: () => startStage('map', name),
  })),
}
