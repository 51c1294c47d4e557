// Expressions of a text that is known to be JavaScript, read without a parser: only for the names in them. What is rare is not read.

import { noSurroundings } from './analysis.js'
import type { Kind, Names, Use } from './simple-names.js'
import { type Bookmark, type Tokens, UNSURE } from './simple-tokens.js'

/** Words that mean something to the grammar, in strict code or not, and names that say more than they hold. */
const RESERVED = new Set(
  `arguments async await break case catch class const continue debugger default delete do else enum eval export extends false finally for
  function if implements import in instanceof interface let new null of package private protected public return static super switch this
  throw true try typeof var void while with yield`.split(/\s+/),
)
const PREFIXES = new Set(['+', '-', '!', '~', 'typeof', 'void'])
const OPERATORS = new Set('+ - * / % ** & | ^ << >> >>> < > <= >= == != === !== && || ?? in instanceof'.split(' '))
const ASSIGNMENTS = new Set('= += -= *= /= %= **= &= |= ^= <<= >>= >>>= &&= ||= ??='.split(' '))

const DEEPEST = 100

/** What an expression was, as far as that decides what may follow it or what it is there for. */
export type Seen =
  | { readonly is: 'name'; readonly use: Use }
  | { readonly is: 'member' }
  | { readonly is: 'literal'; readonly value: string | undefined }
  /** An object or an array, which before `=` is a pattern. */
  | { readonly is: 'pattern' }
  /** Nothing goes on after an arrow. */
  | { readonly is: 'arrow' }
  | { readonly is: 'function'; readonly name: Bookmark | undefined }
  | { readonly is: 'other' }

const MEMBER: Seen = { is: 'member' }
const PATTERN: Seen = { is: 'pattern' }
const ARROW: Seen = { is: 'arrow' }
const OTHER: Seen = { is: 'other' }

/** Reads one at a time; each method throws UNSURE where it meets something that it does not know. */
export class Expressions {
  readonly #tokens: Tokens
  readonly #names: Names
  /** Reads the body of a function, from its `{`. */
  readonly #readBody: () => void
  readonly surroundings = noSurroundings()
  /** Whether the innermost function is async. */
  async = false
  /** Strict code may do something else with it, or its module matters. */
  depends = false
  /** It had what is only right in the parameters of an arrow. */
  onlyPattern = false
  /** How many functions with a `this` of their own are around. */
  #thisDepth = 0
  #depth = 0

  constructor(tokens: Tokens, names: Names, readBody: () => void) {
    this.#tokens = tokens
    this.#names = names
    this.#readBody = readBody
  }

  takeName(): string {
    const { kind, text } = this.#tokens
    if (kind !== 'word' || RESERVED.has(text)) throw UNSURE
    this.#tokens.next()
    return text
  }

  #assign(seen: Seen): void {
    if (seen.is === 'name') {
      if (!this.#names.assign(seen.use)) this.depends = true
    } else if (seen.is === 'member') this.depends = true
    else throw UNSURE
  }

  /** What stands for a name that is declared. */
  target(kind: Kind): void {
    const tokens = this.#tokens
    if (tokens.take('[')) {
      while (!tokens.take(']')) {
        if (tokens.take(',')) continue
        tokens.take('...')
        this.#targetWithDefault(kind)
        if (!tokens.is(']')) tokens.expect(',')
      }
    } else if (tokens.take('{')) {
      while (!tokens.take('}')) {
        if (tokens.take('...')) this.target(kind)
        else {
          const name = this.#key()
          if (tokens.take(':')) this.#targetWithDefault(kind)
          else if (name === undefined || RESERVED.has(name)) throw UNSURE
          else {
            this.#names.declare(name, kind)
            if (tokens.take('=')) this.assignment()
          }
        }
        if (!tokens.is('}')) tokens.expect(',')
      }
    } else this.#names.declare(this.takeName(), kind)
  }

  #targetWithDefault(kind: Kind): void {
    this.target(kind)
    if (this.#tokens.take('=')) this.assignment()
  }

