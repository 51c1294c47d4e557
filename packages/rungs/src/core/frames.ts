// How many frames a stack has, and what `stack` says, belongs to the program: it may have frozen `Error`, taken `stackTraceLimit` away, or set a
// `prepareStackTrace` that gives something else or throws. None of that may become an error of a call.

/** Runs `capture`, which captures a stack, with so many frames where that can be had; undefined: with no stack at all. */
export function withFrames<T>(count: number | undefined, capture: () => T): T {
  const own = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')
  const isWritable = own === undefined ? Object.isExtensible(Error) : own.writable === true
  if (!isWritable || own?.value === count) return capture()
  Error.stackTraceLimit = count as number // What is no number means that none is captured.
  try {
    return capture()
  } finally {
    if (own === undefined) delete (Error as { stackTraceLimit?: number }).stackTraceLimit
    else Error.stackTraceLimit = own.value
  }
}

/** The text of a stack, if it is one. */
export function stackOf(holder: { readonly stack?: unknown } | undefined): string | undefined {
  try {
    const stack = holder?.stack
    return typeof stack === 'string' ? stack : undefined
  } catch {
    return undefined
  }
}
