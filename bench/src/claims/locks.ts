// Claims: what waits within one event loop costs about as much as the `await` that it takes, and less than with other libraries.
//
//   npm run bench -- locks queues
//
// Measured on:
import type { Claim, Contestant, Metric } from '../claim.js'
import { startStage } from '../program.js'
import { lockKinds } from '../subjects/lock-kinds.js'
import { LOOPS, PERMITS } from '../subjects/locks.js'

const time: Metric = { name: 'ns per operation', unit: 'ns per operation', better: 'lower' }
const count = 1_000_000

export const locks: Claim = {
  name: 'locks',
  says: 'Locks and semaphores of one event loop cost about as much as the await that they take.',
  bounds: `an operation takes and gives back; contended: ${LOOPS} loops share it; a semaphore has ${PERMITS} permits`,
  lifetime: 'claim',
  cases: [
    { name: 'free lock', kind: 'free lock', count, metrics: [time] },
    { name: 'contended lock', kind: 'contended lock', count, metrics: [time] },
    { name: 'free semaphore', kind: 'free semaphore', count, metrics: [time] },
    { name: 'contended semaphore', kind: 'contended semaphore', count, metrics: [time] },
  ],
  contestants: contestantsWith('lock', 'locks'),
}

export const queues: Claim = {
  name: 'queues',
  says: 'A queue of one event loop costs about as much as the awaits that it takes.',
  bounds: 'an operation puts an item and gets it again',
  lifetime: 'claim',
  cases: [{ name: 'put and get', kind: 'queue', count, metrics: [time] }],
  contestants: contestantsWith('queue', 'queues'),
}

/** Those who have such a thing. */
function contestantsWith(what: 'lock' | 'queue', claim: string): Contestant[] {
  const kinds = Object.entries(lockKinds).filter(([, kind]) => kind[what] !== undefined)
  return kinds.map(([name]) => ({ name, start: () => startStage(claim, name) }))
}
