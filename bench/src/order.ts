import { parseArgs } from 'node:util'
import type { Claim } from './claim.js'
import { didYouMean } from './did-you-mean.js'

/** What the command line asks for. */
export interface Order {
  readonly claims: readonly Claim[]
  readonly rounds: number
  /** Seconds that one run may take. */
  readonly budget: number
  readonly count?: number
  readonly json?: string
  /** The file for a page to read. */
  readonly page?: string
}

/** The command line asks for something there is not. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const options = {
  rounds: { type: 'string' },
  only: { type: 'string', multiple: true },
  quick: { type: 'boolean' },
  count: { type: 'string' },
  budget: { type: 'string' },
  json: { type: 'string' },
  page: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @throws {UsageError} for unknown names and options, with the one that was probably meant. */
export function orderOf(args: readonly string[], claims: readonly Claim[]): Order {
  const { values, positionals } = parse(args)
  if (values.help) return { claims: [], rounds: 0, budget: 0 }
  const only = (values.only ?? []).flatMap((list) => list.split(',')).map((name) => name.trim())
  const count = values.count ?? (values.quick ? '10000' : undefined)
  return {
    claims: withOnly(pick(positionals, claims), only),
    rounds: whole('rounds', values.rounds ?? (values.quick ? '2' : '5')),
    budget: whole('budget', values.budget ?? '60'),
    ...(count !== undefined && { count: whole('count', count) }),
    ...(values.json !== undefined && { json: values.json }),
    ...(values.page !== undefined && { page: values.page }),
  }
}

export function usage(claims: readonly Claim[]): string {
  const width = Math.max(...claims.map(({ name }) => name.length), 'all'.length)
  return `npm run bench -- <claim …> [options]

${claims.map(({ name, says }) => `  ${name.padEnd(width)}  ${says}`).join('\n')}
  ${'all'.padEnd(width)}  all of them

The beginning of a name is enough.

  --rounds n      rounds that count (5)
  --quick         2 rounds, at most 10,000 calls a run: to see that it works
  --only names    these contestants, separated by commas
  --count n       at most so many calls or items a run
  --budget s      seconds after which a run counts as hung (60)
  --json file     the head and every sample
  --page file     a page of Markdown with all tables and plots`
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function pick(names: readonly string[], claims: readonly Claim[]): Claim[] {
  const picked = names.flatMap((name) => {
    const found = claims.filter((claim) => name === 'all' || begins(claim.name, name))
    if (found.length === 0) throw unknown('claim', name, [...claims.map((claim) => claim.name), 'all'])
    return found
  })
  return [...new Set(picked)]
}

/** Leaves out claims in which none of these is a contestant. */
function withOnly(claims: readonly Claim[], only: readonly string[]): readonly Claim[] {
  if (only.length === 0 || claims.length === 0) return claims
  const known = claims.flatMap((claim) => claim.contestants.map((contestant) => contestant.name))
  const missing = only.find((name) => !known.some((other) => begins(other, name)))
  if (missing !== undefined) throw unknown('contestant', missing, known)
  return claims
    .map((claim) => ({ ...claim, contestants: claim.contestants.filter(({ name }) => only.some((beginning) => begins(name, beginning))) }))
    .filter((claim) => claim.contestants.length > 0)
}

function begins(name: string, beginning: string): boolean {
  return name.toLowerCase().startsWith(beginning.toLowerCase())
}

function unknown(what: string, name: string, known: readonly string[]): UsageError {
  const meant = didYouMean(name, known)
  return new UsageError(`No ${what} is called ${name}. ${meant ? `Did you mean ${meant}?` : `There are: ${known.join(', ')}.`}`)
}

function whole(option: string, text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new UsageError(`--${option} must be a whole number of at least 1, got ${text}`)
  return number
}
