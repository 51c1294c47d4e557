// Where a call was submitted: for the stack of its error and for the report of a failure that nobody looked at. Capturing a stack takes
// some microseconds, several times what a call takes, so a burst of calls has a budget. Text is made only when somebody reads it.
import { stackOf, withFrames } from './frames.js'
import { setImmediate } from './platform.js'

/** Holds a stack; Error.captureStackTrace has put the property there. */
export interface CallSite {
  readonly stack: string
}

const capacity = 128
const perMillisecond = 1
/** When the budget is spent, only every so many calls of one turn look at the clock: to read it is a good part of what a short call costs. */
const looksEvery = 64
let tokens = capacity
let refilled = 0
/** Whether the clock was looked at in this turn of the event loop. */
let hasLooked = false
let skipped = 0

/** The stack of the caller of `below`, or undefined when thousands of calls are being submitted at once. */
export function captureCallSite(below: (...args: never[]) => unknown): CallSite | undefined {
  if (tokens === 0) {
    if (hasLooked && ++skipped % looksEvery !== 0) return undefined
    if (!hasLooked) setImmediate(turnIsOver)
    hasLooked = true
    refill()
    if (tokens === 0) return undefined
  }
  tokens--
  const site = { stack: '' }
  const { stackTraceLimit: limit } = Error
  return withFrames(limit > 0 && limit < 10 ? limit : 10, () => {
    try {
      Error.captureStackTrace(site, below)
    } catch {
      // What the program has set to make stacks of frames has thrown.
    }
    return site
  })
}

function turnIsOver(): void {
  hasLooked = false
}

function refill(): void {
  const now = performance.now()
  tokens = Math.min(capacity, Math.floor((now - refilled) * perMillisecond))
  if (tokens > 0) refilled = now
}

/** The frames alone, a line each, or undefined when there are none. */
export function framesOf(site: CallSite | undefined): string | undefined {
  const frames = stackOf(site)
    ?.split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .join('\n')
  return frames === '' ? undefined : frames
}
