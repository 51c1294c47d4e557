// The tokens of a text that is known to be JavaScript, one at a time, because only who reads them knows whether a slash begins a regular expression.

/** Thrown where a text is not surely understood. It has no stack: it is thrown and caught within one call. */
export const UNSURE = Symbol('unsure')

/** What a token is; a template is read by its reader, and only its first mark is a token. */
export type TokenKind = 'word' | 'number' | 'string' | 'mark' | 'end'

/** Where a reader is in its text, to come back to it. */
export interface Bookmark {
  readonly kind: TokenKind
  readonly text: string
  readonly start: number
  readonly end: number
  readonly afterLine: boolean
}

const SPACE = /(?:\s+|\/\/.*|\/\*[\s\S]*?\*\/)*/y
// Words and numbers end where neither could go on.
const WORD = /[A-Za-z_$][\w$]*(?![\w$\\\u0080-\uffff])/y
const NUMBER =
  /(?:0[xX][\da-fA-F]+n?|(?:0|[1-9]\d*(?:_\d+)*)n|(?:(?:0|[1-9]\d*(?:_\d+)*)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w$.\\\u0080-\uffff])/y
// No octal escapes: strict code has none.
const STRING = /'(?:[^'\\\n\r]|\\[^\d\r])*'|"(?:[^"\\\n\r]|\\[^\d\r])*"/y
const MARK = /=>|\.\.\.|\?\.(?!\d)|[=!]==?|<<=?|>>>?=?|[<>]=?|&&=?|\|\|=?|\?\?=?|\*\*=?|\+\+|--|[-+*/%&|^]=|[-+*/%&|^!~?:=.;,(){}[\]`]/y
const TEMPLATE = /(?:[^\\`$]|\\[\s\S]|\$(?!\{))*(\$\{|`)/y
const LINE = /[\n\r\u2028\u2029]/
/** Comments in a script and operators in a module. */
const EITHER = /<!--|-->/

/** Many times as long as any text takes; only arrows in the parameters of arrows, which are read twice, get there. */
const READS_PER_CHARACTER = 8

export class Tokens {
  readonly #text: string
  #reads: number
  kind: TokenKind = 'end'
  /** Of the token that is next to be taken. */
  text = ''
  start = 0
  end = 0
  /** A line ends between the token before and this one. */
  afterLine = false

  constructor(text: string) {
    if (EITHER.test(text)) throw UNSURE
    this.#text = text
    this.#reads = 100 + text.length * READS_PER_CHARACTER
    this.#read(0)
  }

  /** Goes on to the next one. */
  next(): void {
    if (this.kind === 'end') throw UNSURE
    this.#read(this.end)
  }

  is(text: string): boolean {
    return this.text === text
  }

  /** Takes this token, if it is the next. */
  take(text: string): boolean {
    const found = this.is(text)
    if (found) this.#read(this.end)
    return found
  }

  expect(text: string): void {
    if (!this.take(text)) throw UNSURE
  }

  /** Takes the text after a backtick or after the `}` of a substitution; says whether another substitution follows. */
  template(): boolean {
    TEMPLATE.lastIndex = this.end
    const match = TEMPLATE.exec(this.#text)
    if (match === null) throw UNSURE
    this.#read(TEMPLATE.lastIndex)
    return match[1] === '${'
  }

  mark(): Bookmark {
    const { kind, text, start, end, afterLine } = this
    return { kind, text, start, end, afterLine }
  }

  returnTo(bookmark: Bookmark): void {
    Object.assign(this, bookmark)
  }

  #read(from: number): void {
    if (this.#reads-- === 0) throw UNSURE
    SPACE.lastIndex = from
    SPACE.exec(this.#text)
    this.start = SPACE.lastIndex
    this.afterLine = this.start > from && LINE.test(this.#text.slice(from, this.start))
    if (this.start === this.#text.length) {
      this.kind = 'end'
      this.text = ''
      this.end = this.start
    } else if (
      !(this.#match(WORD, 'word') || this.#match(NUMBER, 'number') || this.#match(MARK, 'mark') || this.#match(STRING, 'string'))
    ) {
      throw UNSURE
    }
  }

  #match(pattern: RegExp, kind: TokenKind): boolean {
    pattern.lastIndex = this.start
    const match = pattern.exec(this.#text)
    if (match === null) return false
    this.kind = kind
    this.text = match[0]
    this.end = pattern.lastIndex
    return true
  }
}
