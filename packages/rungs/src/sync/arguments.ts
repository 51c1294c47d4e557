import { show } from '../core/options.js'

/** Refuses arguments of what takes none: they look as if they did something. */
export function requireNone(what: string, given: readonly unknown[], hint = ''): void {
  const [first] = given
  if (first !== undefined) throw new TypeError(`${what} takes no arguments, got ${show(first)}${hint}`)
}
