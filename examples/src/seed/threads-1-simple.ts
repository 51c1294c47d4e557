// A few calls on threads. The function is here, in the program itself: it goes to the threads by value.
import { sleepSync, ThreadPoolExecutor } from 'rungs'

/** Simulates an IO-bound function: it holds its thread for three seconds. */
function ioBoundFunction(parameter: string): string {
  console.log(`io_bound_function called with argument ${parameter}`)
  sleepSync(3000)
  console.log(`io_bound_function with argument ${parameter} ended`)
  return parameter
}

async function exampleSimple(): Promise<void> {
  console.log('Starting ThreadPoolExecutor')
  {
    await using executor = new ThreadPoolExecutor(3)
    executor.submit(ioBoundFunction, 'a')
    executor.submit(ioBoundFunction, 'b')
    executor.submit(ioBoundFunction, 'c')
  } // Leaving the block waits for them.
  console.log('All tasks complete')
}

await exampleSimple()
