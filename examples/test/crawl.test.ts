import { describe, expect, it } from 'vitest'
import { crawl, defaults } from '../dist/crawl/crawler.js'
import { planSite } from '../dist/crawl/plan.js'
import { SiteServer } from '../dist/crawl/site-server.js'
import { differences, truthOf } from '../dist/crawl/truth.js'
import { isAlive, run, start } from './program.js'

const kinds = ['page', 'flaky', 'redirect', 'loop', 'runaway', 'missing', 'broken', 'silent', 'endless', 'hangs up']

describe('the crawler', () => {
  it('finds all of a site of 500 pages as it is, and leaves no process behind', { timeout: 60_000 }, async () => {
    const program = start('crawl/main.js', ['500', '--seed', '3', '--per-host', '4', '--timeout', '1000'])
    const [, pid] = await program.printed(/in process (\d+)/)
    const { code, stdout, stderr } = await program.ended
    expect(stdout).toMatch(/^500 addresses$/m)
    expect(stdout).toMatch(/^matches the site made$/m)
    expect(stdout).toMatch(/ at most [2-4] requests at once on a host, 4 allowed/)
    expect(stderr).not.toMatch(/warning|error/i)
    expect(code).toBe(0)
    expect(isAlive(Number(pid))).toBe(false)
  })

  it('ends with Ctrl-C, and the site with it', { timeout: 60_000 }, async () => {
    // Slow enough to be interrupted: what never answers is waited for.
    const program = start('crawl/main.js', ['2000', '--timeout', '600000'])
    const [, pid] = await program.printed(/in process (\d+)/)
    await program.warned(/crawl: /)
    program.process.kill('SIGINT')
    const { code, stderr } = await program.ended
    expect([code, stderr.includes('interrupted')]).toEqual([130, true])
    expect(isAlive(Number(pid))).toBe(false)
  })

  it('refuses wrong arguments', async () => {
    const { code, stderr } = await run('crawl/main.js', ['0'])
    expect([code, stderr]).toEqual([2, "the number of pages must be a whole number from 1 to 1000000, got '0'\n"])
    expect((await run('crawl/main.js', ['--sed', '1'])).code).toBe(2)
  })
})

describe('a planned site', () => {
  it('is the same for the same seed, has every behaviour, and is found as it is, within one process', { timeout: 60_000 }, async () => {
    const options = { pages: 800, hosts: 3, seed: 11 }
    const plan = planSite(options)
    expect(planSite(options)).toEqual(plan)
    expect(new Set(planSite({ ...options, pages: 5_000 }).map(({ behaviour }) => behaviour.kind))).toEqual(new Set(kinds))

    await using server = await SiteServer.start(options)
    const bounds = { ...defaults, timeoutMs: 1_000, perHost: 3 }
    const found = await crawl(`${server.origins[0]}/page/0`, bounds)
    const truth = truthOf(plan, server.origins, bounds)
    expect(differences(found, truth)).toEqual([])
    for (const { peak } of server.reports) expect(peak).toBeLessThanOrEqual(3)

    // The comparison sees what is missing, what is there too much, and what is otherwise.
    const [first = '', second = ''] = [...found.keys()]
    const wrong = new Map(found).set('http://elsewhere/', { kind: 'redirect', to: first }).set(second, { kind: 'redirect', to: first })
    wrong.delete(first)
    expect(differences(wrong, truth)).toHaveLength(3)
  })
})
