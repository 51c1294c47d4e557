// Claim: what is sent along costs what its way costs and no more: a copy, a move, or nothing for shared memory.
//
//   npm run bench -- payload
//
// Measured on:
import type { Case, Claim, Metric } from '../claim.js'
import { startStage } from '../program.js'
import { IN_FLIGHT } from '../subjects/payloads.js'
import { WORKERS } from '../subjects/thread-pools.js'
import { workPools } from '../subjects/work-pools.js'

const rate: Metric = { name: 'calls/s', unit: 'calls/s', better: 'higher' }
const sizes = [
  ['1 KB', 1_000, 20_000],
  ['100 KB', 100_000, 4_000],
  ['10 MB', 10_000_000, 60],
] as const

export const payloads: Claim = {
  name: 'payload',
  says: 'Bytes that are sent along cost a copy, a move, or nothing where they are shared.',
  bounds: `${WORKERS} threads each; a function that gets bytes and returns how many; ${IN_FLIGHT} calls on their way`,
  lifetime: 'claim',
  cases: ['copy', 'transfer', 'share'].flatMap((way) =>
    sizes.map(([label, size, count]): Case => ({ name: `${way} ${label}`, kind: `${way} ${size}`, count, metrics: [rate] })),
  ),
  contestants: Object.keys(workPools).map((name) => ({ name, start: () => startStage('payload', name) })),
}
