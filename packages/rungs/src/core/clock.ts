// Time is handed in: what waits asks a clock, and a test puts a virtual one in its place.

/** A timer of a {@link Clock}: what it gave, to clear it with. */
export type Timer = { ref?(): unknown; unref?(): unknown } | number

/** Where the library takes its time from. Milliseconds. */
export interface Clock {
  /** Milliseconds since some moment, never going back. */
  now(): number
  /** Calls `fn` after `ms`. */
  setTimeout(fn: () => void, ms: number): Timer
  /** Ends a timer that has not fired. */
  clearTimeout(timer: Timer): void
}

/** Longer timers fire at once in Node; nobody waits for longer than this, 24.8 days. */
const longest = 2 ** 31 - 1

export const realClock: Clock = {
  now: () => performance.now(),
  setTimeout: (fn, ms) => setTimeout(fn, Math.min(ms, longest)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
}

let current: Clock = realClock

/** The clock that waits begun now are measured with. */
export function clock(): Clock {
  return current
}

/** Puts `replacement` in the place of the clock; disposing puts back the one before. For tests. */
export function useClock(replacement: Clock): Disposable {
  const before = current
  current = replacement
  return {
    [Symbol.dispose]() {
      current = before
    },
  }
}
