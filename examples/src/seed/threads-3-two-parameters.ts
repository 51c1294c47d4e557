// A function of two parameters. JavaScript has no keyword arguments: an object with names is taken apart at the call.
import { type Future, sleepSync, ThreadPoolExecutor } from 'rungs'

/** Simulates an IO-bound function: it holds its thread for three seconds. */
function ioBoundFunction(parameter1: number, parameter2: number): [number, number] {
  console.log(`io_bound_function called with arguments ${parameter1} and ${parameter2}`)
  sleepSync(3000)
  console.log(`io_bound_function with arguments ${parameter1} and ${parameter2} ended`)
  return [parameter1, parameter2]
}

async function exampleThreadpool(): Promise<Future<[number, number]>[]> {
  console.log('Starting ThreadPoolExecutor')
  const futures: Future<[number, number]>[] = []
  {
    await using executor = new ThreadPoolExecutor(3)
    const argumentDictionary = [
      { parameter1: 1, parameter2: 2 },
      { parameter1: 3, parameter2: 4 },
    ]
    for (const { parameter1, parameter2 } of argumentDictionary) {
      futures.push(executor.submit(ioBoundFunction, parameter1, parameter2))
    }
  }
  console.log('Done threading the io_bound_function')
  return futures
}

for (const item of await exampleThreadpool()) {
  const [parameter1, parameter2] = await item
  console.log(`(${parameter1}, ${parameter2})`)
}
