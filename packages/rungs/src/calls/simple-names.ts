// The names of a text that is read without a parser: what declares them, and which it leaves to its surroundings.

import { UNSURE } from './simple-tokens.js'
import type { FreeName } from './source-facts.js'

/** What declares a name. */
export type Kind = 'const' | 'let' | 'var' | 'function' | 'parameter'

/** One use of a name. */
export interface Use {
  readonly name: string
  readonly scope: Scope
  assigned: boolean
  /** The property taken from it right there. */
  member: string | undefined
}

interface Scope {
  readonly parent: Scope | undefined
  /** A function's, which holds what `var` declares in it. */
  readonly ofFunction: boolean
  readonly names: Set<string>
}

export class Names {
  readonly #uses: Use[] = []
  readonly #functions = new Set<string>()
  #scope: Scope = { parent: undefined, ofFunction: true, names: new Set() }

  /** Runs `read`, which reads what is in a scope of its own. */
  within(ofFunction: boolean, read: () => void): void {
    const outer = this.#scope
    this.#scope = { parent: outer, ofFunction, names: new Set() }
    read()
    this.#scope = outer
  }

  declare(name: string, kind: Kind): void {
    let scope = this.#scope
    while (kind === 'var' && !scope.ofFunction && scope.parent !== undefined) scope = scope.parent
    // Twice the same parameter, or function of a block: only code that is not strict may do that.
    if (scope.names.has(name) && (kind === 'parameter' || (kind === 'function' && !scope.ofFunction))) throw UNSURE
    scope.names.add(name)
  }

  /** Declares the name that a function expression has for itself. */
  nameFunction(name: string): void {
    this.#functions.add(name)
    this.#scope.names.add(name)
  }

  use(name: string): Use {
    const use: Use = { name, scope: this.#scope, assigned: false, member: undefined }
    this.#uses.push(use)
    return use
  }

  /** Says whether the assigned name is surely a variable of the text. */
  assign(use: Use): boolean {
    use.assigned = true
    const isDeclaredHere = isDeclared(use)
    // A function that assigns its own name: what that means depends on where it stands.
    if (isDeclaredHere && this.#functions.has(use.name)) throw UNSURE
    return isDeclaredHere
  }

  /** How many uses there were. */
  get count(): number {
    return this.#uses.length
  }

  /** What was read since is read again. */
  forgetAfter(count: number): void {
    this.#uses.length = count
  }

  /** The names that nothing in the text declares; to be asked at its end, as declarations count before they stand there. */
  free(): Map<string, FreeName> {
    const free = new Map<string, FreeName>()
    for (const use of this.#uses) {
      if (isDeclared(use)) continue
      const { name, assigned, member } = use
      const known = free.get(name)
      if (known === undefined) free.set(name, { assigned, members: member === undefined ? undefined : new Set([member]) })
      else {
        known.assigned ||= assigned
        if (member === undefined) known.members = undefined
        else known.members?.add(member)
      }
    }
    return free
  }
}

function isDeclared({ name, scope }: Use): boolean {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) if (at.names.has(name)) return true
  return false
}
