// Waits that are not for a single future: for several, or for the next result of a map. `sync` stands above and knows tasks; it sets here
// what makes such a wait end when the task that waits is cancelled. Without it these are plain promises.
import type { CancelledError } from './errors.js'
import type { Future } from './future.js'

/** A wait that cancelling the task inside of which it has begun ends. */
export interface TaskWait {
  /** What is waited for, for people: `wait() for 3 futures`. */
  describe(): string
  /** What is waited for, and is cancelled together with the wait. */
  futures?(): Iterable<Future<unknown>>
  /** The wait was ended by this error, and whoever waits has been told. */
  interrupted(error: CancelledError): void
}

type Begin<T> = (resolve: (value: T) => void, reject: (reason: unknown) => void) => void

interface TaskWaits {
  refuse(wait: TaskWait): Promise<never> | undefined
  begin<T>(wait: TaskWait, begin: Begin<T>): Promise<T>
}

let waits: TaskWaits | undefined

/** `sync` hands in how a task waits. */
export function provideTaskWaits(provided: TaskWaits): void {
  waits = provided
}

/** What to give instead of waiting, also of what is there already, if the task that runs here is cancelled. */
export function refuseWait(wait: TaskWait): Promise<never> | undefined {
  return waits?.refuse(wait)
}

/** As `new Promise(begin)`, for a wait that {@link refuseWait} has not refused. */
export function beginWait<T>(wait: TaskWait, begin: Begin<T>): Promise<T> {
  return waits === undefined ? new Promise(begin) : waits.begin(wait, begin)
}
