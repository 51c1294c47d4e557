import { describe, expect, it } from 'vitest'
import type { Claim, Contestant } from '../dist/claim.js'
import { reportOf, short } from '../dist/report.js'
import { measure } from '../dist/runner.js'
import { caseOf, claimOf, FakeClock, fake } from './fakes.js'

/** A contestant with these speeds, the first of them in the warm-up. */
function racer(name: string, speeds: number[], against?: string): Contestant {
  const rest = [...speeds]
  const contestant = fake(name, [], {
    run: async () => {
      const speed = rest.shift()
      if (speed === undefined) throw new Error('no breath left')
      return { speed }
    },
  })
  return against === undefined ? contestant : { ...contestant, against }
}

async function report(contestants: Contestant[], parts: Partial<Claim> = {}): Promise<string> {
  const claim = claimOf(contestants, parts)
  return reportOf(claim, await measure(claim, { rounds: 3, budget: 1, clock: new FakeClock() }))
}

describe('the report', () => {
  it('has medians, spreads and how much better ours is, and names who is ahead', async () => {
    const text = await report([
      racer('ours', [1, 100, 110, 90]),
      racer('slow', [1, 10, 11, 9]),
      racer('fast', [1, 200, 220, 180]),
      racer('alike', [1, 105, 95, 100]),
      racer('tired', [1, 50]),
      racer('gone', []),
      racer('friend', [1, 20, 22, 18], 'slow'),
    ])
    expect(text).toBe(
      [
        'one: speed (10); m/s, higher is better',
        '          version  median  min – max',
        '  ours    1.0.0       100  90.0 – 110',
        '  slow    1.0.0      10.0  9.00 – 11.0  ours 10 × better',
        '  fast    1.0.0       200  180 – 220    ours 2.00 × worse',
        '  alike   1.0.0       100  95.0 – 105   ours 1.05 × worse (within the noise)',
        '  tired   1.0.0      50.0  50.0 – 50.0  ours 2.00 × better; failed: no breath left, round 2',
        '  gone    1.0.0         -               failed: no breath left, warming up',
        '  friend  1.0.0      20.0  18.0 – 22.0  slow 2.00 × worse',
        '',
        'Ahead beyond the noise:',
        '  one: speed: fast is ahead of ours, 2.00 ×',
        '  one: speed: friend is ahead of slow, 2.00 ×',
      ].join('\n'),
    )
  })

  it('says who did fewer', async () => {
    const cases = [{ ...caseOf('one'), fewer: { count: 3, contestants: ['b', 'c'] } }]
    expect(await report([racer('a', [1, 2, 3, 4]), racer('b', [1, 2, 3, 4])], { cases })).toMatch(/^one: speed \(10; b, c: 3\); m\/s/)
  })

  it('has no verdict without ours, and one when nobody is ahead', async () => {
    expect(await report([racer('ours', []), racer('other', [1, 2, 3, 4])])).toMatch(/\nNo verdict: ours was not measured\.$/)
    expect(await report([racer('ours', [9, 9, 9, 9]), racer('other', [1, 2, 3, 4])])).toMatch(
      /nobody that was measured is ahead of ours\.$/,
    )
  })

  it('prints three digits', () => {
    expect([0.1234, 9.994, 14.26, 999.4, 9_994, 38_230, 999_499, 1_234_567].map(short)).toEqual([
      '0.12',
      '9.99',
      '14.3',
      '999',
      '9994',
      '38.2 k',
      '999 k',
      '1.23 M',
    ])
  })
})
