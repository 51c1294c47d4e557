// What the text of one function or class says: the names it takes from its surroundings, and how it becomes an expression elsewhere.

import { lookUp, type Reference, type Surroundings, walk } from './analysis.js'
import { META, SET } from './compile.js'
import { simpleFacts } from './simple-facts.js'
import { childrenOf, parse, type Syntax } from './syntax.js'
import { type Form, LETTER } from './wire.js'

/** A name that a text leaves to its surroundings. */
export interface FreeName {
  assigned: boolean
  /** The members it takes from it; undefined when it uses the whole value. */
  members: Set<string> | undefined
}

/** What a text says. */
export interface SourceFacts {
  readonly form: Form
  /** As given, edited: what has to come from elsewhere is replaced, all lines stay. */
  readonly source: string
  readonly strictOnly: boolean
  readonly arrow: boolean
  readonly free: ReadonlyMap<string, FreeName>
  readonly surroundings: Surroundings
  /** The name in the text of a function, the same text without it, and whether the text assigns it. */
  readonly ownName: { readonly name: string; readonly blanked: string; readonly assigned: boolean } | undefined
  readonly klass: ClassFacts | undefined
}

/** What the text of a class says about its members. */
export interface ClassFacts {
  readonly heritage: boolean
  /** Methods and accessors, by name; computed ones are not listed. */
  readonly methods: ReadonlySet<string>
  readonly staticMethods: ReadonlySet<string>
  /** Public static fields, by name. */
  readonly staticFields: ReadonlySet<string>
  readonly computed: boolean
  /** Private fields, methods or accessors of instances. */
  readonly privates: boolean
  /** Private static fields, in the order of the text. */
  readonly secrets: readonly Secret[]
  /** Names that are needed while the class is made: in computed keys. */
  readonly definition: ReadonlySet<string>
  /** Computed names of methods, in the order of the text. */
  readonly keys: readonly ComputedKey[]
  /** The text with some of the computed names written out. */
  withKeys(names: ReadonlyMap<ComputedKey, string>): string
  /** The text that takes the values of its private static fields from outside, but those that it makes `again` and those that throw the reason. */
  withSecrets(again: ReadonlySet<Secret>, absent: ReadonlyMap<Secret, string>): string
}

/** A private static field. */
export interface Secret {
  /** With the sign: `#count`. */
  readonly name: string
  readonly initializer: string | undefined
  /** Nothing in the text gives it another value, or changes the one that it has. */
  readonly constant: boolean
}

/** `[expression]` as the name of a member of a class. */
export interface ComputedKey {
  readonly static: boolean
  readonly field: boolean
  readonly names: ReadonlySet<string>
}

const MOST = 20_000
const known = new Map<string, SourceFacts | string>()

/** Parses a function's text once; a string says why it cannot be understood. */
export function sourceFacts(text: string): SourceFacts | string {
  let facts = known.get(text)
  if (facts === undefined) {
    facts = read(text)
    // Texts made at run time (`new Function`) are without end.
    if (known.size >= MOST) known.clear()
    known.set(text, facts)
  }
  return facts
}

interface Wrap {
  readonly before: string
  readonly after: string
  /** The way from the parenthesized expression to the text itself. */
  readonly find: (expression: Syntax) => Syntax | undefined
}

const EXPRESSION: Wrap = { before: '(', after: '\n)', find: (expression) => expression }
const MEMBER: Wrap = { before: '({', after: '\n})', find: (object) => (object.properties as Syntax[])[0] }
const PRIVATE: Wrap = { before: '(class{', after: '\n})', find: (klass) => ((klass.body as Syntax).body as Syntax[])[0] }
// An arrow may use `new.target` of the function around it, which only parses inside one.
const INSIDE: Wrap = {
  before: '(function(){(',
  after: '\n)})',
  find: (outer) => ((outer.body as Syntax).body as Syntax[])[0]?.expression as Syntax | undefined,
}

function read(text: string): SourceFacts | string {
  return simpleFacts(text) ?? parsedFacts(text)
}

