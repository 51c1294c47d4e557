// Leaving the block waits for the calls. Two positional arguments each.
import { ProcessPoolExecutor } from 'rungs'
import { ioBoundFunctionOfTwo } from './io-bound-processes.js'

{
  await using executor = new ProcessPoolExecutor(10)
  executor.submit(ioBoundFunctionOfTwo, 'a', 'a')
  executor.submit(ioBoundFunctionOfTwo, 'b', 'b')
  executor.submit(ioBoundFunctionOfTwo, 'c', 'c')
}
