// What the text of a module says about its own names: which are exported, which are imported, which never change.

import { type Binding, lookUp, type ScopeNode, walk } from './analysis.js'
import { offsetOf, textOf } from './scripts.js'
import { parse, type Syntax } from './syntax.js'

/** What is known of a module from its text. */
export interface ModuleFacts {
  readonly text: string
  /** Undefined when the text is no JavaScript. Parsed when first asked for: a function that captures nothing needs none of it. */
  readonly names: ModuleNames | undefined
}

interface ModuleNames {
  /** Local name → the name under which it is exported. */
  readonly exports: ReadonlyMap<string, string>
  readonly root: ScopeNode
  readonly scopes: readonly ScopeNode[]
  /** The innermost scope around the functions that were asked about, by `start:end`. */
  readonly around: Map<string, ScopeNode>
}

/** Beyond this size a parse would hold up the program for too long; such texts are bundles. */
const LONGEST = 600_000

const known = new Map<string, ModuleFacts | undefined>()

/** Reads the module once; undefined when there is no text. */
export function factsOf(url: string): ModuleFacts | undefined {
  if (!known.has(url)) known.set(url, read(url))
  return known.get(url)
}

function read(url: string): ModuleFacts | undefined {
  const text = textOf(url)
  if (text === undefined || text.length > LONGEST) return undefined
  let names: ModuleNames | undefined
  let parsed = false
  return {
    text,
    get names() {
      if (!parsed) names = namesIn(text)
      parsed = true
      return names
    },
  }
}

function namesIn(text: string): ModuleNames | undefined {
  for (const sourceType of ['module', 'script'] as const) {
    try {
      const walked = walk(parse(text, sourceType))
      return { exports: exportsOf(walked.program), root: walked.root, scopes: walked.scopes, around: new Map() }
    } catch {
      // Next: `with`, octal numbers and the like are legal in scripts only.
    }
  }
  return undefined
}

function exportsOf(program: Syntax): Map<string, string> {
  const exports = new Map<string, string>()
  const add = (local: unknown, name: unknown) => {
    if (typeof local === 'string' && typeof name === 'string' && !exports.has(local)) exports.set(local, name)
  }
  for (const node of program.body as Syntax[]) {
    const declaration = node.declaration as Syntax | null | undefined
    if (node.type === 'ExportDefaultDeclaration') {
      // `export default function () {}` has a binding that no name reaches; the engine calls it *default*.
      if (declaration?.type === 'Identifier') add(declaration.name, 'default')
      else add((declaration?.id as Syntax | null | undefined)?.name ?? '*default*', 'default')
    } else if (node.type === 'ExportNamedDeclaration' && !node.source) {
      if (declaration) for (const name of declaredBy(declaration)) add(name, name)
      for (const one of node.specifiers as Syntax[]) {
        const exported = one.exported as Syntax
        add((one.local as Syntax).name, exported.name ?? exported.value)
      }
    }
  }
  return exports
}

function declaredBy(declaration: Syntax): string[] {
  if (declaration.type !== 'VariableDeclaration') return [(declaration.id as Syntax).name as string]
  const names: string[] = []
  const open = (declaration.declarations as Syntax[]).map((one) => one.id as Syntax)
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === 'Identifier') names.push(node.name as string)
    else if (node.type === 'ObjectPattern') {
      for (const property of node.properties as Syntax[]) open.push((property.value ?? property.argument) as Syntax)
    } else if (node.type === 'ArrayPattern') open.push(...(node.elements as (Syntax | null)[]).filter((one) => one !== null))
    else if (node.type === 'AssignmentPattern') open.push(node.left as Syntax)
    else if (node.type === 'RestElement') open.push(node.argument as Syntax)
  }
  return names
}

/** Says whether what a module exports under a name may hold something else by now: a worker that imports it would have what it was first. */
export function mayHaveChanged(facts: ModuleFacts, exported: string): boolean {
  if (/^[\w$]+$/.test(exported)) {
    const name = exported.replaceAll('$', '\\$')
    // Mostly that is all, and the module need not be parsed.
    if (new RegExp(`\\bexport\\s+const\\s+${name}(?![\\w$])`).test(facts.text)) return false
    const declared = new RegExp(`\\bexport\\s+(?:(?:async\\s+)?function\\s*\\*?|class)\\s*${name}(?![\\w$])`).test(facts.text)
    const writes = new RegExp(`(?<![.\\w$])${name}\\s*(?:[-+*/%&|^?<>]*=(?![=>])|\\+\\+|--)`)
    if (declared && !writes.test(facts.text)) return false
  }
  const { names } = facts
  if (names === undefined) return false
  for (const [local, name] of names.exports) if (name === exported) return names.root.bindings.get(local)?.assigned === true
  return false
}

