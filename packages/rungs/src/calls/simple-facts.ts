// What the text of a function says, found without a parser: loading one is most of what the first function of a process costs. Engines only
// give texts that are JavaScript, so nothing is verified here; it is only found which names are used and what declares them. What is rare is
// not read: at the slightest doubt UNSURE is thrown, and the syntax tree is asked. source-facts.test compares both.

import { Expressions, type Seen } from './simple-expressions.js'
import { type Kind, Names } from './simple-names.js'
import { type Bookmark, Tokens, UNSURE } from './simple-tokens.js'
import type { SourceFacts } from './source-facts.js'

const LONGEST = 5_000
const DEEPEST = 100

/** The facts of a text that is simple enough; undefined: ask the parser. */
export function simpleFacts(text: string): SourceFacts | undefined {
  return read(text)?.facts
}

/** Says whether a text means the same wherever it stands: it takes no name from there, and is the same in strict code and in other. */
export function isSelfContained(text: string): boolean {
  const found = read(text)
  return found !== undefined && found.facts.free.size === 0 && !found.depends
}

/** Says whether a text may do something else in strict code than in other. */
export function dependsOnMode(text: string): boolean {
  return read(text)?.depends ?? true
}

function read(text: string): { readonly facts: SourceFacts; readonly depends: boolean } | undefined {
  if (text.length > LONGEST) return undefined
  try {
    const tokens = new Tokens(text)
    const names = new Names()
    const { expressions } = new Statements(tokens, names)
    const seen = expressions.primary()
    if ((seen.is !== 'arrow' && seen.is !== 'function') || tokens.kind !== 'end' || expressions.onlyPattern) return undefined
    return { facts: factsOf(text, seen, names, expressions), depends: expressions.depends }
  } catch (reason) {
    if (reason !== UNSURE) throw reason
    return undefined
  }
}

function factsOf(text: string, seen: Seen, names: Names, { surroundings }: Expressions): SourceFacts {
  const name = seen.is === 'function' ? seen.name : undefined
  return {
    form: 'function',
    source: text,
    strictOnly: true,
    arrow: seen.is === 'arrow',
    free: names.free(),
    surroundings,
    ownName: name && { name: name.text, blanked: blanked(text, name), assigned: false },
    klass: undefined,
  }
}

function blanked(text: string, { start, text: name }: Bookmark): string {
  return text.slice(0, start) + ' '.repeat(name.length) + text.slice(start + name.length)
}

class Statements {
  readonly #tokens: Tokens
  readonly #names: Names
  readonly expressions: Expressions
  #depth = 0

  constructor(tokens: Tokens, names: Names) {
    this.#tokens = tokens
    this.#names = names
    this.expressions = new Expressions(tokens, names, () => {
      tokens.expect('{')
      this.#statements()
    })
  }

  /** Up to the `}` that ends them. */
  #statements(): void {
    while (!this.#tokens.take('}')) this.#statement(true)
  }

  #block(): void {
    this.#tokens.expect('{')
    this.#names.within(false, () => this.#statements())
  }

  #end(): void {
    const { kind, afterLine } = this.#tokens
    if (!this.#tokens.take(';') && !this.#tokens.is('}') && !afterLine && kind !== 'end') throw UNSURE
  }

  #statement(inList = false): void {
    if (++this.#depth > DEEPEST) throw UNSURE
    this.#oneStatement(inList)
    this.#depth--
  }

  #oneStatement(inList: boolean): void {
    const tokens = this.#tokens
    const word = tokens.text
    switch (word) {
      case '{':
        this.#block()
        return
      case ';':
        tokens.next()
        return
      case 'const':
      case 'let':
      case 'var':
        // Where no declaration may stand, `let` is a name.
        if (!inList && word !== 'var') throw UNSURE
        this.#declarations()
        this.#end()
        return
      case 'function':
        if (!inList) throw UNSURE
        tokens.next()
        this.#functionDeclaration(false)
        return
      case 'if':
        tokens.next()
        this.expressions.parenthesized()
        this.#statement()
        if (tokens.take('else')) this.#statement()
        return
      case 'for':
        tokens.next()
        this.#names.within(false, () => this.#for())
        return
      case 'while':
        tokens.next()
        this.expressions.parenthesized()
        this.#statement()
        return
      case 'do':
        tokens.next()
        this.#statement()
        tokens.expect('while')
        this.expressions.parenthesized()
        this.#end()
        return
      case 'return':
        tokens.next()
        if (!tokens.afterLine && !tokens.is(';') && !tokens.is('}')) this.expressions.expression()
        this.#end()
        return
      case 'throw':
        tokens.next()
        this.expressions.expression()
        this.#end()
        return
      case 'break':
      case 'continue':
        tokens.next()
        this.#end()
        return
      case 'switch':
        this.#switch()
        return
      case 'try':
        this.#try()
        return
      case 'async': {
        const before = tokens.mark()
        tokens.next()
        if (tokens.is('function') && !tokens.afterLine) {
          if (!inList) throw UNSURE
          tokens.next()
          this.#functionDeclaration(true)
          return
        }
        tokens.returnTo(before)
      }
    }
    this.expressions.expression()
    this.#end()
  }

  #functionDeclaration(async: boolean): void {
    this.#names.declare(this.expressions.takeName(), 'function')
    this.expressions.ordinary(async)
  }

  /** `const x = 1, y = 2`, and what stands before `of` or `in`; says whether it may be that. */
  #declarations(): boolean {
    const tokens = this.#tokens
    const kind = tokens.text as Kind
    let bare = true
    do {
      tokens.next()
      this.expressions.target(kind)
      if (tokens.take('=')) {
        bare = false
        this.expressions.assignment()
      }
    } while (tokens.is(','))
    return bare
  }

  #for(): void {
    const tokens = this.#tokens
    if (tokens.is('await')) {
      if (!this.expressions.async) throw UNSURE
      tokens.next()
    }
    tokens.expect('(')
    let each = false
    if (tokens.is('const') || tokens.is('let') || tokens.is('var')) each = this.#declarations() && (tokens.take('of') || tokens.take('in'))
    else if (!tokens.is(';')) this.expressions.expression()
    if (!each) {
      tokens.expect(';')
      if (!tokens.is(';')) this.expressions.expression()
      tokens.expect(';')
    }
    if (!tokens.is(')')) this.expressions.expression()
    tokens.expect(')')
    this.#statement()
  }

  #switch(): void {
    const tokens = this.#tokens
    tokens.next()
    // The syntax tree has the expression in the scope of the cases; no name can tell.
    this.#names.within(false, () => {
      this.expressions.parenthesized()
      tokens.expect('{')
      while (!tokens.take('}')) {
        if (!tokens.take('default')) {
          tokens.expect('case')
          this.expressions.expression()
        }
        tokens.expect(':')
        while (!tokens.is('case') && !tokens.is('default') && !tokens.is('}')) this.#statement(true)
      }
    })
  }

  #try(): void {
    const tokens = this.#tokens
    tokens.next()
    this.#block()
    if (tokens.take('catch')) {
      this.#names.within(false, () => {
        if (tokens.take('(')) {
          this.expressions.target('let')
          tokens.expect(')')
        }
        this.#block()
      })
    }
    if (tokens.take('finally')) this.#block()
  }
}
