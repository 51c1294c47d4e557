import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

interface Report {
  readonly head: Record<string, string>
  readonly claims: { claim: string; results: Measured[] }[]
}

interface Measured {
  readonly case: string
  readonly contestant: string
  readonly samples: Record<string, number>[]
  readonly trouble?: { status: string; reason: string }
}

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'rungs-bench-'))
afterAll(() => rmSync(folder, { recursive: true }))

function bench(...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
}

/** A run that is far too short to say anything about speed: what is tested is that there are numbers. */
function run(claim: string, ...args: string[]): { stdout: string; report: Report } {
  const file = join(folder, `${claim}.json`)
  const { stdout, stderr, status } = bench(claim, '--quick', '--count', '50', '--budget', '20', '--json', file, ...args)
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  return { stdout, report: JSON.parse(readFileSync(file, 'utf8')) }
}

/** Each that is installed has a number above zero in each sample; of the others there is a reason. These must be there. */
function expectNumbers(stdout: string, results: readonly Measured[], needed: readonly string[]): void {
  for (const { case: kase, contestant, samples, trouble } of results) {
    expect(stdout).toContain(contestant)
    if (needed.includes(contestant)) expect({ kase, contestant, trouble }).toEqual({ kase, contestant })
    if (trouble !== undefined) expect(stdout).toContain(`${trouble.status}: ${trouble.reason}`)
    else expect(samples).toHaveLength(2)
    for (const [name, value] of samples.flatMap(Object.entries))
      expect({ contestant, name, above: value > 0 }).toMatchObject({ above: true })
  }
  expect(results.map(({ contestant }) => contestant)).toEqual(expect.arrayContaining([...needed]))
}

describe('the command', () => {
  it('measures tiny calls', () => {
    const { stdout, report } = run('tiny')
    const results = report.claims[0]?.results ?? []
    expectNumbers(stdout, results, ['rungs', 'raw postMessage'])
    expect(new Set(results.map((result) => result.case)).size).toBe(4)
    expect(report.head).toMatchObject({ node: process.version, command: expect.stringContaining('npm run bench -- tiny --quick') })
    expect(stdout).toMatch(/machine .*\nsystem .*\nnode .*\ndate .*\ncommand .*\npackages .*piscina 5.*\nbounds .*50 calls/)
  }, 120_000)

  it('measures bounded concurrency', () => {
    const { stdout, report } = run('tasks')
    const needed = ['rungs map', 'rungs map (for await)', 'rungs submit', 'loop by hand']
    expectNumbers(stdout, report.claims[0]?.results ?? [], needed)
  }, 120_000)

  it('lists the claims when none is named', () => {
    const { stdout, status } = bench()
    expect(status).toBe(0)
    const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]*) /gm)].map((match) => match[1])
    expect(names).toEqual(['tiny', 'map', 'payload', 'start-up', 'idle', 'tasks', 'locks', 'queues', 'shipping', 'processes', 'all'])
  })

  it('ends with 2 and a proposal for a name it does not know', () => {
    const { stdout, stderr, status } = bench('tinny')
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 })
    expect(stderr).toMatch(/Did you mean tiny\?[\s\S]* {2}tasks /)
  })
})
