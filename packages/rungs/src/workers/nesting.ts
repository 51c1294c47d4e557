// Workers may have pools of their own, whose workers may have some again. That it goes on and on has nearly always one reason: a module that a call needs
// imports the program's entry script, which then runs again in the worker, and starts a pool there.
import { InvalidStateError } from '../core/errors.js'

/** Pools within workers within pools: nobody means to have more. */
const deepest = 6

/** How deep this thread is; 0: it belongs to no pool. */
let depth = 0

/** This thread is a worker. */
export function nestedAt(depthOfWorker: number): void {
  depth = depthOfWorker
}

/** For the workers of a pool of this thread. @throws {InvalidStateError} if there are too many within each other */
export function depthOfWorkers(): number {
  if (depth < deepest) return depth + 1
  throw new InvalidStateError(
    `This would be a worker within ${deepest} others. A module that a call needs probably imports the entry script of the program, which then runs again in each worker. Move what both need to a module of its own, or start pools where require.main === module or import.meta.main only`,
  )
}
