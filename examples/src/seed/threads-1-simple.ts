// A few calls on threads. Leaving the block waits for them.
import { ThreadPoolExecutor } from 'rungs'
import { ioBoundFunction } from './io-bound.js'

console.log('Starting ThreadPoolExecutor')
{
  await using executor = new ThreadPoolExecutor(3)
  executor.submit(ioBoundFunction, 'a')
  executor.submit(ioBoundFunction, 'b')
  executor.submit(ioBoundFunction, 'c')
}
console.log('All tasks complete')
