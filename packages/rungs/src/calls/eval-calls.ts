// Direct calls of eval in the text of a module: what they run can assign every variable around them, and no syntax tree shows it.
import type { ScopeNode } from './analysis.js'
import type { ModuleFacts } from './module-facts.js'

const CALL = /(?<![.\w$])eval\s*(?:\/\*[\s\S]*?\*\/\s*)?\)*\s*\(/g

const known = new WeakMap<ModuleFacts, readonly number[]>()

/** Says whether a scope may have a direct call of eval in it. False is certain. */
export function mayCallEval(facts: ModuleFacts, { start, end }: Pick<ScopeNode, 'start' | 'end'>): boolean {
  let places = known.get(facts)
  if (places === undefined) {
    places = [...facts.text.matchAll(CALL)].map(({ index }) => index)
    known.set(facts, places)
  }
  return places.some((place) => place >= start && place < end)
}
