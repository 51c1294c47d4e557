// Whether the place where a function stands makes it strict code. Only plain functions tell by themselves; of members of classes, and of functions in
// one that says so, the text of the file is asked.

import type { ScopeNode } from './analysis.js'
import type { Closure } from './closures.js'
import { factsOf, type ModuleFacts } from './module-facts.js'
import { offsetOf } from './scripts.js'
import { dependsOnMode } from './simple-facts.js'

const MOST = 20_000
const known = new Map<string, { readonly text: string; readonly strict: boolean }>()

/** The closure as strict code, where its place in the file says that it is. */
export function inItsMode(closure: Closure): Closure {
  const { facts, strict } = closure
  if (strict || !facts.strictOnly || facts.klass !== undefined) return closure
  return isStrictThere(closure) ? { ...closure, strict: true } : closure
}

function isStrictThere({ fn, url, line, column }: Closure): boolean {
  const text = Function.prototype.toString.call(fn)
  const key = `${url}:${line}:${column}`
  let found = known.get(key)
  if (found?.text !== text) {
    found = { text, strict: dependsOnMode(text) && isIn(factsOf(url), text, line, column) }
    if (known.size >= MOST) known.clear()
    known.set(key, found)
  }
  return found.strict
}

function isIn(file: ModuleFacts | undefined, text: string, line: number, column: number): boolean {
  const start = file === undefined ? -1 : offsetOf(file.text, line, column)
  if (file === undefined || start < 0 || !file.text.startsWith(text, start)) return false
  // Most files of sloppy code have neither before it, which spares a parse.
  if (!/\bclass\b|['"]use strict['"]/.test(file.text.slice(0, start))) return false
  const end = start + text.length
  const around = (scope: ScopeNode) => scope.start < start && scope.end >= end
  return file.names?.scopes.some((scope) => scope.strict && around(scope)) ?? false
}
