// Claim: any function can be submitted, closures too, for a fraction of a millisecond on the thread that submits; a function that was seen costs as
// much as its arguments; and the program runs as fast after the first shipped closure as before.
//
//   npm run bench -- shipping
//
// Measured on:
import type { Case, Claim, Metric } from '../claim.js'
import { startStage } from '../program.js'
import { shippers } from '../subjects/shippers.js'

const submit: Metric = { name: 'submit µs', unit: 'µs until submit returns', better: 'lower' }
const roundTrip: Metric = { name: 'p50', unit: 'µs from submit to result', better: 'lower' }
const rate: Metric = { name: 'calls/s', unit: 'calls/s with 64 in flight', better: 'higher' }
const first: Metric = { name: 'submit ms', unit: 'ms until submit returns', better: 'lower' }
const firstResult: Metric = { name: 'result ms', unit: 'ms from submit to result', better: 'lower' }
const before: Metric = { name: 'before ms', unit: 'ms before the first shipped function', better: 'lower' }
const after: Metric = { name: 'after ms', unit: 'ms after it', better: 'lower' }
const ratio: Metric = { name: 'after/before', unit: 'times as long', better: 'lower' }

const calls = (name: string, kind: string): Case => ({ name, kind, count: 10_000, metrics: [submit, roundTrip, rate] })

export const shipping: Claim = {
  name: 'shipping',
  says: 'Any function can be submitted, closures too, for a fraction of a millisecond, and nothing else gets slower.',
  bounds:
    'one thread each; the argument is a number; a new process for each run. Who cannot read captured variables fails where there are some',
  lifetime: 'run',
  cases: [
    calls('an imported function', 'imported'),
    calls('an inline function without captures', 'inline'),
    calls('a new closure over two variables each time', 'closure'),
    calls('the same closure over two constants', 'constant'),
    { name: 'the first inline function of a process, its thread runs', kind: 'first inline', count: 1, metrics: [first, firstResult] },
    { name: 'the first closure of a process, its thread runs', kind: 'first closure', count: 1, metrics: [first, firstResult] },
    { name: 'a loop', kind: 'loop', count: 30_000_000, metrics: [before, after, ratio] },
    { name: '300 k awaits', kind: 'awaits', count: 300_000, metrics: [before, after, ratio] },
  ],
  contestants: Object.keys(shippers).map((name) => ({ name, start: () => startStage('shipping', name) })),
}