/** The facts as the syntax tree has them. */
export function parsedFacts(text: string): SourceFacts | string {
  const found = syntaxOf(text)
  return typeof found === 'string' ? found : factsFrom(text, found.shift, found.node, found.asModule)
}

/** The syntax tree of the text of a function, and where in what was parsed the text begins; a string says why there is none. */
export function syntaxOf(text: string): { readonly node: Syntax; readonly shift: number; readonly asModule: boolean } | string {
  let problem = ''
  for (const wrap of [EXPRESSION, MEMBER, PRIVATE, INSIDE]) {
    for (const sourceType of ['module', 'script'] as const) {
      try {
        const statement = (parse(wrap.before + text + wrap.after, sourceType).body as Syntax[])[0]
        const node = statement === undefined ? undefined : wrap.find(statement.expression as Syntax)
        if (node !== undefined) return { node, shift: wrap.before.length, asModule: sourceType === 'module' }
      } catch (reason) {
        problem ||= reason instanceof Error ? reason.message : String(reason)
      }
    }
  }
  return `its text cannot be parsed (${problem})`
}

/**
 * The names that were put into a text stay what they are when the rebuilt function is sent on: what a class extends is replaced anyway, and what stands
 * for `import.meta` is taken for that. Whoever sends it asks the engine whether it really is.
 */
function factsFrom(text: string, shift: number, node: Syntax, asModule: boolean): SourceFacts | string {
  const edits = new Edits(text, shift)
  let form: Form = 'function'
  let code = node
  if (node.type === 'Property' || node.type === 'MethodDefinition') {
    form = node.kind === 'get' || node.kind === 'set' ? node.kind : 'method'
    code = node.value as Syntax
    const key = node.key as Syntax
    // The key of a method alone says nothing: its value was computed long ago, and a private name needs its class.
    if (node.computed === true) edits.replace(key.start, key.end, '0')
    else if (key.type === 'PrivateIdentifier') edits.replace(key.start, key.start + 1, ' ')
  }
  if (code.type === 'ClassExpression') form = 'class'
  const walked = walk(code)
  const { surroundings } = walked
  const heritage = form === 'class' ? (code.superClass as Syntax | null) : null
  const isHeritage = ({ start }: Reference) => heritage !== null && start >= heritage.start && start < heritage.end
  const blocks = form === 'class' ? elementsOf(code).filter(({ type }) => type === 'StaticBlock') : []
  const isInBlock = ({ start }: Reference) => blocks.some((block) => start > block.start && start < block.end)
  const free = new Map<string, FreeName>()
  /** Names of function expressions that the text assigns. */
  const assigned = new Set<string>()
  for (const reference of walked.references) {
    const declared = lookUp(reference.scope, reference.name)
    if (reference.assigns && declared?.binding.kind === 'name' && declared.scope.start === code.start) assigned.add(reference.name)
    if (declared !== undefined || reference.name === 'arguments') continue
    const { name, assigns, member } = reference
    if (name === META) surroundings.rebuiltMeta = true
    if (name === META || (name === LETTER && isHeritage(reference)) || (name === SET && isInBlock(reference))) continue
    const known = free.get(name)
    if (known === undefined) free.set(name, { assigned: assigns, members: member === undefined ? undefined : new Set([member]) })
    else {
      known.assigned ||= assigns
      if (member === undefined) known.members = undefined
      else known.members?.add(member)
    }
  }
  const hasMeta = surroundings.metas.length > 0 || surroundings.rebuiltMeta
  if (hasMeta && walked.scopes.some((scope) => scope.bindings.has(META))) return clash(META, 'import.meta')
  if (form === 'class') {
    const ownName = (code.id as Syntax | null)?.name
    if (free.has(LETTER) || (heritage !== null && ownName === LETTER)) return clash(LETTER, 'what a class extends')
    if (free.has(SET) || ownName === SET) return clash(SET, 'what sets private fields of a class')
  }
  for (const start of surroundings.metas) edits.replace(start, start + 'import.meta'.length, META)
  const klass = form === 'class' ? classFacts(text, shift, code, walked, edits) : undefined
  const id = form === 'function' && code.type === 'FunctionExpression' ? (code.id as Syntax | null) : null
  const source = edits.apply()
  if (id) edits.replace(id.start, id.end, '')
  return {
    form,
    source,
    strictOnly: asModule,
    arrow: code.type === 'ArrowFunctionExpression',
    free,
    surroundings,
    ownName: id ? { name: id.name as string, blanked: edits.apply(), assigned: assigned.has(id.name as string) } : undefined,
    klass,
  }
}

