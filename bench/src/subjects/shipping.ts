import { deepStrictEqual } from 'node:assert/strict'
import type { Sample } from '../claim.js'
import { percentile } from '../statistics.js'
import { versionOf } from '../versions.js'
import { type Shipper, shippers } from './shippers.js'
import type { Subject } from './subject.js'

const IN_FLIGHT = 64
const WARM_UP = 500

type Kind = 'imported' | 'inline' | 'closure' | 'constant'

const expected: Record<Kind, (n: number) => number> = {
  imported: (n) => n,
  inline: (n) => n + 1,
  closure: (n) => 3 * n + 3,
  constant: (n) => n + 3,
}

export async function setUp(contestant: string): Promise<Subject> {
  const kind = shippers[contestant]
  if (kind === undefined) throw new Error(`no shipper ${contestant}`)
  const shipper = await kind.open()
  return {
    version: versionOf(kind.package) ?? '-',
    // Each run verifies what it measures: here it would be the first shipped function, and in another case the one that fails.
    verify: async () => void (await shipper.start()),
    run: (name, count) => runs[name as keyof typeof runs](shipper, count), // The names are those of the claim; a test runs each.
    end: async () => void (await shipper.end()),
  }
}

const runs = {
  imported: (shipper: Shipper, count: number) => calls(shipper, 'imported', count),
  inline: (shipper: Shipper, count: number) => calls(shipper, 'inline', count),
  closure: (shipper: Shipper, count: number) => calls(shipper, 'closure', count),
  constant: (shipper: Shipper, count: number) => calls(shipper, 'constant', count),
  'first inline': (shipper: Shipper) => first(shipper, 'inline'),
  'first closure': (shipper: Shipper) => first(shipper, 'closure'),
  reference: async (shipper: Shipper, count: number) => {
    if (shipper.reference === undefined) throw new Error('has no way to send the argument alone')
    return await shipper.reference(count)
  },
  loop: async (shipper: Shipper, count: number) => beforeAndAfter(shipper, async () => void loop(count)),
  awaits: (shipper: Shipper, count: number) => beforeAndAfter(shipper, () => awaits(count)),
}

async function calls(shipper: Shipper, kind: Kind, count: number): Promise<Sample> {
  for (let n = 0; n < Math.min(WARM_UP, count); n++) deepStrictEqual(await shipper[kind](n), expected[kind](n))
  return { ...(await oneByOne(shipper, kind, count)), ...(await window(shipper, kind, count)) }
}

/** One after the other: when `submit` is back, and when the result is there. */
async function oneByOne(shipper: Shipper, kind: Kind, count: number): Promise<Sample> {
  const submits = new Float64Array(count)
  const results = new Float64Array(count)
  for (let n = 0; n < count; n++) {
    const started = performance.now()
    const call = shipper[kind](n)
    submits[n] = (performance.now() - started) * 1000
    const value = await call
    results[n] = (performance.now() - started) * 1000
    if (value !== expected[kind](n)) throw new Error(`wrong result: ${value}, not ${expected[kind](n)}`)
  }
  return { 'submit µs': percentile(submits.sort(), 0.5), p50: percentile(results.sort(), 0.5) }
}

async function window(shipper: Shipper, kind: Kind, count: number): Promise<Sample> {
  let next = 0
  async function runner(): Promise<void> {
    while (next < count) {
      const n = next++
      const value = await shipper[kind](n)
      if (value !== expected[kind](n)) throw new Error(`wrong result: ${value}, not ${expected[kind](n)}`)
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, runner))
  return { 'calls/s': (count / (performance.now() - started)) * 1000 }
}

async function first(shipper: Shipper, kind: Kind): Promise<Sample> {
  const started = performance.now()
  const call = shipper[kind](20)
  const submitted = performance.now()
  deepStrictEqual(await call, expected[kind](20))
  return { 'submit ms': submitted - started, 'result ms': performance.now() - started }
}

/** The same work before and after the first shipped function, of each the fastest of some times: what else runs here only adds to it. */
async function beforeAndAfter(shipper: Shipper, work: () => Promise<void>): Promise<Sample> {
  const before = await fastest(work)
  for (let n = 0; n < 100; n++) {
    // Who cannot ship closures ships what it can: it is about what that does to the program.
    const kind = n > 0 && closuresFail ? 'inline' : 'closure'
    await shipper[kind](n).then(undefined, () => {
      closuresFail = true
    })
  }
  const after = await fastest(work)
  return { 'before ms': before, 'after ms': after, 'after/before': after / before }
}

let closuresFail = false

async function fastest(work: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let time = 0; time < 15; time++) {
    const started = performance.now()
    await work()
    best = Math.min(best, performance.now() - started)
  }
  return best
}

function loop(count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum = (sum + i * i) % 1_000_003
  return sum
}

async function awaits(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await i
}
