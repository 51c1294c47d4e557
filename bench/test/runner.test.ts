import { describe, expect, it } from 'vitest'
import { AbsentError, type Contestant } from '../dist/claim.js'
import { type Measurements, measure, type Options } from '../dist/runner.js'
import { caseOf, claimOf, FakeClock, fake } from './fakes.js'

const never = () => new Promise<never>(() => {})

function options(parts: Partial<Options> = {}): Options {
  return { rounds: 3, budget: 1000, clock: new FakeClock(), ...parts }
}

function resultsOf({ results }: Measurements, name: string) {
  return results.filter(({ contestant }) => contestant.name === name)
}

describe('the order', () => {
  it('lets the contestants take turns, begins each round with the next one, and discards the first round', async () => {
    const log: string[] = []
    let run = 0
    const counting = (name: string) => fake(name, log, { run: async () => ({ speed: ++run }) })
    const measurements = await measure(claimOf(['a', 'b', 'c'].map(counting)), options())
    const runs = log.filter((entry) => entry.startsWith('run')).map((entry) => entry.split(' ')[1])
    expect(runs.join(' ')).toBe('a b c  b c a  c a b  a b c'.replaceAll('  ', ' '))
    const [a] = resultsOf(measurements, 'a')
    expect([...(a?.samples ?? [])]).toEqual([
      [1, { speed: 6 }],
      [2, { speed: 8 }],
      [3, { speed: 10 }],
    ])
  })

  it('finishes a case before the next one', async () => {
    const log: string[] = []
    const kinds: string[] = []
    const noting = fake('a', log, { run: async (kind) => ({ speed: kinds.push(kind) }) })
    await measure(claimOf([noting], { cases: [caseOf('one'), caseOf('two')] }), options({ rounds: 1 }))
    expect(kinds).toEqual(['one', 'one', 'two', 'two'])
  })

  it('sets a contestant up once per claim and ends it, or once per run where the claim says so', async () => {
    const log: string[] = []
    await measure(claimOf([fake('a', log)]), options({ rounds: 1 }))
    expect(log).toEqual(['start a', 'run a 10', 'run a 10', 'end a', 'kill a'])
    log.length = 0
    await measure(claimOf([fake('a', log)], { lifetime: 'run' }), options({ rounds: 1 }))
    expect(log).toEqual(['start a', 'run a 10', 'end a', 'kill a', 'start a', 'run a 10', 'end a', 'kill a'])
  })

  it('gives fewer to those who would take minutes', async () => {
    const log: string[] = []
    const kase = { ...caseOf('one'), fewer: { count: 3, contestants: ['b'] } }
    await measure(claimOf([fake('a', log), fake('b', log)], { cases: [kase] }), options({ rounds: 0 }))
    await measure(claimOf([fake('b', log)], { cases: [kase] }), options({ rounds: 0, count: 2 }))
    expect(log.filter((entry) => entry.startsWith('run'))).toEqual(['run a 10', 'run b 3', 'run b 2'])
  })

  it('bounds the counts', async () => {
    const log: string[] = []
    const { results } = await measure(claimOf([fake('a', log)]), options({ rounds: 1, count: 3 }))
    expect(log).toContain('run a 3')
    expect(results[0]?.case.count).toBe(3)
    await measure(claimOf([fake('b', log)]), options({ rounds: 1, count: 30 }))
    expect(log).toContain('run b 10')
  })
})