function clash(name: string, what: string): string {
  return `its text uses the name ${name}, by which this library calls ${what}`
}

function elementsOf(node: Syntax): Syntax[] {
  return (node.body as Syntax).body as Syntax[]
}

function classFacts(text: string, shift: number, node: Syntax, walked: ReturnType<typeof walk>, edits: Edits): ClassFacts {
  const methods = new Set<string>()
  const staticMethods = new Set<string>()
  const staticFields = new Set<string>()
  const definition = new Set<string>()
  let computed = false
  let privates = false
  const fields: { readonly secret: Secret; readonly node: Syntax }[] = []
  const written = new Set<string>()
  noteWrittenPrivates(node, written)
  const keys: (ComputedKey & { readonly node: Syntax })[] = []
  const needs = (part: Syntax): Set<string> => {
    const names = new Set<string>()
    for (const reference of walked.references) {
      if (reference.start >= part.start && reference.start < part.end && lookUp(reference.scope, reference.name) === undefined) {
        definition.add(reference.name)
        names.add(reference.name)
      }
    }
    return names
  }
  for (const element of elementsOf(node)) {
    if (element.type === 'StaticBlock') {
      if (isOurs(element)) edits.cut(element.start - 1, element.end)
      else edits.blank(element.start, element.end)
      continue
    }
    const key = element.key as Syntax
    const secret = key.type === 'PrivateIdentifier'
    if (element.computed === true) {
      computed = true
      keys.push({ static: element.static === true, field: element.type === 'PropertyDefinition', names: needs(key), node: key })
    }
    if (secret && element.static !== true) privates = true
    if (element.type === 'PropertyDefinition') {
      const value = element.value as Syntax | null
      if (element.static === true && secret) {
        const name = `#${key.name as string}`
        const initializer = value ? text.slice(value.start - shift, value.end - shift) : undefined
        const constant = !written.has(name) && (!value || isUnchanging(value))
        fields.push({ secret: { name, initializer, constant }, node: element })
      } else if (element.static === true) {
        if (element.computed !== true) staticFields.add(nameIn(key))
        // What a public static field holds is copied as it is now; its initializer has run, once, on the other side.
        if (value) edits.blankValue(key.end, element.end)
      }
    } else if (!secret && element.computed !== true) {
      const names = element.static === true ? staticMethods : methods
      names.add(nameIn(key))
    }
  }
  const heritage = node.superClass as Syntax | null
  if (heritage) edits.replace(heritage.start, heritage.end, LETTER)
  return {
    heritage: heritage !== null && heritage !== undefined,
    methods,
    staticMethods,
    staticFields,
    computed,
    privates,
    secrets: fields.map(({ secret }) => secret),
    definition,
    keys,
    withKeys(names) {
      const written = edits.copy()
      for (const key of keys) {
        const name = names.get(key)
        if (name !== undefined) written.replace(key.node.start, key.node.end, JSON.stringify(name))
      }
      return written.apply()
    },
    withSecrets(again, absent) {
      const edited = edits.copy()
      const given: string[] = []
      for (const { secret, node: field } of fields) {
        const reason = absent.get(secret)
        if (again.has(secret)) continue
        if (reason !== undefined) edited.put(field.start, field.end, throwing(secret.name, reason))
        else {
          given.push(`this.${secret.name}`)
          if (field.value) edited.blankValue((field.key as Syntax).end, field.end)
        }
      }
      const end = (node.body as Syntax).end - 1
      if (given.length > 0) edited.put(end, end, `;static{${SET}(this,(${LETTER})=>{[${given.join()}]=${LETTER}})}`)
      return edited.apply()
    },
  }
}

