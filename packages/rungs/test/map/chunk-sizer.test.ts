import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstSizing, fittedSize, leastMs, maxGrowth, nextSizing, type Sizing, targetMs } from '../../dist/executors/map/chunk-sizer.js'

const ms = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 10, noNaN: true }), fc.double({ min: 0, max: 10_000, noNaN: true }))

/** Runs a whole input through it on `workers`, each item taking `msOf(index)`; in virtual time. */
function run(count: number, workers: number, msOf: (index: number) => number): { sizes: number[]; idleMs: number; longest: number } {
  let sizing: Sizing = firstSizing
  let next = 0
  let time = 0
  let longest = 0
  const sizes: number[] = []
  const waiting: { items: number; ms: number }[] = []
  const running: { items: number; ms: number; end: number }[] = []
  const ends: number[] = []
  for (;;) {
    while (running.length + waiting.length < 2 * workers && next < count) {
      const size = fittedSize(sizing, count - next, workers)
      let sum = 0
      for (let i = next; i < next + size; i++) sum += msOf(i)
      next += size
      sizes.push(size)
      longest = Math.max(longest, sum)
      waiting.push({ items: size, ms: sum })
    }
    while (running.length < workers && waiting.length > 0) {
      const chunk = waiting.shift() as { items: number; ms: number }
      running.push({ ...chunk, end: time + chunk.ms })
    }
    if (running.length === 0) break
    running.sort((a, b) => a.end - b.end)
    const ended = running.shift() as { items: number; ms: number; end: number }
    time = ended.end
    if (next === count && waiting.length === 0) ends.push(time)
    sizing = nextSizing(sizing, ended)
  }
  expect(next).toBe(count)
  return { sizes, idleMs: time - Math.min(...ends), longest }
}

describe('the size of chunks', () => {
  it('starts with one item and grows step by step to what takes some milliseconds', () => {
    const sizes: number[] = []
    let sizing = firstSizing
    for (let i = 0; i < 8; i++) {
      sizes.push(sizing.size)
      sizing = nextSizing(sizing, { items: sizing.size, ms: sizing.size * 0.005 })
    }
    expect(sizes).toEqual([1, 8, 64, 512, 1_000, 1_000, 1_000, 1_000])
  })

  it('shrinks at once when items take longer, and only slowly trusts faster ones', () => {
    const before: Sizing = { size: 2_000, msPerItem: 0.0025, measured: 2_000 }
    expect(nextSizing(before, { items: 2_000, ms: 500 }).size).toBe(20)
    const after = nextSizing({ size: 20, msPerItem: 0.25, measured: 20 }, { items: 20, ms: 0 })
    expect(after.size).toBeLessThanOrEqual(40)
  })

  it('soon forgets the first call of a function, which is slow', () => {
    let sizing = firstSizing
    for (let i = 0; i < 5; i++) sizing = nextSizing(sizing, { items: sizing.size, ms: sizing.size * 0.001 + (i === 0 ? 1 : 0) })
    // By then 1,300 items have been measured. If the first were forgotten by half each time it would be 130.
    expect(sizing.size).toBeGreaterThan(2_000)
  })

  it('is not taken in by several small chunks that end one after the other', () => {
    let sizing = firstSizing
    for (let i = 0; i < 4; i++) sizing = nextSizing(sizing, { items: 1, ms: 0 })
    expect(sizing.size).toBe(maxGrowth)
    // A late one does not undo what is known by now.
    expect(nextSizing({ size: 4_000, msPerItem: 0.0005, measured: 4_000 }, { items: 1, ms: 0 }).size).toBeGreaterThan(1_000)
  })

  it('keeps its bounds whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ items: fc.integer({ min: 0, max: 10_000 }), ms })),
        fc.nat(1e6),
        fc.integer({ min: 1, max: 64 }),
        (events, remaining, workers) => {
          let sizing: Sizing = firstSizing
          for (const event of events) {
            const next = nextSizing(sizing, event)
            expect(Number.isInteger(next.size)).toBe(true)
            expect(next.size).toBeGreaterThanOrEqual(1)
            expect(next.size).toBeLessThanOrEqual(Math.max(sizing.size, event.items * maxGrowth))
            if (next.msPerItem !== undefined) expect(next.size === 1 || next.size * next.msPerItem <= targetMs * 1.001).toBe(true)
            sizing = next
            const fitted = fittedSize(sizing, remaining, workers)
            expect(fitted).toBeGreaterThanOrEqual(1)
            expect(fitted).toBeLessThanOrEqual(Math.max(1, Math.min(sizing.size, remaining)))
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('leaves no worker idle at the end for more than about one chunk, whatever the items take', () => {
    const duration = fc.oneof(
      fc.constant(0.001),
      fc.double({ min: 0.0005, max: 0.05, noNaN: true }),
      fc.double({ min: 0.01, max: 5, noNaN: true }),
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(duration, { minLength: 1, maxLength: 20 }),
        (count, workers, durations) => {
          const { idleMs, longest } = run(count, workers, (index) => durations[index % durations.length] as number)
          expect(idleMs).toBeLessThanOrEqual(longest + leastMs)
          // A growing step meets items that take longer than those before; beyond that no chunk is much over the aim.
          expect(longest).toBeLessThanOrEqual(Math.max(...durations) * maxGrowth + targetMs * maxGrowth)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('needs few chunks for a million tiny items, and cuts small ones at the end', () => {
    const { sizes } = run(1_000_000, 2, () => 0.0001)
    expect(sizes.length).toBeLessThan(300)
    expect(sizes.at(-1)).toBeLessThan(sizes[100] as number)
  })

  it('keeps even items even to the end', () => {
    for (const count of [500, 1_234, 10_000, 77_777]) expect(run(count, 2, () => 0.02).idleMs).toBeLessThanOrEqual(2 * leastMs)
  })

  it('gives one item at a time when each takes long', () => {
    expect(new Set(run(100, 4, () => 50).sizes)).toEqual(new Set([1]))
  })
})