describe('a contestant in trouble', () => {
  /** Two sound ones around it, two cases: what becomes of it, and that the others have all of their samples. */
  async function troubled(contestant: (log: string[]) => Contestant, clock = new FakeClock()) {
    const log: string[] = []
    const claim = claimOf([fake('first', log), contestant(log), fake('last', log)], { cases: [caseOf('one'), caseOf('two')] })
    const measurements = await measure(claim, options({ clock }))
    for (const name of ['first', 'last']) {
      expect(resultsOf(measurements, name).map(({ samples, trouble }) => [samples.size, trouble])).toEqual([
        [3, undefined],
        [3, undefined],
      ])
    }
    expect(clock.waiting).toBe(0)
    const [one, two] = resultsOf(measurements, 'troubled')
    return { log: log.filter((entry) => entry.includes('troubled')).join(', '), one, two }
  }

  it('that throws is out of the case with the reason, keeps what it measured, and gets another chance in the next case', async () => {
    let runs = 0
    const { log, one, two } = await troubled((log) =>
      fake('troubled', log, {
        run: async () => {
          if (++runs === 3) throw new Error('out of luck\n  at some line')
          return { speed: runs }
        },
      }),
    )
    expect(one?.trouble).toEqual({ status: 'failed', reason: 'out of luck, round 2' })
    expect(one?.samples.size).toBe(1)
    expect(two?.trouble).toBeUndefined()
    expect(two?.samples.size).toBe(3)
    expect(log).toMatch(/^start.*run troubled 10, kill troubled, start troubled, run/)
  })

  it('that hangs is reported as hung after its budget, and killed', async () => {
    const clock = new FakeClock()
    const hanging = (log: string[]) =>
      fake('troubled', log, {
        run: () => {
          clock.pass(1000)
          return never()
        },
      })
    const { log, one, two } = await troubled(hanging, clock)
    expect(one?.trouble).toEqual({ status: 'hung', reason: 'no end of its run within 1 s, warming up' })
    expect(two?.trouble?.status).toBe('hung')
    expect(log).toBe('start troubled, run troubled 10, kill troubled, start troubled, run troubled 10, kill troubled')
  })

  it('that needs less than its budget is not hung', async () => {
    const clock = new FakeClock()
    const slow = (log: string[]) =>
      fake('troubled', log, {
        run: async () => {
          clock.pass(999)
          return { speed: 1 }
        },
      })
    expect((await troubled(slow, clock)).one?.trouble).toBeUndefined()
  })

  it('that cannot be set up, or gives wrong results, is out of the claim', async () => {
    const { log, one, two } = await troubled((log) =>
      fake('troubled', log, {
        ready: async () => {
          throw new Error('wrong results')
        },
      }),
    )
    expect(one?.trouble).toEqual({ status: 'failed', reason: 'wrong results, in its setup' })
    expect(two?.trouble).toEqual(one?.trouble)
    expect(log).toBe('start troubled, kill troubled')
  })

  it('that never becomes ready is hung', async () => {
    const clock = new FakeClock()
    const stuck = (log: string[]) =>
      fake('troubled', log, {
        ready: () => {
          clock.pass(1000)
          return never()
        },
      })
    expect((await troubled(stuck, clock)).two?.trouble).toEqual({ status: 'hung', reason: 'no end of its setup within 1 s, in its setup' })
  })

  it('that is not installed is absent', async () => {
    const { one } = await troubled((log) =>
      fake('troubled', log, {
        ready: async () => {
          throw new AbsentError('it is not installed')
        },
      }),
    )
    expect(one?.trouble).toEqual({ status: 'absent', reason: 'it is not installed' })
  })

  it('that throws when it is started is out, too', async () => {
    const { one } = await troubled(() => ({
      name: 'troubled',
      start: () => {
        throw new TypeError('no such thing')
      },
    }))
    expect(one?.trouble).toEqual({ status: 'failed', reason: 'no such thing, in its setup' })
  })

  it('that does not end is killed; what it measured counts', async () => {
    const clock = new FakeClock()
    const staying = (log: string[]) =>
      fake('troubled', log, {
        end: () => {
          clock.pass(1000)
          return never()
        },
      })
    const { log, one } = await troubled(staying, clock)
    expect(one?.samples.size).toBe(3)
    expect(one?.trouble).toBeUndefined()
    expect(log).toMatch(/end troubled, kill troubled/)
  })
})
