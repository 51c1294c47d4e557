import type { Case, Claim, Metric } from './claim.js'
import type { Measurements, Result } from './runner.js'
import { type ByRound, type Summary, summarize, timesBetter } from './statistics.js'

interface Row {
  readonly name: string
  readonly version: string
  readonly summary?: Summary
  /** How many times better the one it is compared with is. */
  readonly comparison?: { readonly with: string; readonly times: number; readonly noise: boolean }
  readonly trouble?: string
}

/** A table per metric, and last where ours is not ahead. */
export function reportOf(claim: Claim, measurements: Measurements): string {
  const tables: string[] = []
  const behind: string[] = []
  for (const kase of claim.cases) {
    const results = measurements.results.filter((result) => result.case.name === kase.name)
    for (const metric of kase.metrics) {
      const rows = rowsOf(results, metric, measurements.versions)
      const title = metric.name === metric.unit ? kase.name : `${kase.name}: ${metric.name}`
      tables.push(`${title} (${countText(results[0]?.case ?? kase)}); ${metric.unit}, ${metric.better} is better\n${tableOf(rows)}`)
      behind.push(...rows.flatMap((row) => aheadText(row) ?? []).map((text) => `  ${title}: ${text}`))
    }
  }
  return [...tables, verdict(claim, measurements, behind)].join('\n\n')
}

function countText({ count, fewer }: Case): string {
  const text = count.toLocaleString('en')
  if (fewer === undefined || fewer.count >= count) return text
  return `${text}; ${fewer.contestants.join(', ')}: ${fewer.count.toLocaleString('en')}`
}

function verdict(claim: Claim, { results }: Measurements, behind: readonly string[]): string {
  const [ours] = claim.contestants
  if (!results.some(({ contestant, samples }) => contestant === ours && samples.size > 0))
    return `No verdict: ${ours?.name} was not measured.`
  if (behind.length === 0) return `Beyond the noise, nobody that was measured is ahead of ${ours?.name}.`
  return `Ahead beyond the noise:\n${behind.join('\n')}`
}

function rowsOf(results: readonly Result[], metric: Metric, versions: ReadonlyMap<string, string>): Row[] {
  const [ours] = results.filter((result) => result.samples.size > 0)
  return results.map((result) => {
    const values = byRound(result, metric)
    const named = results.find((other) => other.contestant.name === result.contestant.against && other.samples.size > 0)
    const comparison = compare(named ?? ours, result, metric)
    return {
      name: result.contestant.name,
      version: versions.get(result.contestant.name) ?? '-',
      ...(values.size > 0 && { summary: summarize([...values.values()]) }),
      ...(comparison && { comparison }),
      ...(result.trouble && { trouble: `${result.trouble.status}: ${result.trouble.reason}` }),
    }
  })
}

function compare(ours: Result | undefined, theirs: Result, metric: Metric): Row['comparison'] {
  if (ours === undefined || ours === theirs) return undefined
  const [our, their] = [byRound(ours, metric), byRound(theirs, metric)]
  const times = timesBetter(our, their, metric.better)
  if (times === undefined) return undefined
  const [a, b] = [summarize([...our.values()]), summarize([...their.values()])]
  return { with: ours.contestant.name, times, noise: a.min <= b.max && b.min <= a.max }
}

function byRound(result: Result, metric: Metric): ByRound {
  return new Map([...result.samples].map(([round, sample]) => [round, sample[metric.name] ?? Number.NaN]))
}

function aheadText({ name, comparison }: Row): string | undefined {
  if (comparison === undefined || comparison.times >= 1 || comparison.noise) return undefined
  return `${name} is ahead of ${comparison.with}, ${factor(1 / comparison.times)} ×`
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ name, version, summary, comparison, trouble }) => [
    name,
    version,
    summary ? short(summary.median) : '-',
    summary ? `${short(summary.min)} – ${short(summary.max)}` : '',
    [comparison && comparisonText(comparison), trouble].filter(Boolean).join('; '),
  ])
  const lines = [['', 'version', 'median', 'min – max', ''], ...cells]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const pad = (cell: string, column: number) => (column === 2 ? cell.padStart(widths[2] ?? 0) : cell.padEnd(widths[column] ?? 0))
  return lines.map((line) => `  ${line.map(pad).join('  ')}`.trimEnd()).join('\n')
}

function comparisonText({ with: other, times, noise }: NonNullable<Row['comparison']>): string {
  const text = times >= 1 ? `${factor(times)} × better` : `${factor(1 / times)} × worse`
  return `${other} ${text}${noise ? ' (within the noise)' : ''}`
}

function factor(times: number): string {
  return times < 10 ? times.toFixed(2) : times.toFixed(0)
}

/** Three digits, and k or M. */
export function short(value: number): string {
  const [scaled, suffix] = value >= 999_500 ? [value / 1e6, ' M'] : value >= 9_995 ? [value / 1e3, ' k'] : [value, '']
  const digits = scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2
  return `${scaled.toFixed(digits)}${suffix}`
}
