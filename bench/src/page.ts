// The results as a page that can be read: tables as they are printed, and a plot for each claim, drawn where Markdown is shown (Mermaid).
import type { Claim, Metric } from './claim.js'
import { type Head, headText } from './head.js'
import { reportOf } from './report.js'
import type { Measurements, Result } from './runner.js'
import { median } from './statistics.js'

export interface Section {
  readonly claim: Claim
  readonly measurements: Measurements
}

/** `missing`: claims of the run that are not measured yet; if it is cut, the page says which. */
export function pageOf(head: Head, sections: readonly Section[], missing: readonly string[] = []): string {
  const intro = [
    '# Results',
    `Written by \`${head.command}\`. How it is measured, and how to read it: [bench/README.md](../bench/README.md). Figures of one machine on one day: the ratios within a table say more than the numbers.`,
    fenced('text', headText(head)),
    ...(missing.length === 0 ? [] : [`**Not the whole run:** ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.`]),
  ]
  return `${[...intro, ...sections.flatMap(sectionOf)].join('\n\n')}\n`
}

function sectionOf({ claim, measurements }: Section): string[] {
  const plot = plotOf(claim, measurements)
  return [
    `## ${claim.name}`,
    `${claim.says} Bounds: ${claim.bounds}.`,
    ...(plot === undefined ? [] : [plot]),
    fenced('text', reportOf(claim, measurements)),
  ]
}

/** The medians of the first case, the best first; undefined when nobody has one. */
function plotOf({ cases }: Claim, { results }: Measurements): string | undefined {
  const [first] = cases
  const metric = first?.metrics[0]
  if (first === undefined || metric === undefined) return undefined
  const bars = results
    .filter((result) => result.case.name === first.name && result.samples.size > 0)
    .map((result) => ({ name: result.contestant.name, value: medianOf(result, metric) }))
    .sort((a, b) => (metric.better === 'higher' ? b.value - a.value : a.value - b.value))
  if (bars.length === 0) return undefined
  const names = bars.map(({ name }) => JSON.stringify(name)).join(', ')
  const values = bars.map(({ value }) => Number(value.toPrecision(3))).join(', ')
  return fenced(
    'mermaid',
    [
      'xychart-beta horizontal',
      `  title "${first.name} (${metric.better} is better)"`,
      `  x-axis [${names}]`,
      `  y-axis "${metric.unit}"`,
      `  bar [${values}]`,
    ].join('\n'),
  )
}

function medianOf({ samples }: Result, { name }: Metric): number {
  return median([...samples.values()].map((sample) => sample[name] ?? Number.NaN))
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}
