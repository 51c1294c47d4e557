// Asks every device of a network for its version and its configuration: one by one, from threads, and as tasks.
//
//   node examples/dist/fleet/main.js [N] [--seed S] [--inventory FILE] [--out FILE]
//
// Exit codes: 0 all is as it should be; 1 it is not; 2 arguments or inventory are wrong, and no device was asked.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from './arguments.js'
import { Fleet } from './fleet.js'
import { type Device, InventoryError, parseInventory } from './inventory.js'
import { type Options, parseOptions, usage } from './options.js'
import { failures, oneByOneEstimate, summary, timesTable, versions } from './report.js'
import { ResultsFile } from './results-file.js'
import { type Round, runRound } from './round.js'
import { differences } from './truth.js'
import { oneByOne, threadsAndTasks } from './ways.js'

const defaultOut = fileURLToPath(new URL('../../results/fleet.jsonl', import.meta.url))

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) {
    console.log(usage)
    return 0
  }
  const given = options.inventory === undefined ? undefined : firstOf(readInventory(options.inventory), options.count)
  using file = openResults(options.out ?? defaultOut)
  if (given !== undefined) return await survey(given, options, file)

  const { count = 200, seed, latency } = options
  const inventory = file.path.replace(/(\.jsonl)?$/, '.inventory.csv')
  await using fleet = await Fleet.start({ count, seed, latency }, inventory)
  console.log(`made ${count} devices in process ${fleet.pid}, seed ${seed}; inventory: ${relative('', inventory)}`)
  return await survey(readInventory(inventory), options, file, fleet)
}

async function survey(devices: readonly Device[], options: Options, file: ResultsFile, fleet?: Fleet): Promise<number> {
  const stop = new AbortController()
  // A second Ctrl-C ends the program at once; the fleet notices and ends too.
  process.once('SIGINT', () => stop.abort(new Error('interrupted')))

  const rounds: Round[] = []
  const sample = spread(devices, options.sample)
  for (const way of [...(sample.length > 0 ? [oneByOne] : []), ...threadsAndTasks(options)]) {
    if (stop.signal.aborted) break
    const asked = way === oneByOne ? sample : devices
    const made = fleet?.made.filter((device) => asked.some(({ host, port }) => device.host === host && device.port === port))
    await fleet?.newRound()
    file.restart()
    const onResult = (result: Round['results'][number]) => file.write(result)
    rounds.push(await runRound(way, asked, { ...options, made, signal: stop.signal, onResult }))
  }
  return report(rounds, options, file, stop.signal.aborted)
}

function report(rounds: readonly Round[], { retries }: Options, file: ResultsFile, interrupted: boolean): number {
  const results = rounds.at(-1)?.results ?? []
  const sections = { Versions: versions(results), Failures: failures(results) }
  console.log(`\n${timesTable(rounds)}${oneByOneEstimate(rounds)}`)
  for (const [title, text] of Object.entries(sections)) if (text !== '') console.log(`${title}\n${text}`)
  console.log(`results: ${relative('', file.path)}`)

  if (interrupted) {
    console.log(`interrupted; ${summary(results)}`)
    return 130
  }
  if (rounds.every(({ made }) => made === undefined)) {
    console.log(summary(results))
    return sections.Failures === '' ? 0 : 1
  }
  const wrong = rounds.flatMap(({ name, made = [], results }) => differences(results, made, retries).map((text) => `  ${name}: ${text}`))
  console.log(`${summary(results)}; ${wrong.length === 0 ? 'matches the fleet made' : 'does not match the fleet made:'}`)
  for (const text of wrong.slice(0, 20)) console.log(text)
  return wrong.length === 0 ? 0 : 1
}

function readInventory(file: string): Device[] {
  try {
    return parseInventory(readFileSync(file, 'utf8'), file)
  } catch (error) {
    if (error instanceof InventoryError) throw error
    throw new UsageError(`cannot read the inventory: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function openResults(path: string): ResultsFile {
  try {
    return new ResultsFile(path)
  } catch (error) {
    throw new UsageError(`cannot write the results: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function firstOf(devices: Device[], count = devices.length): Device[] {
  if (count <= devices.length) return devices.slice(0, count)
  throw new UsageError(`the inventory has ${devices.length} devices, cannot ask ${count}`)
}

/** `count` of the items, evenly apart. */
function spread<T>(items: readonly T[], count: number): T[] {
  const step = items.length / Math.min(count, items.length)
  return items.filter((_, index) => count > 0 && Math.floor((index + 1) / step) > Math.floor(index / step))
}

try {
  process.exitCode = await main()
} catch (error) {
  const mistake = error instanceof UsageError || error instanceof InventoryError
  console.error(mistake ? error.message : error)
  if (error instanceof UsageError) console.error('main.js --help says what is possible')
  if (error instanceof InventoryError) console.error('no device was asked')
  process.exitCode = mistake ? 2 : 1
}
