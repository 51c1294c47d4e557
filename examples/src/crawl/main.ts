// Crawls a site made from a seed, served by a process of its own, and compares what it finds with what is there.
//
//   node examples/dist/crawl/main.js [PAGES] [--seed S] [--hosts H] [--per-host N] [--timeout MS]
//
// Exit codes: 0 all was found as it is; 1 it was not; 2 the arguments are wrong.
import { parseArgs } from 'node:util'
import { CancelledError, run } from 'rungs/sync'
import { positiveInteger, seedNumber, UsageError } from '../fleet/arguments.js'
import { ProgressLine } from '../fleet/progress-line.js'
import { crawl, defaults, type Found } from './crawler.js'
import { planSite } from './plan.js'
import { Site } from './site.js'
import { differences, truthOf } from './truth.js'

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      hosts: { type: 'string', default: '4' },
      'per-host': { type: 'string', default: String(defaults.perHost) },
      timeout: { type: 'string', default: String(defaults.timeoutMs) },
    },
  })
  const options = {
    pages: positiveInteger('the number of pages', positionals[0] ?? '10000', 1_000_000),
    seed: seedNumber(values.seed),
    hosts: positiveInteger('--hosts', values.hosts, 100),
  }
  const bounds = {
    ...defaults,
    perHost: positiveInteger('--per-host', values['per-host'], 1_000),
    timeoutMs: positiveInteger('--timeout', values.timeout),
  }
  await using site = await Site.start(options)
  console.log(`made ${options.pages} pages on ${options.hosts} hosts in process ${site.pid}, seed ${options.seed}`)
  const line = new ProgressLine('crawl', process.stderr)
  const started = performance.now()
  const found = await crawl(`${site.origins[0]}/page/0`, { ...bounds, onProgress: (progress) => line.update(progress) }).finally(() =>
    line.end(),
  )
  const seconds = (performance.now() - started) / 1_000

  console.log(summary(found))
  console.log(`  ${seconds.toFixed(1)} s, ${(found.size / seconds).toFixed(0)} pages a second`)
  const peak = Math.max(...(await site.reports()).map((report) => report.peak))
  console.log(`  at most ${peak} requests at once on a host, ${bounds.perHost} allowed`)
  const wrong = differences(found, truthOf(planSite(options), site.origins, bounds))
  if (peak > bounds.perHost) wrong.push('more requests at once on a host than allowed')
  console.log(wrong.length === 0 ? 'matches the site made' : `does not match the site made: ${wrong.length} differences`)
  for (const text of wrong.slice(0, 20)) console.log(`  ${text}`)
  return wrong.length === 0 ? 0 : 1
}

/** How many of what, the most frequent problems first. */
function summary(found: ReadonlyMap<string, Found>): string {
  const counts = new Map<string, number>()
  for (const entry of found.values()) {
    const what = entry.kind === 'problem' ? entry.problem : entry.kind
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return `${found.size} addresses\n${sorted.map(([what, count]) => `  ${String(count).padStart(6)}  ${what}`).join('\n')}`
}

try {
  process.exitCode = await run(main)
} catch (error) {
  const interrupted = error instanceof CancelledError
  const mistake =
    error instanceof UsageError || (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
  console.error(interrupted ? 'interrupted' : mistake && error instanceof Error ? error.message : error)
  process.exitCode = interrupted ? 130 : mistake ? 2 : 1
}
