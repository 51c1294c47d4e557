// The functions that the programs of this folder run on threads. A module of its own: threads import it by its name.
import { sleepSync } from 'rungs'

const sleepMs = Number(process.env.RUNGS_SEED_SLEEP_MS ?? 3_000)

/** Waits as a slow device would make it wait, and holds its thread while it does. */
export function ioBoundFunction(parameter: string): string {
  console.log(`io_bound_function called with argument ${parameter}`)
  sleepSync(sleepMs)
  console.log(`io_bound_function with argument ${parameter} ended`)
  return parameter
}

export function ioBoundFunctionOfTwo(parameter1: number, parameter2: number): [number, number] {
  console.log(`io_bound_function called with arguments ${parameter1} and ${parameter2}`)
  sleepSync(sleepMs)
  console.log(`io_bound_function with arguments ${parameter1} and ${parameter2} ended`)
  return [parameter1, parameter2]
}
