// What no one is waiting for must still be heard: it becomes a warning of the process, once.
import { channel } from 'node:diagnostics_channel'
import { inspect } from 'node:util'

/** `rungs:report` of `node:diagnostics_channel`: what was reported, for those who collect it. */
const reports = channel('rungs:report')

export interface Report {
  /** Stable, for programs: `RUNGS_UNOBSERVED`, `RUNGS_CALLBACK`, … */
  readonly code: string
  readonly message: string
  /** `undefined` also where there is none. */
  readonly error: unknown
}

/** Tells about an error that nobody waits for. `process.on('warning', …)` sees it; Node prints it. */
export function report(code: string, message: string, error: unknown, atExit = false): void {
  warn({ code, message, error }, new Error(`${message}: ${describe(error)}`, { cause: error }), atExit)
}

/** Tells about something that is no error, as {@link report} does. */
export function announce(code: string, message: string, atExit = false): void {
  warn({ code, message, error: undefined }, new Error(message), atExit)
}

function warn(told: Report, shown: Error, atExit: boolean): void {
  if (reports.hasSubscribers) reports.publish(told)
  const warning = Object.assign(shown, { name: 'RungsWarning', code: told.code })
  // The stack of this file says nothing; the message has the one that matters.
  warning.stack = `${warning.name}: ${warning.message}`
  // emitWarning tells listeners in the next tick, and at exit there is none.
  if (atExit) process.emit('warning', warning)
  else process.emitWarning(warning)
}

/** An error with its stack, or any other thrown value as text. Never throws. */
export function describe(error: unknown): string {
  try {
    if (error instanceof Error) return typeof error.stack === 'string' ? error.stack : String(error)
    return inspect(error, { depth: 2 })
  } catch {
    return 'a value that cannot be shown'
  }
}
