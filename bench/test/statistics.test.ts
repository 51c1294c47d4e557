import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { median, percentile, summarize, timesBetter } from '../dist/statistics.js'

const figures = fc.array(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 20 })

describe('the median', () => {
  it('is the one in the middle, or lies between the two there', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([7])).toBe(7)
  })

  it('has as many values at or below it as at or above it, leaves its input as it was, and is refused of nothing', () => {
    fc.assert(
      fc.property(figures, (values) => {
        const before = [...values]
        const middle = median(values)
        expect(values.filter((value) => value <= middle).length).toBeGreaterThanOrEqual(values.length / 2)
        expect(values.filter((value) => value >= middle).length).toBeGreaterThanOrEqual(values.length / 2)
        expect(values).toEqual(before)
      }),
    )
    expect(() => median([])).toThrow(RangeError)
  })
})

describe('the spread', () => {
  it('is from the smallest to the largest, with the median between', () => {
    expect(summarize([5, 1, 10, 2])).toEqual({ median: 3.5, min: 1, max: 10 })
    fc.assert(
      fc.property(figures, (values) => {
        const { min, max, median: middle } = summarize(values)
        expect(min <= middle && middle <= max).toBe(true)
      }),
    )
  })
})

describe('a percentile', () => {
  it('is a value that was measured', () => {
    const hundred = Float64Array.from({ length: 100 }, (_, i) => i + 1)
    expect(percentile(hundred, 0.5)).toBe(50)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile(hundred, 1)).toBe(100)
    expect(percentile([4], 0.5)).toBe(4)
    expect(() => percentile([], 0.5)).toThrow(RangeError)
  })
})

describe('how many times better ours is', () => {
  const ours = new Map([
    [1, 100],
    [2, 50],
    [3, 100],
  ])

  it('counts up when higher is better and when lower is better', () => {
    expect(timesBetter(new Map([[1, 100]]), new Map([[1, 20]]), 'higher')).toBe(5)
    expect(timesBetter(new Map([[1, 100]]), new Map([[1, 20]]), 'lower')).toBe(0.2)
  })

  it('compares within a round, so that a slow round of the machine cancels out', () => {
    const theirs = new Map([...ours].map(([round, value]) => [round, value / 4]))
    expect(timesBetter(ours, theirs, 'higher')).toBe(4)
  })

  it('uses the rounds that both have, and says nothing when there is none', () => {
    expect(timesBetter(ours, new Map([[2, 25]]), 'higher')).toBe(2)
    expect(timesBetter(ours, new Map([[4, 25]]), 'higher')).toBeUndefined()
  })
})
