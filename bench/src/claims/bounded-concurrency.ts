// Claim: running an async function over very many items, a hundred at a time, costs a few times what a loop written by hand does, and mostly less
// time and memory than with other libraries.
//
//   npm run bench -- tasks
//
// Measured on:
import type { Claim, Metric } from '../claim.js'
import { startStage } from '../program.js'
import { LIMIT, taskPools } from '../subjects/task-pools.js'

const time: Metric = { name: 'ns per item', unit: 'ns per item', better: 'lower' }
const memory: Metric = { name: 'peak MB', unit: 'MB resident at most', better: 'lower' }
const pending: Metric = { name: 'bytes per item', unit: 'bytes of heap per item', better: 'lower' }

export const boundedConcurrency: Claim = {
  name: 'tasks',
  says: 'Async functions over very many items, a hundred at a time, cost a few times what a loop written by hand does, and mostly less than with other libraries.',
  bounds: `${LIMIT} at a time; an async function that returns its argument, or calls and awaits another one before that; a new process for each run, which has run 1,000 items before`,
  lifetime: 'run',
  cases: [
    { name: '10 k items', kind: 'trivial', count: 10_000, metrics: [time] },
    { name: '1 M items', kind: 'trivial', count: 1_000_000, metrics: [time, memory] },
    { name: '1 M items of a function that calls another', kind: 'calling', count: 1_000_000, metrics: [time] },
    { name: '100 k items that wait for their turn', kind: 'pending', count: 100_000, metrics: [pending] },
  ],
  contestants: Object.entries(taskPools).map(([name, { against }]) => ({
    name,
    ...(against !== undefined && { against }),
    start: () => startStage('tasks', name),
  })),
}