function nameIn(key: Syntax): string {
  return String(key.type === 'Identifier' ? key.name : key.value)
}

/** The static block that an earlier side has written to the end. */
function isOurs(block: Syntax): boolean {
  const call = (block.body as Syntax[])[0]?.expression as Syntax | undefined
  return call?.type === 'CallExpression' && (call.callee as Syntax).name === SET
}

/** Whether nothing can change what this gives: a primitive, or a function. */
function isUnchanging(node: Syntax): boolean {
  switch (node.type) {
    case 'Literal':
      return node.regex === undefined
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return true
    case 'TemplateLiteral':
    case 'UnaryExpression':
    case 'BinaryExpression':
      return [...childrenOf(node)].every((child) => child.type === 'TemplateElement' || isUnchanging(child))
    case 'NewExpression':
      return /^Weak(Map|Set)$/.test(String((node.callee as Syntax).name)) && (node.arguments as Syntax[]).length === 0
    default:
      return false
  }
}

/** A private static member that says why it is not there. */
function throwing(name: string, reason: string): string {
  const body = `{throw new ReferenceError(${JSON.stringify(reason)})}`
  return `static get ${name}()${body}static set ${name}(${LETTER})${body}`
}

/** The names of private members that something in the text may assign. */
function noteWrittenPrivates(node: Syntax, names: Set<string>, isTarget = false): void {
  if (node.type === 'PrivateIdentifier' && isTarget) names.add(`#${node.name as string}`)
  for (const child of childrenOf(node)) {
    const assigns = child === node.left && /^(?:Assignment|For)/.test(node.type)
    noteWrittenPrivates(child, names, isTarget || assigns || node.type === 'UpdateExpression')
  }
}

/** Changes to a text that keep every line where it is, and every column when the new text is not longer than the old. */
class Edits {
  readonly #text: string
  readonly #shift: number
  readonly #edits: { readonly start: number; readonly end: number; readonly text: string }[] = []

  constructor(text: string, shift: number) {
    this.#text = text
    this.#shift = shift
  }

  copy(): Edits {
    const copy = new Edits(this.#text, this.#shift)
    copy.#edits.push(...this.#edits)
    return copy
  }

  replace(start: number, end: number, text: string): void {
    const from = start - this.#shift
    const to = end - this.#shift
    const old = this.#text.slice(from, to)
    this.#edits.push({ start: from, end: to, text: text + spaces(old).slice(Math.min(text.length, spaces(old).length)) })
  }

  /** Only keeps the lines. */
  put(start: number, end: number, text: string): void {
    const from = start - this.#shift
    const to = end - this.#shift
    this.#edits.push({ start: from, end: to, text: text + this.#text.slice(from, to).replace(/[^\n\r\u2028\u2029]+/g, '') })
  }

  cut(start: number, end: number): void {
    this.put(start, end, '')
  }

  blank(start: number, end: number): void {
    const from = start - this.#shift
    const to = end - this.#shift
    this.#edits.push({ start: from, end: to, text: spaces(this.#text.slice(from, to)) })
  }

  /**
   * Blanks `= value` after a key; what closes a computed key and comments before the sign stay. A semicolon takes the place of the sign:
   * without one, a field called `get` would make a getter of the method after it.
   */
  blankValue(start: number, end: number): void {
    BEFORE_SIGN.lastIndex = start - this.#shift
    BEFORE_SIGN.exec(this.#text)
    this.replace(BEFORE_SIGN.lastIndex + this.#shift, end, ';')
  }

  apply(): string {
    let result = ''
    let done = 0
    // Edits inside of blanked parts do nothing any more.
    for (const edit of [...this.#edits].sort((a, b) => a.start - b.start || b.end - a.end)) {
      if (edit.start < done) continue
      result += this.#text.slice(done, edit.start) + edit.text
      done = edit.end
    }
    return result + this.#text.slice(done)
  }
}

const BEFORE_SIGN = /(?:[\s)\]]|\/\*[\s\S]*?\*\/|\/\/.*)*/y

function spaces(text: string): string {
  return text.replace(/[^\n\r\u2028\u2029]/g, ' ')
}
