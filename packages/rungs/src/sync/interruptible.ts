import { report } from '../core/report.js'
import { currentScope } from './scope.js'
import { onBlock, refusal, Waiter } from './wait-queue.js'

/** Waits for a promise of whatever kind; cancelling the task ends the wait, and the promise knows nothing of it. */
export function interruptible<T>(promise: PromiseLike<T>, what: string, signal?: AbortSignal): Promise<T> {
  const error = refusal(signal)
  let outcome: (() => T) | undefined
  let left = error !== undefined
  const place = {
    take: () => (outcome as () => T)(), // Set before the grant.
    left: () => {
      left = true
    },
    passOn: () => {},
    describe: () => what,
    external: true,
  }
  const waiter = new Waiter<T>(place, error === undefined ? currentScope() : undefined, error === undefined ? signal : undefined)
  promise.then(
    (value) => {
      outcome = () => value
      waiter.grant()
    },
    (reason) => {
      if (left) {
        report('RUNGS_UNOBSERVED', 'A promise that nobody waited for any more failed', reason)
        return
      }
      outcome = () => {
        throw reason
      }
      waiter.grant()
    },
  )
  if (error !== undefined) waiter.fail(error)
  else onBlock?.(waiter)
  return waiter.promise
}
