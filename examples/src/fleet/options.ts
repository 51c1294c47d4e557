import { parseArgs } from 'node:util'
import { latencyRange, positiveInteger, seedNumber, UsageError, wholeNumber } from './arguments.js'

const options = {
  seed: { type: 'string', default: '1' },
  inventory: { type: 'string' },
  out: { type: 'string' },
  timeout: { type: 'string', default: '3500' },
  retries: { type: 'string', default: '1' },
  tasks: { type: 'string', default: '100' },
  threads: { type: 'string', default: '4' },
  'per-thread': { type: 'string', default: '25' },
  sample: { type: 'string', default: '10' },
  latency: { type: 'string', default: '50-400' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

export const usage = `main.js [N] [options]     asks N devices for their versions (200, or all of --inventory)

  --inventory FILE   asks the devices of this CSV file (host,port,user,site), with the password FLEET_PASSWORD;
                     without it a fleet is made up, and the answers are compared with what was made
  --seed S           which fleet to make up (1)
  --latency A-B      how long its devices take over a step, in ms (50-400)
  --out FILE         where the results go, one JSON object a line (examples/results/fleet.jsonl)
  --timeout MS       for one attempt (3500)
  --retries N        after a timeout or a lost connection; a refused login is never tried again (1)
  --sample N         how many devices are asked one by one first; 0 for none (10)
  --threads N        threads of the thread pool (4), each with --per-thread devices at once (25)
  --tasks N          devices the task pool asks at once (100)`

export interface Options {
  readonly count: number | undefined
  readonly seed: number
  readonly inventory: string | undefined
  readonly out: string | undefined
  readonly timeout: number
  readonly retries: number
  readonly tasks: number
  readonly threads: number
  readonly perThread: number
  readonly sample: number
  readonly latency: { readonly min: number; readonly max: number }
  readonly help: boolean
}

/** @throws {UsageError} with what was typed and what could be. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parsed(args)
  const [count, ...rest] = positionals
  if (rest.length > 0) throw new UsageError(`one number of devices is enough, got '${positionals.join(' ')}'`)
  return {
    count: count === undefined ? undefined : positiveInteger('the number of devices', count, 10_000),
    seed: seedNumber(values.seed),
    inventory: values.inventory,
    out: values.out,
    timeout: positiveInteger('--timeout', values.timeout, 3_600_000),
    retries: wholeNumber('--retries', values.retries),
    tasks: positiveInteger('--tasks', values.tasks, 10_000),
    threads: positiveInteger('--threads', values.threads, 256),
    perThread: positiveInteger('--per-thread', values['per-thread'], 10_000),
    sample: wholeNumber('--sample', values.sample),
    latency: latencyRange(values.latency),
    help: values.help,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: looseNumbers(args), allowPositionals: true, options })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

// parseArgs takes -5 for the options -5; here it is a number of devices, if an impossible one.
const looseNumbers = (args: readonly string[]): string[] => {
  const numbers = args.filter((arg) => /^-\d/.test(arg))
  return numbers.length === 0 ? [...args] : [...args.filter((arg) => !numbers.includes(arg)), '--', ...numbers]
}
