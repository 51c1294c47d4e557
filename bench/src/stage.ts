// The other side of program.ts: sets one contestant up, and runs it when told. node stage.js <claim> <contestant>
import { createInterface } from 'node:readline'
import type { Reply } from './program.js'
import type { SetUp } from './subjects/subject.js'

const subjects: Record<string, () => Promise<{ setUp: SetUp }>> = {
  tiny: () => import('./subjects/tiny-calls.js'),
  map: () => import('./subjects/maps.js'),
  payload: () => import('./subjects/payloads.js'),
  'start-up': () => import('./subjects/rest.js'),
  idle: () => import('./subjects/rest.js'),
  shipping: () => import('./subjects/shipping.js'),
  tasks: () => import('./subjects/bounded-concurrency.js'),
  locks: () => import('./subjects/locks.js'),
  queues: () => import('./subjects/locks.js'),
  processes: () => import('./subjects/processes.js'),
}

const [claim = '', contestant = ''] = process.argv.slice(2)

// Whoever started this is gone, or waits for the teardown and ends us when it takes too long: nothing here may stay for ever.
process.stdin.once('end', () => setTimeout(() => process.exit(1), 10_000).unref())

try {
  const load = subjects[claim]
  if (load === undefined) throw new Error(`no claim ${claim}`)
  const subject = await (await load()).setUp(contestant)
  await subject.verify()
  await reply({ ready: { version: subject.version } })
  for await (const line of createInterface({ input: process.stdin })) {
    const { kind, count } = JSON.parse(line)
    // Before, so that it does not pay for what went before; after, so that it does not collect while another one is timed.
    globalThis.gc?.()
    const sample = await subject.run(kind, count)
    globalThis.gc?.()
    await reply({ sample })
  }
  await subject.end()
  process.exit(0)
} catch (error) {
  await reply(failureOf(error))
  process.exit(1)
}

function reply(message: Reply): Promise<unknown> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(message)}\n`, resolve))
}

function failureOf(error: unknown): Reply {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const missing = /Cannot find package '([^']+)'/.exec(text)
  return missing ? { absent: `${missing[1]} is not installed` } : { failed: text }
}
