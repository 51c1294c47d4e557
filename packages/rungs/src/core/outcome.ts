/** How a call ended, as data. A reason may be anything that can be thrown, also `undefined`: never test it for truth. */
export type Outcome<T = unknown> =
  | { readonly status: 'fulfilled'; readonly value: T }
  | { readonly status: 'rejected'; readonly reason: unknown }

export function fulfilled<T>(value: T): Outcome<T> {
  return { status: 'fulfilled', value }
}

export function rejected(reason: unknown): Outcome<never> {
  return { status: 'rejected', reason }
}
