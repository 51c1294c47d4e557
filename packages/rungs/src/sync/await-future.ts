// Awaiting a future inside a task is a wait like any other: cancelling the task cancels the future, on every rung, and who awaits it sees
// the task's own CancelledError. A future that is a task is asked to end, and awaited until it has. So are `wait()`, `asCompleted()`, and the
// next result of a map or a stream, which end at once.
//
// A request to end is passed on from task to task. Where tasks await each other in a circle it comes round to one that has passed it on already;
// there the wait itself ends, with the error of the request, and the others unwind one after the other.
import type { CancelledError } from '../core/errors.js'
import { InvalidStateError } from '../core/errors.js'
import { cancelFuture, type Future, listen, onAwait } from '../core/future.js'
import { provideTaskWaits, type TaskWait } from '../core/task-wait.js'
import { comesRound, isInside, notePassing } from './circle.js'
import { type CancelScope, currentScope, type Interruptible, takeCancellation } from './scope.js'
import { cancelTask, rejectWait, Task } from './task.js'
import { onBlock } from './wait-queue.js'

class FutureWait implements Interruptible {
  readonly #future: Future<unknown>
  readonly #scope: CancelScope
  /** Ends the wait before the future is done; only of a task. */
  readonly #reject: ((error: CancelledError) => void) | undefined
  /** Whether it has passed on a request. A wait in the cleanup after a cancellation counts as if: what it waits for is not asked again. */
  hasPassed = false

  constructor(future: Future<unknown>, scope: CancelScope, reject: ((error: CancelledError) => void) | undefined) {
    this.#future = future
    this.#scope = scope
    this.#reject = reject
    scope.enter(this)
    if (scope.told !== undefined) this.#pass()
    listen(future, () => scope.leave(this))
  }

  interrupt(error: CancelledError): boolean {
    if (this.#future.done) return false
    this.#pass()
    if (this.isInCircle()) this.break(error)
    else cancelGently(this.#future, error)
    return true
  }

  #pass(): void {
    if (this.hasPassed) return
    this.hasPassed = true
    const { task } = this.#scope
    if (task !== undefined && this.#future instanceof Task) notePassing(task)
  }

  /** Whether passing on a request comes to nothing, as what is awaited cannot end before whoever awaits it. */
  isInCircle(): boolean {
    const { task } = this.#scope
    if (task === undefined || this.#reject === undefined || !(this.#future instanceof Task)) return false
    return isInside(task, this.#future) || comesRound(this.#future, task)
  }

  /** Ends the wait. What is awaited goes on. */
  break(error: CancelledError): void {
    this.#scope.leave(this)
    this.#reject?.(error)
  }

  get awaited(): Task<unknown> | undefined {
    return this.#future instanceof Task ? this.#future : undefined
  }

  describe(): string {
    const future = this.#future
    if (future instanceof Task) return `the task ${future.name}`
    return `the call ${future.key === undefined ? future.id : JSON.stringify(future.key)}`
  }

  get external(): boolean {
    return !(this.#future instanceof Task)
  }

  blockers(): Iterable<Task<unknown>> {
    return this.#future instanceof Task ? [this.#future] : []
  }
}

/** Cancels a future with this very error, and asks a task to end. */
export function cancelGently(future: Future<unknown>, error: CancelledError): void {
  if (future instanceof Task) cancelTask(future, error)
  else cancelFuture(future, error, error.reason)
}

/**
 * Notes that the code that runs here begins to await `future`.
 * @returns What to await instead, if that code has been cancelled or waits for itself.
 */
function enter(future: Future<unknown>): Promise<never> | undefined {
  const scope = currentScope()
  if (scope === undefined) return undefined
  if (future.done) {
    const error = takeCancellation()
    return error === undefined ? undefined : Promise.reject(error)
  }
  if (scope.task === future) return Promise.reject(new InvalidStateError(`The task ${scope.task.name} would wait for itself`))
  const wait = new FutureWait(future, scope, rejectWait)
  const error = takeCancellation()
  if (error !== undefined) wait.interrupt(error)
  else if (!breaksAtOnce(wait, scope)) onBlock?.(wait)
  return undefined
}

/** How many waits of a task have been ended at once. A loop over such waits must not go round for ever, and keep all others from running. */
const endedAtOnce = new WeakMap<Task<unknown>, number>()
const most = 100

/** Ends a wait that closes a circle of tasks that have all been cancelled: nobody asks them again. */
function breaksAtOnce(wait: FutureWait, { task, told }: CancelScope): boolean {
  if (task === undefined || told === undefined) return false
  const ended = endedAtOnce.get(task) ?? 0
  if (ended === most || !wait.isInCircle()) return false
  endedAtOnce.set(task, ended + 1)
  wait.break(told)
  return true
}

onAwait(enter)

provideTaskWaits({
  refuse(wait) {
    const error = takeCancellation()
    if (error === undefined) return undefined
    endWait(wait, error)
    return Promise.reject(error)
  },

  begin(wait, begin) {
    const scope = currentScope()
    if (scope === undefined) return new Promise(begin)
    return new Promise((resolve, reject) => {
      let waiting = true
      const leave = (): void => {
        waiting = false
        scope.leave(place)
      }
      const place: Interruptible = {
        interrupt(error) {
          if (!waiting) return false
          leave()
          reject(error)
          endWait(wait, error)
          return true
        },
        describe: () => wait.describe(),
        external: true,
      }
      scope.enter(place)
      begin(
        (value) => {
          leave()
          resolve(value)
        },
        (reason) => {
          leave()
          reject(reason)
        },
      )
    })
  },
})

function endWait(wait: TaskWait, error: CancelledError): void {
  const futures = [...(wait.futures?.() ?? [])]
  wait.interrupted(error)
  for (const future of futures) cancelGently(future, error)
}
