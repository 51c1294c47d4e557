import { describe, expect, it } from 'vitest'
import { linesOf, run } from './program.js'

async function linesFrom(program: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(`testing/${program}.js`)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return linesOf(stdout)
}

describe('the programs of docs/guide/testing.md', () => {
  it.each([
    ['advance', ['gave up after 60000 ms']],
    ['autojump', ['here I am, after 15 hours']],
    ['when-idle', ['it waits for the lock']],
  ])('%s', async (program, lines) => {
    expect(await linesFrom(program)).toEqual(lines)
  })

  it('explore names a seed', async () => {
    const [first, second] = await linesFrom('explore')
    expect(first).toBe('passes in the usual order')
    expect(second).toMatch(/^Failed in schedule \d+ of 1000; { seed: \d+ } repeats it\. Expected values to be strictly equal:/)
  })

  it('deadlock draws what waits', async () => {
    expect(await linesFrom('deadlock')).toEqual([
      'Failed in schedule 1 of 1; { seed: 1 } repeats it. Every task is blocked, and no timer is set:',
      'main  1 ms  waits for TaskGroup of 2',
      '├── anna to ben  1 ms  waits for Lock.acquire()',
      '└── ben to anna  1 ms  waits for Lock.acquire()',
      '',
    ])
  })

  it('contract passes', async () => {
    expect(await linesFrom('contract')).toEqual([
      expect.stringMatching(/^ok: /),
      expect.stringMatching(/^ok: /),
      expect.stringMatching(/^ok: /),
    ])
  })
})
