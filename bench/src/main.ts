import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Claim, countOf } from './claim.js'
import { claims } from './claims/index.js'
import { headOf, headText } from './head.js'
import { type Order, orderOf, UsageError, usage } from './order.js'
import { pageOf, type Section } from './page.js'
import { reportOf } from './report.js'
import { type Measurements, measure } from './runner.js'

const clock = { after: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => new Promise<void>(() => {})) }

// The handler of 'exit' in program.ts ends what is running; without this there is no 'exit'.
for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) process.once(signal, () => process.exit(code))

try {
  await main(orderOf(process.argv.slice(2), claims))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}\n\n${usage(claims)}`)
  process.exitCode = 2
}

async function main(order: Order): Promise<void> {
  if (order.claims.length === 0) return console.log(usage(claims))
  const { rounds, budget, count } = order
  const limits = `${rounds} rounds after one to warm up; ${count ? `at most ${count.toLocaleString('en')} calls a run; ` : ''}at most ${budget} s a run; `
  const head = headOf(process.argv.slice(2), `${limits}each round begins with the next contestant; nothing is random`)
  console.log(headText(head))
  const report: unknown[] = []
  const sections: Section[] = []
  for (const claim of order.claims) {
    console.log(`\n== ${claim.name}: ${claim.says}\n   ${claim.bounds}\n`)
    const measurements = await measure(claim, {
      rounds,
      budget: budget * 1000,
      clock,
      ...(count !== undefined && { count }),
      onRun: (kase, round, contestant) => status(`${kase.name}, round ${round} of ${rounds}, ${contestant.name}`),
    })
    status('')
    console.log(reportOf(claim, measurements))
    report.push(raw(claim, measurements))
    sections.push({ claim, measurements })
    // After each: a long run that is interrupted leaves what it has, and says what is missing.
    const missing = order.claims.slice(sections.length).map(({ name }) => name)
    if (order.page !== undefined) writeFileSync(fromHere(order.page), pageOf(head, sections, missing))
  }
  if (order.json !== undefined) writeFileSync(fromHere(order.json), `${JSON.stringify({ head, claims: report }, null, 2)}\n`)
}

/** A path as whoever typed it means it: npm runs this in the folder of the workspace. */
function fromHere(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path)
}

/** One line, written over; only for who watches. */
function status(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function raw(claim: Claim, { results, versions }: Measurements): unknown {
  return {
    claim: claim.name,
    results: results.map(({ case: kase, contestant, samples, trouble }) => ({
      case: kase.name,
      count: countOf(kase, contestant),
      contestant: contestant.name,
      version: versions.get(contestant.name),
      samples: [...samples].map(([round, sample]) => ({ round, ...sample })),
      ...(trouble && { trouble }),
    })),
  }
}
