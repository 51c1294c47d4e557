import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hosts } from '../dist/readme/devices.js'
import { linesOf, run } from './program.js'

async function linesFrom(program: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(`readme/${program}.js`)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return linesOf(stdout)
}

const regionOf = (name: string): string => {
  const text = readFileSync(new URL(`../src/readme/${name}.ts`, import.meta.url), 'utf8')
  return text.split(`// #region ${name}\n`)[1]?.split('// #endregion')[0] ?? ''
}

const versions = [
  'ams-1 runs 15.2(7)E9',
  'ber-1 runs 15.2(7)E6',
  'cdg-1 runs 17.9.5',
  'lhr-1 runs 9.3(13)',
  'vie-1 runs 10.2(6)',
  'zrh-1 runs 4.31.2F',
]

describe('the programs of the README', () => {
  it.each(['tasks', 'threads', 'processes', 'failures', 'cancel', 'futures'])('%s fits on a screen', (name) => {
    expect(linesOf(regionOf(name)).length).toBeGreaterThan(5)
    expect(linesOf(regionOf(name)).length).toBeLessThanOrEqual(20)
  })

  it('tasks, threads and processes differ by one word', () => {
    expect(regionOf('tasks').replaceAll('TaskPoolExecutor', 'ThreadPoolExecutor')).toBe(regionOf('threads'))
    expect(regionOf('tasks').replaceAll('TaskPoolExecutor', 'ProcessPoolExecutor')).toBe(regionOf('processes'))
  })

  it.each(['tasks', 'threads', 'processes'])('%s prints the versions in the order of the hosts', async (name) => {
    expect(await linesFrom(name)).toEqual(versions)
  })

  it('failures keeps what was answered, and groups the rest by cause', async () => {
    const lines = await linesFrom('failures')
    expect(lines.slice(0, 3)).toEqual(versions.filter((line) => /ams|cdg|zrh/.test(line)))
    expect(lines.slice(3)).toEqual(['Error: login refused: ber-1, vie-1', expect.stringMatching(/^TimeoutError: .*500 ms.*: lhr-1$/)])
  })

  it('cancel ends the call that looks, the one that does not, and the one that is not wanted', async () => {
    const lines = await linesFrom('cancel')
    // What the polite call prints is printed by its thread, before or after its future is done.
    expect(lines.filter((line) => line !== 'was told, and stopped')).toEqual([
      expect.stringMatching(/^TimeoutError: .*300 ms/),
      expect.stringMatching(/^TimeoutError: .*300 ms/),
      'true cancelled',
      '42',
    ])
    expect(lines).toContain('was told, and stopped')
  })

  it('futures shows each future once, as it ends', async () => {
    const [one, two, three, ...rest] = await linesFrom('futures')
    expect([one, two, three]).toEqual(['the first is finished', versions[0], `${hosts.length} futures, at least one is done`])
    expect([...rest].sort()).toEqual(versions)
  })
})
