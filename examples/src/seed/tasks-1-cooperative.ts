// The same function awaited, three calls on one event loop: while one waits, the others go on.
import { setTimeout as sleep } from 'node:timers/promises'
import { TaskPoolExecutor } from 'rungs'

const sleepMs = Number(process.env.RUNGS_SEED_SLEEP_MS ?? 3_000)

async function ioBoundFunction(parameter: string): Promise<string> {
  console.log(`io_bound_function called with argument ${parameter}`)
  await sleep(sleepMs)
  console.log(`io_bound_function with argument ${parameter} ended`)
  return parameter
}

await using executor = new TaskPoolExecutor(3)
const results = await executor.map(ioBoundFunction, ['a', 'b', 'c']).toArray()
for (const result of results) console.log(result)
