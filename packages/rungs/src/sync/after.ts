import { clock, realClock, type Timer } from '../core/clock.js'
import { show } from '../core/options.js'

/** Node's longest timer; a longer wait takes several. */
const longest = 2 ** 31 - 1

/** How many wait for the next turn of the event loop. */
export let turnsAwaited = 0

/**
 * Calls `fn` once `ms` have passed; if that is none, in the next turn of the event loop. Gives what prevents it.
 * A turn is a turn also for a virtual clock, on which it takes no time.
 */
export function after(ms: number, fn: () => void): () => void {
  if (ms <= 0) {
    let waiting = true
    const end = (): void => {
      if (waiting) turnsAwaited--
      waiting = false
    }
    turnsAwaited++
    const immediate = setImmediate(() => {
      end()
      fn()
    })
    return () => {
      end()
      clearImmediate(immediate)
    }
  }
  const time = clock()
  let timer: Timer
  const set = (left: number): void => {
    timer = left <= longest || time !== realClock ? time.setTimeout(fn, left) : time.setTimeout(() => set(left - longest), longest)
  }
  set(ms)
  return () => time.clearTimeout(timer)
}

/** Milliseconds, of which a negative number is none at all, as in Python. @throws {TypeError} if it is no number, {@link RangeError} for NaN. */
export function requireDelay(name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number of milliseconds, got ${show(value)}`)
  if (Number.isNaN(value)) throw new RangeError(`${name} must be a number of milliseconds, got NaN`)
}
