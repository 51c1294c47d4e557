// An inventory is a CSV file: a header, then a device a line. Reading is strict: a line that is skipped or guessed at is a
// device that nobody asks, or a login tried on the wrong machine.
import { isIP } from 'node:net'

export interface Device {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly site: string
}

interface Field {
  readonly name: keyof Device
  readonly expected: string
  accepts(text: string): boolean
}

const fields: readonly Field[] = [
  { name: 'host', expected: 'an IP address or a host name', accepts: isHost },
  { name: 'port', expected: 'a whole number from 1 to 65535', accepts: (text) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 },
  { name: 'user', expected: 'letters, digits, ".", "_" and "-", not beginning with "-"', accepts: (text) => /^[\w.][\w.-]*$/.test(text) },
  { name: 'site', expected: 'letters, digits and "-"', accepts: (text) => /^[a-z0-9-]+$/i.test(text) },
]
const header = fields.map((field) => field.name).join(',')

/** Every line that does not parse, each as `file:line:column: what is there, what was expected`. */
export class InventoryError extends Error {
  override readonly name = 'InventoryError'
  readonly code = 'INVENTORY'

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'))
  }
}

/** @throws {InventoryError} with all problems at once, so that a file is mended in one go. */
export function parseInventory(text: string, file: string): Device[] {
  // Spreadsheets write a byte order mark and CRLF.
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const problems: string[] = []
  const devices: Device[] = []
  const seen = new Map<string, number>()
  const report = (line: number, column: number, problem: string) => problems.push(`${file}:${line}:${column}: ${problem}`)

  if (lines[0] !== header) report(1, 1, `the header is ${quoted(lines[0] ?? '')}, expected ${quoted(header)}`)
  for (const [index, line] of lines.entries()) {
    const number = index + 1
    if (index === 0 || line === '') continue
    const found = problemOf(line)
    if (found !== undefined) {
      report(number, found.column, found.problem)
      continue
    }
    const [host = '', port = '', user = '', site = ''] = line.split(',')
    const address = `${host}:${port}`
    const first = seen.get(address)
    if (first !== undefined) report(number, 1, `${quoted(address)} is already on line ${first}, expected each device once`)
    seen.set(address, first ?? number)
    devices.push({ host, port: Number(port), user, site })
  }
  if (problems.length === 0 && devices.length === 0) report(2, 1, 'the file ends here, expected at least one device')
  if (problems.length > 0) throw new InventoryError(problems)
  return devices
}

/** The inverse of `parseInventory`. */
export const formatInventory = (devices: readonly Device[]): string =>
  `${[header, ...devices.map(({ host, port, user, site }) => [host, port, user, site].join(','))].join('\n')}\n`

function problemOf(line: string): { column: number; problem: string } | undefined {
  const texts = line.split(',')
  let column = 1
  for (const [index, field] of fields.entries()) {
    const text = texts[index]
    if (text === undefined)
      return { column: column - 1, problem: `the line ends after ${quoted(line)}, expected ${field.name}: ${field.expected}` }
    if (!field.accepts(text)) return { column, problem: `${field.name} is ${quoted(text)}, expected ${field.expected}` }
    column += text.length + 1
  }
  const rest = texts.slice(fields.length).join(',')
  return texts.length > fields.length
    ? { column, problem: `${quoted(rest)} is left over, expected ${fields.length} fields: ${header}` }
    : undefined
}

function isHost(text: string): boolean {
  // What looks like an IPv4 address and is none (10.0.0.300) must not pass as a host name.
  if (isIP(text) !== 0) return true
  return (
    !/^[\d.]+$/.test(text) && text.length <= 253 && text.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label))
  )
}

const quoted = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
