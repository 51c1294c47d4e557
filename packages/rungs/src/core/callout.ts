// What is put off while outcomes are handed over, and has to be done before code of the program runs, which may block this thread.

let due: (() => void) | undefined

/** To be done before code of the program runs. Whoever puts it off does it at the end in any case; doing it twice does no harm. */
export function putOff(what: () => void): void {
  if (due !== undefined && due !== what) due()
  due = what
}

/** Code of the program runs now: a callback, a listener, a condition. */
export function beforeCallout(): void {
  const what = due
  if (what === undefined) return
  due = undefined
  what()
}
