// A wait for a future that ends at the latest when its time is up or its signal aborts. The call goes on.

import { clock } from './clock.js'
import { CancelledError, TimeoutError } from './errors.js'
import { type Future, onDone, type ResultOptions, unlisten } from './future.js'
import { onAbort } from './on-abort.js'
import { requireDuration, requireKnown, requireSignal } from './options.js'
import { reasonOf } from './signal-reason.js'

/** @returns undefined when there is no limit */
export function checkLimits(options: ResultOptions): ResultOptions | undefined {
  requireKnown('The options of result()', options, ['timeout', 'signal'])
  const { timeout, signal } = options
  if (timeout !== undefined) requireDuration('timeout', timeout)
  if (signal !== undefined) requireSignal('signal', signal)
  return timeout === undefined && signal === undefined ? undefined : options
}

/** Waits no longer than it may. */
export function limitedWait<T>(future: Future<T>, native: Promise<T>, { timeout, signal }: ResultOptions): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const time = clock()
    let forget = (): void => {}
    const end = (): void => {
      if (timer !== undefined) time.clearTimeout(timer)
      forget()
      unlisten(future, ended)
    }
    const ended = (): void => {
      end()
      native.then(resolve, reject)
    }
    const aborted = (): void => {
      end()
      reject(new CancelledError('The wait for a result was cancelled', { reason: reasonOf(signal) }))
    }
    const late = (): void => {
      end()
      reject(new TimeoutError(`The call had not ended after ${timeout} ms`))
    }
    const timer = timeout === undefined || timeout === Number.POSITIVE_INFINITY ? undefined : time.setTimeout(late, timeout)
    onDone(future, ended)
    if (signal?.aborted) aborted()
    else if (signal !== undefined) forget = onAbort(signal, aborted)
  })
}
