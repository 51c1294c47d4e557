// The AbortSignal of a scope. Platform calls that were given it turn its reason into their error, and that is the one delivery of the
// cancellation: `await fetch(url, { signal })` throws, and the `finally` around it can await. Nothing tells that a promise was rejected,
// but such a call has to read the reason: within the abort event, or when it finds the signal aborted already. So it counts also where it
// comes by way of `AbortSignal.any`. What the library itself reads does not count; see core/signal-reason.ts.
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
  const read = (): CancelledError | undefined => {
    if (reason === undefined) return undefined
    // Outside of the event only the cancelled code itself takes it; others may look.
    if (dispatching) taken = true
    else onTaken()
    return reason
  }
  tellReads(signal, read)
  return {
    signal,
    abort(error) {
      if (reason !== undefined) return false
      reason = error
      // Those are aborted together with it, and do not ask it for the reason.
      for (const dependent of dependentsOf(signal)) if (!dependent.aborted) tellReads(dependent, read)
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

/** Makes a signal ask for its reason. */
function tellReads(signal: AbortSignal, read: () => CancelledError | undefined): void {
  Object.defineProperties(signal, {
    reason: { configurable: true, get: read },
    throwIfAborted: {
      configurable: true,
      value() {
        const reason = read()
        if (reason !== undefined) throw reason
      },
    },
  })
}

/** Where Node keeps the signals that `AbortSignal.any` has made of one: there is no other way to know of them. Undefined if it is kept elsewhere. */
const dependents = findDependents()

function* dependentsOf(signal: AbortSignal): Iterable<AbortSignal> {
  if (dependents === undefined) return
  const all = Reflect.get(signal, dependents) as Iterable<WeakRef<AbortSignal>> | undefined // As found below.
  for (const weak of all ?? []) {
    const dependent = weak.deref()
    if (dependent !== undefined) yield dependent
  }
}

function findDependents(): symbol | undefined {
  const { signal } = new AbortController()
  const made = AbortSignal.any([signal])
  const listener = (): void => {}
  made.addEventListener('abort', listener) // Node 24 keeps those that somebody listens to.
  const found = Object.getOwnPropertySymbols(signal).find((symbol) => {
    const all: unknown = Reflect.get(signal, symbol)
    return isIterable(all) && [...all].some((weak) => isWeak(weak) && weak.deref() === made)
  })
  made.removeEventListener('abort', listener)
  return found
}

// By shape: Node's own are of classes that nobody else has.

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

function isWeak(value: unknown): value is WeakRef<WeakKey> {
  return typeof value === 'object' && value !== null && 'deref' in value && typeof value.deref === 'function'
}
