// One listener on a signal for all who wait with it. An EventTarget compares a new listener with each one that it has, and warns when there
// are many: a thousand waits with the signal of their program would cost a million comparisons.
const waiting = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls `fn` when `signal` is aborted, those of one signal in the order in which they came. Gives what forgets it. */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  let all = waiting.get(signal)
  if (all === undefined) {
    all = new Set()
    waiting.set(signal, all)
  }
  const set = all
  if (set.size === 0) {
    // While nobody waits there is no listener, so that the signal holds nothing.
    const abort = (): void => {
      // One that another has made superfluous is not called, as with listeners of their own.
      for (const one of [...set]) if (set.delete(one)) one()
    }
    aborts.set(set, abort)
    signal.addEventListener('abort', abort, { once: true })
  }
  set.add(fn)
  return () => {
    if (!set.delete(fn) || set.size > 0) return
    const abort = aborts.get(set)
    if (abort !== undefined) signal.removeEventListener('abort', abort)
  }
}

/** The listener that serves a set. */
const aborts = new WeakMap<Set<() => void>, () => void>()
