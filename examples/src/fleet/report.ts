// Text for people, from results. Nothing here prints.
import type { DeviceResult, Status } from './result.js'
import type { Round } from './round.js'

const statuses: readonly Status[] = ['answered', 'refused', 'timed out', 'failed']

/** A line for each way of asking. */
export function timesTable(rounds: readonly Round[]): string {
  const rows = rounds.map(({ name, results, tookMs, idealMs }) => {
    const answered = count(results, 'answered')
    const numbers = [String(results.length), String(answered), String(results.length - answered), seconds(tookMs)]
    return [name, ...numbers, idealMs === undefined ? '' : seconds(idealMs)]
  })
  const ideal = rounds.some(({ idealMs }) => idealMs !== undefined) ? 'ideal' : ''
  return table('lrrrrr', [['', 'devices', 'answered', 'failed', 'took', ideal], ...rows])
}

/** What the sample tells about all. */
export function oneByOneEstimate(rounds: readonly Round[]): string {
  const [sample, all] = [rounds[0], rounds.at(-1)]
  if (sample === undefined || all === undefined || sample.results.length >= all.results.length) return ''
  const tookMs = (sample.tookMs / sample.results.length) * all.results.length
  return `  ${sample.name}, all ${all.results.length} would take about ${Math.round(tookMs / 1000)} s\n`
}

/** Each cause with its count, the most frequent first, and some of its devices. */
export function failures(results: readonly DeviceResult[]): string {
  const groups = new Map<string, string[]>()
  for (const result of results) {
    if (result.status === 'answered') continue
    const cause = causeOf(result)
    groups.set(cause, [...(groups.get(cause) ?? []), `${result.host}:${result.port}`])
  }
  const largestFirst = [...groups].sort(([, a], [, b]) => b.length - a.length)
  return table(
    'rll',
    largestFirst.map(([cause, devices]) => [String(devices.length), cause, some(devices)]),
  )
}

/** Each version with its count, the most frequent first. */
export function versions(results: readonly DeviceResult[]): string {
  const counts = new Map<string, number>()
  for (const { version } of results) if (version !== null) counts.set(version, (counts.get(version) ?? 0) + 1)
  const mostFirst = [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
  return table(
    'rl',
    mostFirst.map(([version, devices]) => [String(devices), version]),
  )
}

/** `200 devices: 196 answered, 2 refused, 2 timed out` */
export function summary(results: readonly DeviceResult[]): string {
  const present = statuses.filter((status) => status === 'answered' || count(results, status) > 0)
  return `${results.length} devices: ${present.map((status) => `${count(results, status)} ${status}`).join(', ')}`
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

const count = (results: readonly DeviceResult[], status: Status) => results.filter((result) => result.status === status).length

function causeOf({ status, attempts, error }: DeviceResult): string {
  const tries = attempts === 1 ? 'not tried again' : `tried ${attempts} times`
  if (status === 'refused') return `refused the login, ${tries}`
  if (status === 'timed out') return `timed out, ${tries}`
  return `failed with ${error?.code ?? error?.name}, ${tries}`
}

function some(devices: readonly string[]): string {
  const shown = devices.slice(0, 3).join(', ')
  return devices.length > 3 ? `${shown} and ${devices.length - 3} more` : shown
}

/** `align` has an l or an r for each column. */
function table(align: string, rows: readonly string[][]): string {
  const widths = [...align].map((_, column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (cell: string, column: number) =>
    align[column] === 'r' ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
  return rows.map((row) => `  ${row.map(pad).join('   ').trimEnd()}\n`).join('')
}