  /** The key of a property; its text when that is a word. */
  #key(): string | undefined {
    const { kind, text } = this.#tokens
    if (this.#tokens.take('[')) {
      this.assignment()
      this.#tokens.expect(']')
      return undefined
    }
    if (kind !== 'word' && kind !== 'string' && kind !== 'number') throw UNSURE
    this.#tokens.next()
    return kind === 'word' ? text : undefined
  }

  #parameters(): void {
    this.#tokens.expect('(')
    while (!this.#tokens.take(')')) {
      this.#tokens.take('...')
      this.#targetWithDefault('parameter')
      if (!this.#tokens.is(')')) this.#tokens.expect(',')
    }
  }

  /** What begins at the parameters of a function or method. */
  ordinary(async: boolean): void {
    const outer = this.async
    this.async = async
    this.#thisDepth++
    this.#names.within(true, () => {
      this.#parameters()
      this.#readBody()
    })
    this.#thisDepth--
    this.async = outer
  }

  /** `function` was taken. */
  #functionExpression(async: boolean): Seen {
    const name = this.#tokens.is('(') ? undefined : this.#tokens.mark()
    this.#names.within(false, () => {
      if (name !== undefined) {
        this.#names.nameFunction(this.takeName())
      }
      this.ordinary(async)
    })
    return { is: 'function', name }
  }

  #arrow(async: boolean, only?: string): Seen {
    const outer = this.async
    this.async = async
    this.#names.within(true, () => {
      if (only === undefined) this.#parameters()
      else this.#names.declare(only, 'parameter')
      this.#tokens.expect('=>')
      if (this.#tokens.is('{')) this.#readBody()
      else this.assignment()
    })
    this.async = outer
    return ARROW
  }

  // The order of operators is nobody's business: it changes no name.

  expression(): Seen {
    let seen = this.assignment()
    while (this.#tokens.take(',')) {
      this.assignment()
      seen = OTHER
    }
    return seen
  }

  parenthesized(): void {
    this.#tokens.expect('(')
    this.expression()
    this.#tokens.expect(')')
  }

  assignment(): Seen {
    if (++this.#depth > DEEPEST) throw UNSURE
    const seen = this.#oneAssignment()
    this.#depth--
    return seen
  }

  #oneAssignment(): Seen {
    const tokens = this.#tokens
    let seen = this.#unary()
    if (seen.is === 'arrow') return seen
    if (tokens.kind === 'mark' && ASSIGNMENTS.has(tokens.text)) {
      if (seen.is === 'pattern' && tokens.is('=')) this.onlyPattern = true
      else this.#assign(seen)
      tokens.next()
      this.assignment()
      return OTHER
    }
    while (OPERATORS.has(tokens.text)) {
      tokens.next()
      if (this.#unary().is === 'arrow') throw UNSURE
      seen = OTHER
    }
    if (!tokens.take('?')) return seen
    this.assignment()
    tokens.expect(':')
    this.assignment()
    return OTHER
  }

  #unary(): Seen {
    const tokens = this.#tokens
    let prefixed = false
    for (;;) {
      const word = tokens.text
      if (word === '++' || word === '--') {
        tokens.next()
        this.#assign(this.#unary())
        return OTHER
      }
      if (word === 'delete') {
        tokens.next()
        // Of a name, strict code may not.
        if (this.#unary().is !== 'member') throw UNSURE
        this.depends = true
        return OTHER
      }
      if (!PREFIXES.has(word) && !(word === 'await' && this.async)) break
      tokens.next()
      prefixed = true
    }
    const seen = this.#postfix()
    return prefixed ? OTHER : seen
  }

  #postfix(): Seen {
    const tokens = this.#tokens
    const made = tokens.take('new')
    let seen = this.primary()
    if (seen.is === 'arrow') return seen
    for (;;) {
      if (tokens.is('.') || tokens.is('?.')) {
        tokens.next()
        if (tokens.is('(') || tokens.is('[') || tokens.is('`')) continue
        if (tokens.kind !== 'word') throw UNSURE
        if (seen.is === 'name') seen.use.member = tokens.text
        tokens.next()
        seen = MEMBER
      } else if (tokens.take('[')) {
        const key = this.expression()
        tokens.expect(']')
        if (seen.is === 'name' && key.is === 'literal') {
          if (key.value === undefined) throw UNSURE
          seen.use.member = key.value
        }
        seen = MEMBER
      } else if (tokens.is('(')) {
        this.#arguments()
        seen = OTHER
      } else if (tokens.is('`')) {
        this.#template()
        seen = OTHER
      } else break
    }
    if ((tokens.is('++') || tokens.is('--')) && !tokens.afterLine) {
      this.#assign(seen)
      tokens.next()
      return OTHER
    }
    return made ? OTHER : seen
  }

  #arguments(): void {
    const tokens = this.#tokens
    tokens.expect('(')
    while (!tokens.take(')')) {
      tokens.take('...')
      this.assignment()
      if (!tokens.is(')')) tokens.expect(',')
    }
  }

  #template(): void {
    while (this.#tokens.template()) {
      this.expression()
      if (!this.#tokens.is('}')) throw UNSURE
    }
  }

  primary(): Seen {
    const tokens = this.#tokens
    const { kind, text } = tokens
    if (kind === 'number' || kind === 'string') {
      tokens.next()
      return { is: 'literal', value: kind === 'number' ? numberIn(text) : text.includes('\\') ? undefined : text.slice(1, -1) }
    }
    switch (text) {
      case 'true':
      case 'false':
      case 'null':
        tokens.next()
        return { is: 'literal', value: text }
      case 'this':
        tokens.next()
        this.depends = true
        if (this.#thisDepth === 0) this.surroundings.this = true
        return OTHER
      case 'function':
        tokens.next()
        return this.#functionExpression(false)
      case 'async':
        return this.#asyncFunction()
      case 'import':
        tokens.next()
        this.depends = true
        this.surroundings.dynamicImport = true
        this.#arguments()
        return OTHER
      case '`':
        this.#template()
        return OTHER
      case '[':
        return this.#array()
      case '{':
        return this.#object()
      case '(':
        return this.#parenthesizedOrArrow()
    }
    const name = this.takeName()
    return tokens.is('=>') ? this.#arrow(false, name) : { is: 'name', use: this.#names.use(name) }
  }

  #asyncFunction(): Seen {
    const tokens = this.#tokens
    tokens.next()
    if (tokens.afterLine) throw UNSURE
    if (tokens.take('function')) return this.#functionExpression(true)
    if (!tokens.is('(')) {
      const only = this.takeName()
      if (!tokens.is('=>')) throw UNSURE
      return this.#arrow(true, only)
    }
    const seen = this.#parenthesizedOrArrow(true)
    // A call of something that is called async.
    if (seen.is !== 'arrow') throw UNSURE
    return seen
  }

  #array(): Seen {
    const tokens = this.#tokens
    tokens.expect('[')
    while (!tokens.take(']')) {
      if (tokens.take(',')) continue
      tokens.take('...')
      this.assignment()
      if (!tokens.is(']')) tokens.expect(',')
    }
    return PATTERN
  }

  #object(): Seen {
    const tokens = this.#tokens
    tokens.expect('{')
    while (!tokens.take('}')) {
      if (tokens.take('...')) this.assignment()
      else this.#property()
      if (!tokens.is('}')) tokens.expect(',')
    }
    return PATTERN
  }

  #property(): void {
    const tokens = this.#tokens
    const name = this.#key()
    if (tokens.take(':')) this.assignment()
    else if (tokens.is('(')) this.ordinary(false)
    else if (name === 'async' && !tokens.afterLine && (tokens.kind === 'word' || tokens.kind === 'string')) {
      this.#key()
      this.ordinary(true)
    } else if (name === undefined || RESERVED.has(name)) throw UNSURE
    else {
      this.#names.use(name)
      // `{ name = 1 }`
      if (tokens.take('=')) {
        this.onlyPattern = true
        this.assignment()
      }
    }
  }

  /** What is in parentheses is read as an expression first, and once more if an arrow follows. */
  #parenthesizedOrArrow(async = false): Seen {
    const tokens = this.#tokens
    const before = tokens.mark()
    const uses = this.#names.count
    const { depends } = this
    const onlyPattern = this.onlyPattern
    tokens.next()
    let seen: Seen = OTHER
    let count = 0
    while (!tokens.take(')')) {
      tokens.take('...')
      seen = this.assignment()
      count++
      if (!tokens.is(')')) tokens.expect(',')
    }
    if (!tokens.is('=>')) return count === 1 && seen.is !== 'arrow' && seen.is !== 'pattern' ? seen : OTHER
    this.#names.forgetAfter(uses)
    this.depends = depends
    this.onlyPattern = onlyPattern
    tokens.returnTo(before)
    return this.#arrow(async)
  }
}

function numberIn(text: string): string | undefined {
  return /^\d{1,15}$/.test(text) ? text : undefined
}
