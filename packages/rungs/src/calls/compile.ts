// From text to functions: one script per `Code`, a factory that is run for each instance of it.

import { createRequire } from 'node:module'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { types } from 'node:util'
import { compileQuietly } from './modules.js'
import { pathOf, standsFor } from './script-names.js'
import { type Code, type CodeFunction, LETTER } from './wire.js'

/** What a text has in place of `import.meta`. It is no longer than that. */
export const META = `${LETTER}meta`

/** What the text of a class calls, to hand out what sets its private static fields. */
export const SET = `${LETTER}set`

/** Under names that begin so a class carries what its private static fields hold. */
export const SECRET = `${LETTER}#`

/** Under this name a function carries which keys it has, a class also those of its prototype and whether that can be changed. */
export const SHAPE = `${LETTER}shape`

/** What sets the private static fields of a class, in the order of its text. */
const setters = new WeakMap<object, Setter>()
const noteSetter = (Class: object, setter: Setter): unknown => setters.set(Class, setter)

/** Gives the private static fields of a class what they hold. */
export function setSecrets(Class: object, values: readonly unknown[]): void {
  setters.get(Class)?.(values)
}

/** Functions made from one `Code`: they share the variables of its scopes. */
export interface Instance {
  /** Makes the function with this number; a class gets what it extends. */
  make(number: number, heritage: unknown): unknown
  /** Gives the function's own variables their values. */
  setOwn(number: number, values: readonly unknown[]): void
  setScope(number: number, values: readonly unknown[]): void
}

/** Sets variables from a list of values, in the order of their names. */
type Setter = (values: readonly unknown[]) => void
type Maker = (heritage: unknown, set: typeof noteSetter) => unknown
type Factory = (own: Setter[], scopes: Setter[], makers: (() => Maker)[], meta: unknown) => void

/** Why variables that classes captured did not cross, by name, and the script whose code has to do without them. */
const reasons = new Map<string, { readonly reason: string; readonly script: string }>()
const MOST = 1_000

/** Adds to the error of the engine, which knows of no other reason than a missing line, why the variable that was used is not there. */
export function explainAbsent(error: unknown): void {
  if (reasons.size === 0 || !types.isNativeError(error) || error.name !== 'ReferenceError') return
  const { message, stack } = error
  const name = /^Cannot access '(.*)' before initialization$/.exec(message)?.[1]
  const known = name === undefined ? undefined : reasons.get(name)
  // A variable of that name elsewhere may really have no value yet.
  if (known === undefined || !stack?.includes(known.script)) return
  try {
    error.message = `${message}: ${known.reason}`
    error.stack = stack.replace(message, () => error.message)
  } catch {
    // It is frozen, and what the engine says stays.
  }
}

/** Compiles a text; what it returns makes instances. */
export function compile(code: Code): () => Instance {
  const { text, lineOffset } = textOfFactory(code)
  const script = nameOf(code.url, text)
  const factory = compileQuietly(text, script, lineOffset).runInThisContext() as Factory
  for (const { absent, whyAbsent } of code.functions) {
    if (reasons.size >= MOST) reasons.clear()
    absent.forEach((name, index) => {
      reasons.set(name, { reason: whyAbsent[index] as string, script })
    })
  }
  const meta = code.functions.some((one) => one.source.includes(META)) ? metaOf(code.url) : undefined
  return () => {
    const own: Setter[] = []
    const scopes: Setter[] = []
    const makers: (() => Maker)[] = []
    factory(own, scopes, makers, meta)
    const made: (Maker | undefined)[] = []
    const maker = (number: number): Maker => {
      made[number] ??= (makers[number] as () => Maker)()
      return made[number]
    }
    return {
      make(number, heritage) {
        return maker(number)(heritage, noteSetter)
      },
      setOwn(number, values) {
        maker(number)
        own[number]?.(values)
      },
      setScope(number, values) {
        scopes[number]?.(values)
      },
    }
  }
}

/**
 * The name of the script. Coverage counts by offset in a file of this name, and the text is not where it was in that file: under
 * NODE_V8_COVERAGE it gets the relative path, which the tools leave out and people still understand.
 */
function nameOf(url: string, text: string): string {
  const path = process.env.NODE_V8_COVERAGE === undefined ? undefined : pathOf(url)
  // An import() in it is resolved by the name.
  if (path === undefined || text.includes('import')) return url
  const name = relative(process.cwd(), path)
  standsFor(name, url)
  return name
}

