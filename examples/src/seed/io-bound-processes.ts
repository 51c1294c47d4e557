// The functions that the programs of this folder run in processes. A module of its own: processes import it by its name.
import { sleepSync } from 'rungs'

const sleepMs = Number(process.env.RUNGS_SEED_SLEEP_MS ?? 3_000)

/** Waits as a slow device would make it wait, and holds its process while it does. */
export function ioBoundFunction<T extends string | number>(parameter: T): T {
  console.log(`io_bound_function called with argument ${parameter} using PID ${process.pid}`)
  sleepSync(sleepMs)
  console.log(`io_bound_function with argument ${parameter} using PID ${process.pid} ended`)
  return parameter
}

export function ioBoundFunctionOfTwo<T extends string | number>(parameter1: T, parameter2: T): [T, T] {
  const shown = `(${show(parameter1)}, ${show(parameter2)})`
  console.log(`io_bound_function called with arguments ${shown} using PID ${process.pid}`)
  sleepSync(sleepMs)
  console.log(`io_bound_function with arguments ${shown} using PID ${process.pid} ended`)
  return [parameter1, parameter2]
}

/** As Python shows it in a tuple. */
function show(parameter: string | number): string {
  return typeof parameter === 'string' ? `'${parameter}'` : String(parameter)
}
