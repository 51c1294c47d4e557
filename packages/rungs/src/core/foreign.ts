// What a program throws or gives as a reason may be anything: an error whose getters throw, a revoked proxy. Looking at it must not throw.

/** As `instanceof`; false for what does not say. */
export function isInstance<T>(value: unknown, kind: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof kind
  } catch {
    return false
  }
}

/** A property; `undefined` if it cannot be read. */
export function propertyOf(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key)
  } catch {
    return undefined
  }
}

/** The message of an error, or the text itself; `undefined` if there is none, or none that can be read. */
export function messageOf(reason: unknown): string | undefined {
  const message = isInstance(reason, Error) ? propertyOf(reason, 'message') : reason
  return typeof message === 'string' ? message : undefined
}
