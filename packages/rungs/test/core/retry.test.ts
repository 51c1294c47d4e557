import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRetries } from '../../dist/core/retry.js'

const none = () => 0
const full = () => 1

describe('retries', () => {
  it('given as a number have no pauses and no condition', () => {
    const retries = checkRetries(3)
    expect([retries.limit, retries.when, retries.pauseAfter(1, full), retries.pauseAfter(9, none)]).toEqual([3, undefined, 0, 0])
  })

  it('given as a policy without backoff have no pauses', () => {
    expect(checkRetries({ limit: 2 }).pauseAfter(5, none)).toBe(0)
  })

  it('double their pause from base up to cap', () => {
    const { pauseAfter } = checkRetries({ limit: 9, backoff: { base: 100, cap: 1_000, jitter: 0 } })
    expect([1, 2, 3, 4, 5, 6].map((attempt) => pauseAfter(attempt, full))).toEqual([100, 200, 400, 800, 1_000, 1_000])
  })

  it('have a base of 100 ms, a cap of 30 s, and leave out up to half', () => {
    const { pauseAfter } = checkRetries({ limit: 9, backoff: {} })
    expect([pauseAfter(1, none), pauseAfter(1, full), pauseAfter(20, none), pauseAfter(20, full)]).toEqual([100, 50, 30_000, 15_000])
  })

  it('take jitter: true for 1, and false for 0', () => {
    expect(checkRetries({ limit: 1, backoff: { base: 100, jitter: true } }).pauseAfter(1, () => 0.75)).toBe(25)
    expect(checkRetries({ limit: 1, backoff: { base: 100, jitter: false } }).pauseAfter(1, full)).toBe(100)
  })

  it('never pause for less than 0, longer than cap, or for NaN', () => {
    const backoff = fc.record({
      base: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })),
      cap: fc.double({ min: 0, max: 1e6, noNaN: true }),
      jitter: fc.oneof(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true })),
    })
    fc.assert(
      fc.property(
        backoff,
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (options, attempt, random) => {
          const pause = checkRetries({ limit: 1, backoff: options }).pauseAfter(attempt, () => random)
          expect(pause).toBeGreaterThanOrEqual(0)
          expect(pause).toBeLessThanOrEqual(options.cap)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('never get shorter from attempt to attempt without jitter', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(100_000), fc.integer({ min: 1, max: 60 }), (base, cap, attempt) => {
        const { pauseAfter } = checkRetries({ limit: 1, backoff: { base, cap, jitter: 0 } })
        expect(pauseAfter(attempt + 1, none)).toBeGreaterThanOrEqual(pauseAfter(attempt, none))
      }),
    )
  })

  it.each<[unknown, RegExp]>([
    [-1, /retries .*at least 0, got -1/],
    [1.5, /retries .*1\.5/],
    ['3', /retries must be a number or .*'3'/],
    [null, /retries .*null/],
    [{}, /retries\.limit .*undefined/],
    [{ limit: -1 }, /retries\.limit .*-1/],
    [{ limit: 1, when: 1 }, /retries\.when must be a function, got 1/],
    [{ limit: 1, backof: {} }, /Did you mean backoff/],
    [{ limit: 1, backoff: 5 }, /retries\.backoff .*5/],
    [{ limit: 1, backoff: { base: -1 } }, /retries\.backoff\.base .*-1/],
    [{ limit: 1, backoff: { cap: '1' } }, /retries\.backoff\.cap .*'1'/],
    [{ limit: 1, backoff: { jitter: 2 } }, /retries\.backoff\.jitter .*2/],
    [{ limit: 1, backoff: { jitter: Number.NaN } }, /retries\.backoff\.jitter .*NaN/],
    [{ limit: 1, backoff: { jitter: '0.5' } }, /retries\.backoff\.jitter .*'0\.5'/],
    [{ limit: 1, backoff: { jitter: null } }, /retries\.backoff\.jitter .*null/],
    [{ limit: 1, backoff: { jiter: 1 } }, /Did you mean jitter/],
  ])('refuse %j', (wrong, message) => {
    expect(() => checkRetries(wrong as number)).toThrow(message)
  })
})
