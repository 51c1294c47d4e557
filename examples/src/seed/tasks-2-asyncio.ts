// The asyncio way of the notes: `await asyncio.sleep(3)` in place of `time.sleep(3)`, and a TaskGroup in place of the executor.
import { run, sleep, TaskGroup } from 'rungs/sync'

const sleepMs = Number(process.env.RUNGS_SEED_SLEEP_MS ?? 3_000)

async function ioBoundFunction(parameter: string): Promise<string> {
  console.log(`io_bound_function called with argument ${parameter}`)
  await sleep(sleepMs)
  console.log(`io_bound_function with argument ${parameter} ended`)
  return parameter
}

await run(async () => {
  console.log('Starting TaskGroup')
  const tasks = await TaskGroup.run((group) => ['a', 'b', 'c'].map((argument) => group.spawn(ioBoundFunction, argument)))
  console.log('Done awaiting the io_bound_function')
  for (const task of tasks) console.log(await task)
})
