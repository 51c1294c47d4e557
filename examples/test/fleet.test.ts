import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { planFleet } from '../dist/fleet/plan.js'
import type { DeviceResult } from '../dist/fleet/result.js'
import { isAlive, linesOf, type Running, run, start } from './program.js'

const folder = mkdtempSync(join(tmpdir(), 'fleet-'))
afterAll(() => rmSync(folder, { recursive: true }))

// Quick devices, so that a test waits for little else than the one that never answers.
const quick = ['--latency', '5-20', '--timeout', '2000']
const pidOf = async (program: Running) => Number((await program.printed(/in process (\d+)/))[1])
const resultsIn = (file: string) => linesOf(readFileSync(file, 'utf8')).map((line): DeviceResult => JSON.parse(line))

describe('a fleet of 16', () => {
  it('is asked in three ways; every device is accounted for, and no process is left', { timeout: 60_000 }, async () => {
    const out = join(folder, 'sixteen.jsonl')
    const program = start('fleet/main.js', ['16', '--seed', '5', '--sample', '3', '--out', out, ...quick])
    const fleet = await pidOf(program)
    const { code, stdout, stderr } = await program.ended

    expect(stdout).toMatch(/^16 devices: 14 answered, 1 refused, 1 timed out; matches the fleet made$/m)
    expect(stdout).toMatch(/^ {2}1 {3}refused the login, not tried again {3}127\.\d+\.\d+\.\d+:\d+$/m)
    expect(stdout).toMatch(/^ {2}1 {3}timed out, tried 2 times {3,}127\.\d+\.\d+\.\d+:\d+$/m)
    for (const way of ['one by one', '4 threads x 25', '100 tasks']) expect(stdout).toContain(`  ${way} `)
    expect(stderr).not.toMatch(/warning|error/i)
    expect(code).toBe(0)
    expect(isAlive(fleet)).toBe(false)

    const results = resultsIn(out)
    const plan = planFleet({ count: 16, seed: 5, latency: { min: 5, max: 20 } })
    const inventory = linesOf(readFileSync(join(folder, 'sixteen.inventory.csv'), 'utf8')).slice(1)
    expect(results.map(({ host, port, site }) => `${host},${port},admin,${site}`).sort()).toEqual([...inventory].sort())
    for (const [index, { behaviour, vendor, version, site }] of plan.entries()) {
      const result = results.find(({ host, port }) => inventory[index]?.startsWith(`${host},${port},`))
      expect(result).toMatchObject({ site, ...expectations[behaviour](`${vendor} ${version}`) })
    }
  })

  it('ends with Ctrl-C, and the fleet with it', { timeout: 60_000 }, async () => {
    const program = start('fleet/main.js', [
      '16',
      '--sample',
      '0',
      '--out',
      join(folder, 'interrupted.jsonl'),
      ...quick,
      '--timeout',
      '600000',
    ])
    const fleet = await pidOf(program)
    await expect
      .poll(() => existsSync(join(folder, 'interrupted.jsonl')) && resultsIn(join(folder, 'interrupted.jsonl')).length, {
        timeout: 30_000,
      })
      .toBeGreaterThan(0)
    program.process.kill('SIGINT')
    const { code, stdout } = await program.ended
    expect(stdout).toMatch(/^interrupted; \d+ devices: \d+ answered/m)
    expect(code).toBe(130)
    expect(isAlive(fleet)).toBe(false)
  })

  it('does not outlive a program that is killed', async () => {
    const program = start('fleet/main.js', ['16', '--out', join(folder, 'killed.jsonl'), ...quick])
    const fleet = await pidOf(program)
    expect(isAlive(fleet)).toBe(true)
    program.process.kill('SIGKILL')
    await program.ended
    await expect.poll(() => isAlive(fleet), { timeout: 10_000 }).toBe(false)
  })
})

const expectations = {
  answers: (version: string) => ({ status: 'answered', version, error: null }),
  slow: (version: string) => ({ status: 'answered', version, error: null }),
  'silent once': (version: string) => ({ status: 'answered', version, attempts: 2, error: null }),
  'resets once': (version: string) => ({ status: 'answered', version, attempts: 2, error: null }),
  refuses: () => ({ status: 'refused', version: null, attempts: 1, error: { name: 'DeviceError', code: 'LOGIN_REFUSED' } }),
  silent: () => ({ status: 'timed out', version: null, attempts: 2, error: { name: 'TimeoutError' } }),
}

describe('an inventory that is given', () => {
  it('is asked as it is, by the password in FLEET_PASSWORD', { timeout: 60_000 }, async () => {
    const inventory = join(folder, 'given.csv')
    const fleet = start('fleet/make-fleet.js', ['3', '--latency', '5-20', '--inventory', inventory])
    try {
      await fleet.printed(/3 devices are up/)
      const args = ['--inventory', inventory, '--sample', '0', '--out', join(folder, 'given.jsonl')]
      const [right, wrong] = [await run('fleet/main.js', args), await run('fleet/main.js', args, { FLEET_PASSWORD: 'wrong' })]
      expect(right).toMatchObject({ code: 0, stdout: expect.stringContaining('3 devices: 3 answered\n') })
      expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('3 devices: 0 answered, 3 refused\n') })
      expect(wrong.stdout).toMatch(/3 {3}refused the login, not tried again/)
    } finally {
      fleet.process.kill()
    }
  })

  it('is refused when a line does not parse, and no device is asked', async () => {
    const inventory = join(folder, 'bad.csv')
    writeFileSync(inventory, 'host,port,user,site\n127.0.0.1,22,admin,ams\n127.0.0.1,ssh,admin,ams\n')
    const out = join(folder, 'never.jsonl')
    expect(await run('fleet/main.js', ['--inventory', inventory, '--out', out])).toEqual({
      code: 2,
      stdout: '',
      stderr: `${inventory}:3:11: port is "ssh", expected a whole number from 1 to 65535\nno device was asked\n`,
    })
    expect(existsSync(out)).toBe(false)
  })
})

describe('what cannot be meant ends with code 2 and the value', () => {
  it.each([
    [['0'], "the number of devices must be a whole number from 1 to 10000, got '0'"],
    [['-5'], "the number of devices must be a whole number from 1 to 10000, got '-5'"],
    [['2.5'], "the number of devices must be a whole number from 1 to 10000, got '2.5'"],
    [['many'], "the number of devices must be a whole number from 1 to 10000, got 'many'"],
    [['10', '20'], "one number of devices is enough, got '10 20'"],
    [['--seed', 'x'], "--seed must be a whole number from 0, got 'x'"],
    [['--timeout', '0'], "--timeout must be a whole number from 1 to 3600000, got '0'"],
    [['--latency', '9-1'], "--latency must be two numbers of milliseconds, the lower first, such as 50-400, got '9-1'"],
    [['--sede', '1'], "Unknown option '--sede'"],
    [['--inventory', 'no-such.csv'], 'cannot read the inventory: ENOENT: no such file or directory'],
    [['--out', join(process.execPath, 'x')], 'cannot write the results: '],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run('fleet/main.js', args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
