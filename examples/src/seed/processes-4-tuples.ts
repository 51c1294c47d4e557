// The same with a list of tuples, each unpacked into the call.
import { ProcessPoolExecutor } from 'rungs'
import { ioBoundFunctionOfTwo } from './io-bound-processes.js'

{
  await using executor = new ProcessPoolExecutor(10)
  const argumentTuples: [string, string][] = [
    ['a', 'a'],
    ['b', 'b'],
    ['c', 'c'],
  ]
  for (const tuple of argumentTuples) executor.submit(ioBoundFunctionOfTwo<string>, ...tuple)
}
