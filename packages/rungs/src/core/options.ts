// Checks what a caller wrote, where it was written. A message has the value and the way out.
import { inspect, types } from 'node:util'

/** How a wrong value is shown: short, on one line. */
export function show(value: unknown): string {
  if (typeof value === 'function') {
    // By descriptor: a class may have a static `name` that is something else, or throws.
    const name: unknown = Object.getOwnPropertyDescriptor(value, 'name')?.value
    return typeof name !== 'string' || name === '' ? 'an anonymous function' : `the function ${name}`
  }
  // A promise shows what the platform has noted on it.
  if (types.isPromise(value)) return 'Promise { … }'
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 60, maxArrayLength: 4 })
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}

export function requireInteger(name: string, value: unknown, min: number): asserts value is number {
  if (typeof value !== 'number')
    throw new TypeError(`${name} must be an integer of at least ${min}, got ${show(value)} (${typeName(value)})`)
  if (!Number.isInteger(value) || value < min) throw new RangeError(`${name} must be an integer of at least ${min}, got ${value}`)
}

/** Milliseconds: not negative, not NaN. Infinity is "never". */
export function requireDuration(name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number of milliseconds, got ${show(value)} (${typeName(value)})`)
  if (Number.isNaN(value) || value < 0) throw new RangeError(`${name} must be a number of milliseconds, not negative, got ${value}`)
}

export function requireFunction(name: string, value: unknown): asserts value is (...args: never[]) => unknown {
  if (typeof value === 'function') return
  // The habit of Python, where a call of an async function has not begun.
  if (value instanceof Promise)
    throw new TypeError(`${name} must be a function, got a promise. Pass the function itself: f or () => f(x), not f(x)`)
  throw new TypeError(`${name} must be a function, got ${show(value)} (${typeName(value)})`)
}

/** A name for people and logs. */
export function requireKey(value: unknown): asserts value is string | undefined {
  if (value !== undefined && typeof value !== 'string') throw new TypeError(`key must be a string, got ${show(value)} (${typeName(value)})`)
}

export function requireOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value))
    throw new TypeError(`${name} must be ${allowed.map((one) => inspect(one)).join(' or ')}, got ${show(value)}`)
}

export function requireSignal(name: string, value: unknown): asserts value is AbortSignal {
  if (!isSignal(value)) throw new TypeError(`${name} must be an AbortSignal, got ${show(value)} (${typeName(value)})`)
}

function isSignal(value: unknown): value is AbortSignal {
  // By shape: a signal of another realm is a signal too.
  const signal = value as AbortSignal | null | undefined
  return (
    typeof signal === 'object' && signal !== null && typeof signal.aborted === 'boolean' && typeof signal.addEventListener === 'function'
  )
}

/** Refuses an option that does not exist, and names the one that was probably meant; and an object that is something else, as a signal. */
export function requireKnown(what: string, options: unknown, known: readonly string[]): asserts options is object {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${what} must be an object with options, got ${show(options)} (${typeName(options)})`)
  }
  const names = Object.keys(options)
  // What a class made may have options for fields; a signal, a map or a date has none, and would be taken for no options at all.
  if (names.length === 0 && isInstance(options)) throw noOptions(what, options)
  for (const name of names) {
    if (known.includes(name)) continue
    if (isSignal(options)) throw noOptions(what, options)
    const meant = nearest(name, known)
    const hint = meant === undefined ? `Known are ${known.join(', ')}` : `Did you mean ${meant}?`
    throw new TypeError(`${what} do not have an option ${inspect(name)}. ${hint}`)
  }
}

/** Whether a class made it. An object that inherits from an object of options is none, nor is one of another realm. */
function isInstance(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.hasOwn(prototype, 'constructor') &&
    Object.getPrototypeOf(prototype) !== null
  )
}

function noOptions(what: string, value: object): TypeError {
  const hint = isSignal(value) ? '. Pass { signal }' : ''
  return new TypeError(`${what} must be an object with options, got ${show(value)}${hint}`)
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value
}

/** The known name that is at most a third of its letters away, or undefined. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const distance = candidate.toLowerCase() === name.toLowerCase() ? 0 : editDistance(name, candidate)
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** Levenshtein's distance, a row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
