// The AbortSignal of a scope. Platform calls that were given it turn its reason into their error, and that is the one delivery of the
// cancellation: `await fetch(url, { signal })` throws, and the `finally` around it can await. Nothing tells that a promise was rejected,
// but such a call has to read the reason: within the abort event, or when it finds the signal aborted already.
import type { CancelledError } from '../core/errors.js'

export interface ScopeSignal {
  readonly signal: AbortSignal
  /** Aborts the signal. @returns Whether one of its listeners took the reason. */
  abort(error: CancelledError): boolean
}

/** The signals that scopes own. Their reason is thrown as it is: one cancellation is one error object. */
const owned = new WeakSet<AbortSignal>()

export function isScopeSignal(signal: AbortSignal): boolean {
  return owned.has(signal)
}

/** @param onTaken Somebody reads the reason after the abort. */
export function createScopeSignal(onTaken: () => void): ScopeSignal {
  const controller = new AbortController()
  const { signal } = controller
  owned.add(signal)
  let reason: CancelledError | undefined
  let dispatching = false
  let taken = false
  const take = (): void => {
    if (reason === undefined) return
    // Outside of the event only the cancelled code itself takes it; others may look.
    if (dispatching) taken = true
    else onTaken()
  }
  Object.defineProperties(signal, {
    reason: {
      configurable: true,
      get() {
        take()
        return reason
      },
    },
    throwIfAborted: {
      configurable: true,
      value() {
        take()
        if (reason !== undefined) throw reason
      },
    },
  })
  return {
    signal,
    abort(error) {
      if (reason !== undefined) return false
      reason = error
      dispatching = true
      try {
        controller.abort(error)
      } finally {
        dispatching = false
      }
      return taken
    },
  }
}
