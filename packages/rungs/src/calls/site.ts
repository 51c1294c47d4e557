// The place in a module where a function is written. Closures made by one line have it in common, so it is looked for once.

import type { Seen } from './inspector.js'
import { factsOf, type ModuleFacts, startOf } from './module-facts.js'
import { placeOf, positionOf } from './scripts.js'

/** Where the text of a function begins. */
export interface Site {
  /** The text of the function. */
  readonly text: string
  /** The module, when its text is known and has the function. */
  readonly module: ModuleFacts | undefined
  /** What is known of the file, also when it does not have the function. */
  readonly file: ModuleFacts | undefined
  /** The offset in the module; -1 without one. */
  readonly start: number
  readonly line: number
  readonly column: number
  /** `src/app.js:12`, for messages. */
  readonly place: string
}

const MOST = 20_000
const known = new Map<string, Site>()

/** The site of a function with this text that the engine saw there. */
export function siteOf(url: string, text: string, seen: Seen | undefined): Site {
  if (seen === undefined) return findSite(url, text, seen)
  const key = `${url}:${seen.line}:${seen.column}`
  const found = known.get(key)
  // Other text at the same place: the place is one in a text made at run time, or the module was loaded anew.
  if (found?.text === text) return found
  const site = findSite(url, text, seen)
  if (known.size >= MOST) known.clear()
  known.set(key, site)
  return site
}

function findSite(url: string, text: string, seen: Seen | undefined): Site {
  const file = factsOf(url)
  const start = file === undefined || seen === undefined ? -1 : startOf(file, text, seen.line, seen.column)
  const module = start < 0 ? undefined : file
  const at = module === undefined ? guessStart(text, seen) : positionOf(module.text, start)
  return { text, module, file, start, ...at, place: placeOf(url, at.line, at.column) }
}

function guessStart(text: string, seen: Seen | undefined): { line: number; column: number } {
  if (seen === undefined) return { line: 0, column: 0 }
  const inside = text.startsWith('(') || /^(async\s*)?(\(|[\w$]+\s*=>)/.test(text) ? 0 : Math.max(0, text.indexOf('('))
  const before = text.slice(0, inside)
  const lines = before.split('\n').length - 1
  return lines === 0 ? { line: seen.line, column: Math.max(0, seen.column - inside) } : { line: Math.max(0, seen.line - lines), column: 0 }
}
