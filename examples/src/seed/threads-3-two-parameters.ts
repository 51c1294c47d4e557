// A function of two parameters. JavaScript has no keyword arguments: an object with names is taken apart at the call.
import { type Future, ThreadPoolExecutor } from 'rungs'
import { ioBoundFunctionOfTwo } from './io-bound.js'

async function exampleThreadpool(): Promise<Future<[number, number]>[]> {
  console.log('Starting ThreadPoolExecutor')
  const futures: Future<[number, number]>[] = []
  {
    await using executor = new ThreadPoolExecutor(3)
    const argumentObjects = [
      { parameter1: 1, parameter2: 2 },
      { parameter1: 3, parameter2: 4 },
    ]
    for (const { parameter1, parameter2 } of argumentObjects) {
      futures.push(executor.submit(ioBoundFunctionOfTwo, parameter1, parameter2))
    }
  }
  console.log('Done threading the io_bound_function')
  return futures
}

for (const future of await exampleThreadpool()) {
  const [first, second] = await future
  console.log(`(${first}, ${second})`)
}