/**
 * Says whether the function that begins at `start` is exported as `name` right there, and is what `name` holds for good. True is certain, and no parser
 * was asked: `export` is no name, and where it begins the line of a function's code it is no part of a comment or a string.
 */
export function isOwnExport({ text }: ModuleFacts, start: number, name: string): boolean {
  if (!/^[\w$]+$/.test(name)) return false
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  const word = name.replaceAll('$', '\\$')
  if (new RegExp(`^export[ \\t]+const[ \\t]+${word}[ \\t]*=[ \\t]*$`).test(line)) return true
  const head = text.slice(start, start + 100 + name.length)
  if (!/^export[ \t]+$/.test(line) || !new RegExp(`^(?:async[ \\t]+)?function[ \\t]*\\*?[ \\t]*${word}(?![\\w$])`).test(head)) return false
  // A function can be assigned. Where its name is only called it is not.
  return !text.includes('\\u') && !new RegExp(`(?<![.\\w$])${word}(?![\\w$])(?!\\s*\\()`).test(text)
}

/** Says whether code that stands there runs while the module is loaded, and not in a function that is called later. */
export function isTopLevel({ names }: ModuleFacts, start: number, end: number): boolean {
  if (names === undefined) return false
  let scope: ScopeNode | undefined = innermostAround(names, start, end)
  while (scope !== undefined && !scope.holdsVars) scope = scope.parent
  return scope === undefined || scope === names.root
}

const clauses = new WeakMap<ModuleFacts, string>()

/** Says whether a name may be one that the module imports. False is certain, and no parser was asked. */
export function mayImport(facts: ModuleFacts, name: string): boolean {
  let clause = clauses.get(facts)
  if (clause === undefined) {
    clause = clausesIn(facts.text)
    clauses.set(facts, clause)
  }
  return clause.includes(name) || clause.includes('\\u')
}

/** Everything that stands between an `import` and the next `from`. */
function clausesIn(text: string): string {
  const from = /\bfrom\s*(?:\/\*[\s\S]*?\*\/\s*)*['"]/g
  let found = ''
  let end = 0
  for (const { index } of text.matchAll(/\bimport\b/g)) {
    if (index < end) continue
    from.lastIndex = index
    const next = from.exec(text)
    if (next === null) break
    end = next.index
    found += text.slice(index, end)
  }
  return found
}

/** Where a function's text begins in its module; -1 when the text on disk is not the one that was loaded. */
export function startOf(facts: ModuleFacts, source: string, line: number, column: number): number {
  const offset = offsetOf(facts.text, line, column)
  if (offset < 0) return -1
  const start = facts.text.lastIndexOf(source, offset)
  return start < 0 || start + source.length < offset ? -1 : start
}

/** What declares `name` for code that stands at `start`; the scopes of that code itself do not count. */
export function bindingAt(
  facts: ModuleFacts,
  start: number,
  end: number,
  name: string,
): { binding: Binding; scope: ScopeNode } | undefined {
  const { names } = facts
  return names === undefined ? undefined : lookUp(innermostAround(names, start, end), name)
}

function innermostAround({ root, scopes, around }: ModuleNames, start: number, end: number): ScopeNode {
  const key = `${start}:${end}`
  let innermost = around.get(key)
  if (innermost === undefined) {
    innermost = root
    for (const scope of scopes) {
      if (scope.start < start && scope.end >= end && scope.start >= innermost.start && scope.end <= innermost.end) innermost = scope
    }
    around.set(key, innermost)
  }
  return innermost
}

/** Says whether a binding holds the same value for good once the function that captures it could run. */
export function isConstant(binding: Binding): boolean {
  if (binding.kind === 'import') return false
  return binding.kind === 'const' || binding.kind === 'name' || !binding.assigned
}
