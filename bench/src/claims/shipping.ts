// Claim: any function can be submitted, closures too, for a fraction of a millisecond on the thread that submits; an imported function that was seen
// costs at most a microsecond more than its arguments alone; and the program runs as fast after the first shipped closure as before.
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

// The work of the library at both ends; what carries it is the same for both, but for the number of the function.
const reference: readonly Metric[] = [
  { name: 'both µs', unit: 'µs to encode and decode an imported function and its argument', better: 'lower' },
  { name: 'data alone µs', unit: 'µs to encode and decode the argument alone', better: 'lower' },
  { name: 'adds µs', unit: 'µs that the function adds, of at most 1', better: 'lower' },
]

const calls = (name: string, kind: string): Case => ({ name, kind, count: 10_000, metrics: [submit, roundTrip, rate] })

export const shipping: Claim = {
  name: 'shipping',
  says: 'Any function can be submitted, closures too, for a fraction of a millisecond; an imported one adds at most 1 µs to its arguments; and nothing else gets slower.',
  bounds:
    'one thread each; the argument is a number; a new process for each run. Who cannot read captured variables fails where there are some. An imported function beside its argument alone: encoded and decoded in one thread, without the way between two',
  lifetime: 'run',
  cases: [
    calls('an imported function', 'imported'),
    { name: 'an imported function beside its argument alone', kind: 'reference', count: 400_000, metrics: reference },
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
