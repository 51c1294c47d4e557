// Awaiting a future inside a task is a wait like any other: cancelling the task cancels the future, on every rung, and who awaits it sees
// the task's own CancelledError. A future that is a task is asked to end, and awaited until it has. So are `wait()`, `asCompleted()`, and the
// next result of a map or a stream, which end at once.
import type { CancelledError } from '../core/errors.js'
import { InvalidStateError } from '../core/errors.js'
import { cancelFuture, type Future, listen, onAwait } from '../core/future.js'
import { provideTaskWaits, type TaskWait } from '../core/task-wait.js'
import { currentScope, type Interruptible, takeCancellation } from './scope.js'
import { cancelTask, Task } from './task.js'
import { onBlock } from './wait-queue.js'

class FutureWait implements Interruptible {
  readonly #future: Future<unknown>

  constructor(future: Future<unknown>) {
    this.#future = future
  }

  interrupt(error: CancelledError): boolean {
    if (this.#future.done) return false
    cancelGently(this.#future, error)
    return true
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
  const wait = new FutureWait(future)
  scope.enter(wait)
  listen(future, () => scope.leave(wait))
  const error = takeCancellation()
  if (error !== undefined) wait.interrupt(error)
  else onBlock?.(wait)
  return undefined
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
