// A function that takes an argument, submitted for each of a list; the results in the order of the list.
import { type Future, ThreadPoolExecutor } from 'rungs'
import { ioBoundFunction } from './io-bound.js'

async function exampleThreadpool(): Promise<Future<string>[]> {
  console.log('Starting ThreadPoolExecutor')
  const futures: Future<string>[] = []
  {
    await using executor = new ThreadPoolExecutor(3)
    for (const argument of ['a', 'b', 'c']) futures.push(executor.submit(ioBoundFunction, argument))
  }
  console.log('Done threading the io_bound_function')
  return futures
}

for (const future of await exampleThreadpool()) console.log(await future)
