// The same with names. JavaScript has no keyword arguments: an object with names is taken apart at the call.
import { type Future, ProcessPoolExecutor } from 'rungs'
import { ioBoundFunctionOfTwo } from './io-bound-processes.js'

const futures: Future<[number, number]>[] = []
{
  await using executor = new ProcessPoolExecutor(10)
  const argumentObjects = [
    { parameter1: 1, parameter2: 2 },
    { parameter1: 3, parameter2: 4 },
  ]
  for (const { parameter1, parameter2 } of argumentObjects) {
    futures.push(executor.submit(ioBoundFunctionOfTwo<number>, parameter1, parameter2))
  }
}
for (const future of futures) {
  const [first, second] = await future
  console.log(`(${first}, ${second})`)
}
