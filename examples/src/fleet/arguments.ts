/** What was typed cannot be meant. The message says what was typed, what is possible, and ends the program with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export function positiveInteger(what: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number
  throw new UsageError(`${what} must be a whole number from 1${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''}, got '${text}'`)
}

export function wholeNumber(what: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`${what} must be a whole number from 0, got '${text}'`)
}

export function seedNumber(text: string): number {
  const seed = wholeNumber('--seed', text)
  if (seed < 2 ** 32) return seed
  throw new UsageError(`--seed must be below ${2 ** 32}, got '${text}'`)
}

export function latencyRange(text: string): { min: number; max: number } {
  const [, min, max] = /^(\d{1,6})-(\d{1,6})$/.exec(text) ?? []
  if (min !== undefined && max !== undefined && Number(min) <= Number(max)) return { min: Number(min), max: Number(max) }
  throw new UsageError(`--latency must be two numbers of milliseconds, the lower first, such as 50-400, got '${text}'`)
}
