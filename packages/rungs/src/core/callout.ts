// What is put off while outcomes are handed over, and has to be done before code of the program runs, which may block this thread.

const due = new Set<() => void>()
let depth = 0

/** To be done before code of the program runs. Whoever puts it off does it at the end in any case, and says so; doing it twice does no harm. */
export function putOff(what: () => void): void {
  due.add(what)
}

/** It was done. Nothing is kept of it. */
export function isDone(what: () => void): void {
  if (due.size > 0) due.delete(what)
}

/** Code of the program may run now: a callback, a listener, a condition. */
export function beforeCallout(): void {
  if (due.size === 0) return
  for (const what of due) {
    due.delete(what)
    what()
  }
}

/** Runs code of the program. What it asks for is not put off: it may block this thread until that has happened. */
export function callout<T>(run: () => T): T {
  beforeCallout()
  depth++
  try {
    return run()
  } finally {
    depth--
  }
}

/** Whether code of the program runs. */
export function inCallout(): boolean {
  return depth > 0
}
