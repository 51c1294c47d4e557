import { describe, expect, it } from 'vitest'
import { didYouMean } from '../dist/did-you-mean.js'
import { orderOf, UsageError, usage } from '../dist/order.js'
import { claimOf, fake } from './fakes.js'

const claims = [
  claimOf([fake('rungs', []), fake('peer', []), fake('peer (tuned)', [])], { name: 'tiny', says: 'Tiny calls are fast.' }),
  claimOf([fake('rungs map', []), fake('rungs submit', []), fake('loop', [])], { name: 'tasks', says: 'Tasks are cheap.' }),
]
const order = (...args: string[]) => orderOf(args, claims)
const picked = (...args: string[]) =>
  order(...args).claims.map(({ name, contestants }) => [name, ...contestants.map((one) => one.name)].join(': '))

describe('the command line', () => {
  it('picks claims by the beginning of their name, each once', () => {
    expect(order('tin').claims.map(({ name }) => name)).toEqual(['tiny'])
    expect(order('tasks', 't').claims.map(({ name }) => name)).toEqual(['tasks', 'tiny'])
    expect(order('all').claims).toEqual(claims)
    expect(order().claims).toEqual([])
  })

  it('picks contestants by the beginning of their name, and leaves out claims without any', () => {
    expect(picked('all', '--only', 'Rungs')).toEqual(['tiny: rungs', 'tasks: rungs map: rungs submit'])
    expect(picked('all', '--only', 'peer')).toEqual(['tiny: peer: peer (tuned)'])
    expect(picked('tiny', '--only', 'rungs, peer (')).toEqual(['tiny: rungs: peer (tuned)'])
  })

  it('has defaults, a quick mode, and takes what is said before both', () => {
    expect(order('all')).toMatchObject({ rounds: 5, budget: 60 })
    expect(order('all').count).toBeUndefined()
    expect(order('all', '--quick')).toMatchObject({ rounds: 2, count: 10_000 })
    expect(order('all', '--quick', '--rounds', '7', '--count', '5', '--budget', '9', '--json', 'x')).toMatchObject({
      rounds: 7,
      count: 5,
      budget: 9,
      json: 'x',
    })
  })

  it('refuses what it does not know, and says what was probably meant', () => {
    expect(() => order('tinny')).toThrow('No claim is called tinny. Did you mean tiny?')
    expect(() => order('xxxxxxxx')).toThrow('There are: tiny, tasks, all.')
    expect(() => order('tiny', '--only', 'runs')).toThrow('No contestant is called runs. Did you mean rungs?')
    expect(() => order('tiny', '--only', 'loop')).toThrow('No contestant is called loop.')
    for (const wrong of [['--fast'], ['--rounds', '0'], ['--rounds', 'many'], ['--count', '1.5']]) {
      expect(() => order('tiny', ...wrong)).toThrow(UsageError)
    }
  })

  it('lists the claims, one per line', () => {
    expect(usage(claims)).toContain('\n  tiny   Tiny calls are fast.\n  tasks  Tasks are cheap.\n')
  })
})

describe('did you mean', () => {
  it('finds the nearest name, and none for another word', () => {
    expect(didYouMean('taks', ['tiny', 'tasks'])).toBe('tasks')
    expect(didYouMean('TINY', ['tiny', 'tasks'])).toBe('tiny')
    expect(didYouMean('zzzz', ['tiny', 'tasks'])).toBeUndefined()
    expect(didYouMean('a', [])).toBeUndefined()
  })
})