/** Positions in the text are those in the original file: stack traces and breakpoints name it. */
function textOfFactory(code: Code): { text: string; lineOffset: number } {
  const first = code.functions[0] as CodeFunction
  // Everything before the first function stands on the line above it.
  const lineOffset = first.line - 1
  const prefix = prefixFor(code)
  let text = `(${prefix}own, ${prefix}scopes, ${prefix}makers, ${META}) => {${code.strict ? ' "use strict";' : ''}`
  let line = first.line - 1
  const open: number[] = []
  const close = () => {
    text += ' }'
    open.pop()
  }
  const enter = (scope: number) => {
    const chain: number[] = []
    for (let at = scope; at >= 0; at = code.scopes[at]?.parent ?? -1) chain.unshift(at)
    while (open.length > 0 && !chain.includes(open[open.length - 1] as number)) close()
    for (const one of chain) {
      if (open.includes(one)) continue
      const names = code.scopes[one]?.names ?? []
      text += ` ${block(names)} ${declaration(names)} ${prefix}scopes[${one}] = ${setter(names, prefix)};`
      open.push(one)
    }
  }
  const order = inNesting(code)
  for (const number of order) {
    const one = code.functions[number] as CodeFunction
    enter(one.scope)
    text += ` ${prefix}makers[${number}] = () => { ${declaration(one.names, `var ${ODD};`)} ${prefix}own[${number}] = ${setter(one.names, prefix)};`
    text += ` return (${one.form === 'class' ? `${LETTER}, ${SET}` : ''}) => (${OPENERS[one.form]}`
    while (line < one.line) {
      text += '\n'
      line++
      if (line === one.line) text += ' '.repeat(one.column)
    }
    text += one.source
    line += one.source.split('\n').length - 1
    text += `\n${CLOSERS[one.form]}); ${one.absent.length > 0 ? `let ${one.absent.join(', ')}; ` : ''}};`
    line++
  }
  while (open.length > 0) close()
  return { text: `${text} }`, lineOffset }
}

const OPENERS = { function: '', class: '', method: '{', get: '{', set: '{' }
const CLOSERS = { function: '', class: '', method: '}', get: '}', set: '}' }

/** Functions of one scope one after the other, so that each scope is written once; among them in the order of the file. */
function inNesting(code: Code): number[] {
  const chainOf = (scope: number): number[] => {
    const chain: number[] = []
    for (let at = scope; at >= 0; at = code.scopes[at]?.parent ?? -1) chain.unshift(at)
    return chain
  }
  const numbers = code.functions.map((_, number) => number)
  if (code.scopes.length < 2) return numbers
  const order: number[] = []
  const visit = (scope: number) => {
    for (const number of numbers) if (code.functions[number]?.scope === scope) order.push(number)
    code.scopes.forEach((inner, number) => {
      if (inner.parent === scope && chainOf(number).length > chainOf(scope).length) visit(number)
    })
  }
  visit(-1)
  return order
}

/** Code that is not strict may have a variable called `let`, though not one that `let` declares. */
const ODD = 'let'

/** The beginning of a block with variables of these names: what a `catch` has is one of its block only, as those that `let` declares are. */
function block(names: readonly string[]): string {
  return names.includes(ODD) ? `try { throw void 0 } catch (${ODD}) {` : '{'
}

function declaration(names: readonly string[], odd = ''): string {
  const usual = names.filter((name) => name !== ODD)
  return (usual.length === 0 ? '' : `let ${usual.join(', ')};`) + (usual.length < names.length ? odd : '')
}

function setter(names: readonly string[], prefix: string): string {
  return `(${prefix}) => { ${names.map((name, index) => `${name} = ${prefix}[${index}];`).join(' ')} }`
}

/** What names begin with that none of the texts knows. */
function prefixFor({ functions, scopes }: Code): string {
  const texts = [
    ...functions.flatMap(({ source, names, absent }) => [source, ...names, ...absent]),
    ...scopes.flatMap(({ names }) => names),
  ]
  let prefix = `${LETTER}_`
  while (texts.some((text) => text.includes(prefix))) prefix += '_'
  return prefix
}

const metas = new WeakSet<object>()

/** Says whether it is what texts that were compiled here have as `import.meta`. */
export function isMeta(value: unknown): boolean {
  return typeof value === 'object' && value !== null && metas.has(value)
}

/** `import.meta` of the file where the text was written. */
function metaOf(url: string): object {
  const path = pathOf(url)
  const meta: Record<string, unknown> = Object.assign(Object.create(null), { url })
  if (path !== undefined) {
    meta.filename = path
    meta.dirname = path.replace(/[\\/][^\\/]*$/, '')
  }
  meta.resolve = (specifier: string) => {
    if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, url).href
    if (/^[a-z][a-z+.-]*:/i.test(specifier)) return specifier
    const found = createRequire(url).resolve(specifier)
    return found.includes('/') || found.includes('\\') ? pathToFileURL(found).href : `node:${found}`
  }
  metas.add(meta)
  return meta
}
