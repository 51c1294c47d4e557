import { describe, expect, it } from 'vitest'
import { pageOf } from '../dist/page.js'
import { measure } from '../dist/runner.js'
import { claimOf, FakeClock, fake } from './fakes.js'

const head = {
  machine: 'a machine',
  system: 'x',
  node: 'v0',
  date: 'today',
  command: 'npm run bench -- one',
  packages: 'none',
  bounds: '3 rounds',
}

describe('the page of results', () => {
  it('has the head, the tables, and a plot with the best first, without those that were not measured', async () => {
    const claim = claimOf([
      fake('ours', [], { run: async () => ({ speed: 10.123 }) }),
      fake('fast', [], { run: async () => ({ speed: 20 }) }),
      fake('gone', [], { run: () => Promise.reject(new Error('no breath')) }),
    ])
    const page = pageOf(head, [{ claim, measurements: await measure(claim, { rounds: 3, budget: 1, clock: new FakeClock() }) }])
    expect(page).toContain('machine   a machine')
    expect(page).toContain('  x-axis ["fast", "ours"]')
    expect(page).toContain('  bar [20, 10.1]')
    expect(page).toContain('gone')
    expect(page).toContain('fast is ahead of ours')
    expect(page).not.toContain('Not the whole run')
  })

  it('says which claims are missing while the run goes on, or when it was cut', () => {
    expect(pageOf(head, [], ['idle', 'tasks'])).toContain('**Not the whole run:** idle, tasks are missing.')
  })
})
