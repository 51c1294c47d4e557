// What the text of a small function says, found without a parser: loading one is most of what the first function of a process costs.
// Only arrows and functions whose whole body is one expression of names, numbers, short strings and operators are read here; of everything else,
// and at the slightest doubt, the syntax tree is asked. source-facts.test compares both.

import { noSurroundings } from './analysis.js'
import type { FreeName, SourceFacts } from './source-facts.js'

const TOKEN =
  /\s+|[A-Za-z_$][\w$]*|(?:0|[1-9]\d*)(?:\.\d+)?n?(?![\w.])|'[^'\\\n\r]*'|"[^"\\\n\r]*"|=>|\?\.(?!\d)|[=!]==?|[<>]=?|&&|\|\||\?\?|\*\*?|\.\.\.|[-+%!~&|^?:()[\],.{};]/y

/** Words that operate on values, and those that are values. */
const OPERATORS = new Set(['typeof', 'void', 'in', 'instanceof', 'new', 'true', 'false', 'null'])

/** All others that mean something to the grammar, in strict code or not, and names that say more than they hold. */
const STRANGE = new Set(
  `arguments as async await break case catch class const continue debugger default delete do else enum eval export extends finally for from
  function get if implements import interface let meta of package private protected public return set static super switch target this throw
  try using var while with yield`.split(/\s+/),
)

const LONGEST = 400

/** The facts of a text that is simple enough; undefined: ask the parser. */
export function simpleFacts(text: string): SourceFacts | undefined {
  if (text.length > LONGEST) return undefined
  const tokens = tokensOf(text)
  return tokens === undefined ? undefined : new Reader(text, tokens).facts()
}

interface Token {
  readonly text: string
  readonly start: number
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) return undefined
    const token = match[0]
    const before = tokens.at(-1)
    // `--`, `++`, `<!--` and what else is made of two: such code assigns, or is a comment in some places.
    if ((token === '-' || token === '+') && before?.text === token && before.start === start - 1) return undefined
    if (token.trim() !== '') tokens.push({ text: token, start })
  }
  return tokens
}

class Reader {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(text: string, tokens: readonly Token[]) {
    this.#text = text
    this.#tokens = tokens
  }

  facts(): SourceFacts | undefined {
    const asynchronous = this.#take('async')
    if (this.#tokens[0]?.text === 'async' && /^async\s*[\n\r]/.test(this.#text)) return undefined
    const arrow = !this.#take('function')
    const own = arrow || this.#peek() === '(' ? undefined : this.#name()
    if (!arrow && this.#peek() !== '(') return undefined
    const parameters = this.#parameters()
    if (parameters === undefined || (arrow && !this.#take('=>'))) return undefined
    if (this.#peek() === '{') {
      if (!this.#take('{') || !this.#take('return') || this.#tokens.at(-1)?.text !== '}') return undefined
    } else if (!arrow) return undefined
    const end = this.#tokens.length - (this.#tokens.at(-1)?.text === '}' ? (this.#tokens.at(-2)?.text === ';' ? 2 : 1) : 0)
    const free = this.#body(end, asynchronous, parameters, own?.text)
    if (free === undefined) return undefined
    return {
      form: 'function',
      source: this.#text,
      strictOnly: true,
      arrow,
      free,
      surroundings: noSurroundings(),
      ownName: own && { name: own.text, blanked: blanked(this.#text, own) },
      klass: undefined,
    }
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]?.text
  }

  #take(token: string): boolean {
    const found = this.#peek() === token
    if (found) this.#at++
    return found
  }

  #name(): Token | undefined {
    const token = this.#tokens[this.#at]
    if (token === undefined || !isName(token.text)) return undefined
    this.#at++
    return token
  }

  /** `x` or `(x, y)`. */
  #parameters(): Set<string> | undefined {
    const names = new Set<string>()
    if (!this.#take('(')) {
      const only = this.#name()
      return only === undefined ? undefined : names.add(only.text)
    }
    while (!this.#take(')')) {
      const one = this.#name()
      if (one === undefined || names.has(one.text)) return undefined
      names.add(one.text)
      if (this.#peek() !== ')' && !this.#take(',')) return undefined
    }
    return names
  }

  /** The names that the expression takes from its surroundings. */
  #body(end: number, asynchronous: boolean, parameters: ReadonlySet<string>, own: string | undefined): Map<string, FreeName> | undefined {
    if (this.#at >= end) return undefined
    const free = new Map<string, FreeName>()
    for (let at = this.#at; at < end; at++) {
      const { text } = this.#tokens[at] as Token
      if (/^(?:=>?|[{};])$/.test(text)) return undefined
      if (!/^[A-Za-z_$]/.test(text)) continue
      const before = this.#tokens[at - 1]?.text
      if (before === '.' || before === '?.') continue
      if (text === 'await' && asynchronous) continue
      const after = this.#tokens[at + 1]?.text
      // `new.target` is the surroundings'; of `name['member']` the parser knows the member.
      if (after === (text === 'new' ? '.' : '[')) return undefined
      if (OPERATORS.has(text)) continue
      if (!isName(text)) return undefined
      if (parameters.has(text) || text === own) continue
      if (before === '(' && after === ')' && this.#isMember(at)) return undefined
      const member = this.#memberAt(at + 1, end)
      const known = free.get(text)
      if (known === undefined) free.set(text, { assigned: false, members: member === undefined ? undefined : new Set([member]) })
      else if (member === undefined) known.members = undefined
      else known.members?.add(member)
    }
    return free
  }

  /** `(name).member`, of which the parser knows the member. */
  #isMember(at: number): boolean {
    let next = at + 1
    while (this.#tokens[next]?.text === ')') next++
    return /^[.?[]/.test(this.#tokens[next]?.text ?? '')
  }

  /** `.member` right there. */
  #memberAt(at: number, end: number): string | undefined {
    const dot = this.#tokens[at]?.text
    const member = at + 1 < end ? this.#tokens[at + 1]?.text : undefined
    return (dot === '.' || dot === '?.') && member !== undefined && /^[A-Za-z_$]/.test(member) ? member : undefined
  }
}

function isName(text: string): boolean {
  return /^[A-Za-z_$]/.test(text) && !OPERATORS.has(text) && !STRANGE.has(text)
}

function blanked(text: string, { start, text: name }: Token): string {
  return text.slice(0, start) + ' '.repeat(name.length) + text.slice(start + name.length)
}
