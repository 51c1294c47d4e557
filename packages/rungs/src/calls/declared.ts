// Where the variables of a module have their values from, as far as its text says: whether two functions can come from one call of what made them.
import type { Binding, ScopeNode } from './analysis.js'
import { isConstant, type ModuleFacts } from './module-facts.js'
import { childrenOf, parse, type Syntax } from './syntax.js'

/** What a constant was taken from when it was declared: `const { inc } = make(0)`, `const inc = counters[0].inc`. */
export interface Source {
  readonly declarator: number
  /** It was called right there by its name, so what it gave is probably new. */
  readonly isCall: boolean
  /** The text of a path to an object that was there. Its numbers are told apart. */
  readonly path: string | undefined
}

interface Declared {
  readonly name: string
  readonly source: Source
}

const known = new WeakMap<ModuleFacts, readonly Declared[]>()

/** The source of the constant of this name that is declared in `scope`; undefined when nothing can be said. */
export function sourceOf(facts: ModuleFacts, binding: Binding, scope: ScopeNode, name: string): Source | undefined {
  if (!isConstant(binding) || binding.kind === 'parameter') return undefined
  let all = known.get(facts)
  if (all === undefined) {
    all = declaredIn(facts.text)
    known.set(facts, all)
  }
  const found = all.filter((one) => one.name === name && one.source.declarator >= scope.start && one.source.declarator < scope.end)
  // Of two of that name in scopes within each other nobody knows which it is.
  return found.length === 1 ? found[0]?.source : undefined
}

/** Says whether two values come from two calls, or from two elements of one list. */
export function areApart(a: Source, b: Source): boolean {
  if (a.declarator === b.declarator) return false
  if (a.isCall && b.isCall) return true
  if (a.path === undefined || b.path === undefined || a.path === b.path) return false
  return a.path.replace(/\d+/g, '0') === b.path.replace(/\d+/g, '0')
}

function declaredIn(text: string): Declared[] {
  const found: Declared[] = []
  const open = [treeOf(text)]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    open.push(...childrenOf(node))
    if (node.type !== 'VariableDeclarator' || !node.init) continue
    const id = node.id as Syntax
    const init = node.init as Syntax
    const isPattern = id.type !== 'Identifier'
    const source = sourceAt(node.start, isPattern ? init : ownerOf(init), text)
    if (source !== undefined) for (const name of namesIn(id)) found.push({ name, source })
  }
  return found
}

function treeOf(text: string): Syntax | undefined {
  for (const sourceType of ['module', 'script'] as const) {
    try {
      return parse(text, sourceType)
    } catch {
      // Next: what is legal in scripts only.
    }
  }
  return undefined
}

function namesIn(pattern: Syntax): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name as string]
    case 'AssignmentPattern':
      return namesIn(pattern.left as Syntax)
    case 'ObjectPattern':
      return (pattern.properties as Syntax[]).flatMap((one) => (one.type === 'Property' ? namesIn(one.value as Syntax) : []))
    case 'ArrayPattern':
      return (pattern.elements as (Syntax | null)[]).flatMap((one) => (one === null ? [] : namesIn(one)))
    default:
      return []
  }
}

/** What a function is a member of, or an accessor. */
function ownerOf(init: Syntax): Syntax {
  if (init.type !== 'MemberExpression') return init
  const object = init.object as Syntax
  const [first] = object.type === 'CallExpression' ? (object.arguments as Syntax[]) : []
  const isDescriptor =
    first !== undefined && ((object.callee as Syntax).property as Syntax | undefined)?.name === 'getOwnPropertyDescriptor'
  return isDescriptor ? first : object
}

function sourceAt(declarator: number, from: Syntax, text: string): Source | undefined {
  const node = from.type === 'AwaitExpression' ? (from.argument as Syntax) : from
  // A method of something gives maybe the same each time, as that of a map or of an iterator does.
  const isCall = node.type === 'CallExpression' && (node.callee as Syntax).type === 'Identifier'
  if (!isCall && !isPath(node)) return undefined
  return { declarator, isCall, path: isCall ? undefined : text.slice(node.start, node.end) }
}

function isPath(node: Syntax): boolean {
  if (node.type === 'Identifier') return true
  if (node.type !== 'MemberExpression' || (node.computed === true && (node.property as Syntax).type !== 'Literal')) return false
  return isPath(node.object as Syntax)
}
