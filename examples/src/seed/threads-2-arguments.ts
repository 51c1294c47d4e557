// A function that takes an argument, submitted for each of a list; the results in the order of the list.
import { type Future, sleepSync, ThreadPoolExecutor } from 'rungs'

/** Simulates an IO-bound function: it holds its thread for three seconds. */
function ioBoundFunction(parameter: string): string {
  console.log(`io_bound_function called with argument ${parameter}`)
  sleepSync(3000)
  console.log(`io_bound_function with argument ${parameter} ended`)
  return parameter
}

/** `maxWorkers` is what can be configured. */
async function exampleThreadpool(): Promise<Future<string>[]> {
  console.log('Starting ThreadPoolExecutor')
  const futures: Future<string>[] = []
  {
    await using executor = new ThreadPoolExecutor({ maxWorkers: 3 })
    const argumentList = ['a', 'b', 'c']
    for (const argument of argumentList) futures.push(executor.submit(ioBoundFunction, argument))
  }
  console.log('Done threading the io_bound_function')
  return futures
}

for (const item of await exampleThreadpool()) console.log(await item)
