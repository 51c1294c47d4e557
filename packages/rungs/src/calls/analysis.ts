// Names and scopes of a JavaScript text: which names a piece of code leaves to its surroundings, and what declares them there. A walk
// over the syntax tree that acorn makes; a regular expression would take words in strings and properties for variables.

import { childrenOf, type Syntax } from './syntax.js'

/** What declares a name. */
export interface Binding {
  readonly kind: 'import' | 'const' | 'let' | 'var' | 'function' | 'class' | 'parameter' | 'name'
  /**
   * Whether it may hold one value after another. A variable that was declared without a value, and that one plain statement of its own scope gives
   * one, does not.
   */
  assigned: boolean
  /** Of a variable: nothing has given it a value yet. */
  unset?: boolean
  /** Of an import: the specifier and the name there; `*` is the namespace. */
  readonly imported?: { readonly specifier: string; readonly name: string }
}

/** A scope of the text with the names it declares. */
export interface ScopeNode {
  readonly parent: ScopeNode | undefined
  readonly start: number
  readonly end: number
  readonly holdsVars: boolean
  /** Of a class, or of a function that says so, or in one. Whether the text is a module is not known here. */
  readonly strict: boolean
  readonly bindings: Map<string, Binding>
}

/** One use of a name. */
export interface Reference {
  readonly name: string
  readonly scope: ScopeNode
  readonly assigns: boolean
  readonly start: number
  /** The property taken from it right there: `name.member`. */
  readonly member: string | undefined
}

/** What the code takes from its surroundings other than by name. */
export interface Surroundings {
  this: boolean
  super: boolean
  newTarget: boolean
  arguments: boolean
  eval: boolean
  dynamicImport: boolean
  /** A private name of a class around it. */
  private: string | undefined
  /** Where `import.meta` stands. */
  readonly metas: number[]
  /** It has a name instead, which a side that rebuilt the text has given it. */
  rebuiltMeta: boolean
}

/** Of a text that asks nothing of what is around it. */
export function noSurroundings(): Surroundings {
  return {
    this: false,
    super: false,
    newTarget: false,
    arguments: false,
    eval: false,
    dynamicImport: false,
    private: undefined,
    metas: [],
    rebuiltMeta: false,
  }
}

/** A walked text. */
export interface Walked {
  readonly program: Syntax
  readonly root: ScopeNode
  readonly scopes: readonly ScopeNode[]
  readonly references: readonly Reference[]
  readonly surroundings: Surroundings
}

/** Walks a whole program, or one function or class as if nothing were around it. */
export function walk(program: Syntax): Walked {
  const walker = new Walker(program)
  walker.visit(program, { scope: walker.root, thisDepth: 0, atHome: false, privates: new Set() })
  walker.resolve()
  return {
    program,
    root: walker.root,
    scopes: walker.scopes,
    references: walker.references,
    surroundings: walker.surroundings,
  }
}

/** The binding that a name has in a scope; undefined: it is a global, or unknown. */
export function lookUp(scope: ScopeNode | undefined, name: string): { readonly binding: Binding; readonly scope: ScopeNode } | undefined {
  for (let at = scope; at !== undefined; at = at.parent) {
    const binding = at.bindings.get(name)
    if (binding !== undefined) return { binding, scope: at }
  }
  return undefined
}

interface Place {
  readonly scope: ScopeNode
  /** How many functions with a `this` of their own are around. */
  readonly thisDepth: number
  /** Whether `super` here belongs to a class or an object that is a part of the text. */
  readonly atHome: boolean
  /** The private names of the classes around. */
  readonly privates: ReadonlySet<string>
}

class Walker {
  readonly root: ScopeNode
  readonly scopes: ScopeNode[] = []
  readonly references: Reference[] = []
  readonly surroundings: Surroundings = noSurroundings()
  /** Where names are assigned by statements that run once each time their scope is made. */
  readonly #once = new Set<number>()

  constructor(program: Syntax) {
    this.root = this.#scope(program, undefined, true, program.type === 'Program' && saysStrict(program))
    if (program.type === 'Program') this.#noteOnce(program.body as Syntax[])
  }

  /** Marks what is assigned, now that every declaration was seen. */
  resolve(): void {
    for (const reference of this.references) {
      if (!reference.assigns) continue
      const found = lookUp(reference.scope, reference.name)
      if (found === undefined) continue
      const { binding, scope } = found
      if (binding.unset === true && scope === reference.scope && this.#once.has(reference.start)) binding.unset = false
      else binding.assigned = true
    }
  }

  visit(node: Syntax, place: Place): void {
    switch (node.type) {
      case 'Identifier':
        this.#refer(node, place, false)
        return
      case 'MemberExpression':
        this.#member(node, place)
        return
      case 'ThisExpression':
        if (place.thisDepth === 0) this.surroundings.this = true
        return
      case 'Super':
        if (!place.atHome) this.surroundings.super = true
        return
      case 'MetaProperty':
        if ((node.meta as Syntax).name === 'import') this.surroundings.metas.push(node.start)
        else if (place.thisDepth === 0) this.surroundings.newTarget = true
        return
      case 'PrivateIdentifier':
        if (!place.privates.has(node.name as string)) this.surroundings.private ??= `#${node.name as string}`
        return
      case 'ImportExpression':
        this.surroundings.dynamicImport = true
        break
      case 'CallExpression':
        if ((node.callee as Syntax).type === 'Identifier' && (node.callee as Syntax).name === 'eval') this.surroundings.eval = true
        break
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node, place)
        return
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(node, place)
        return
      case 'PropertyDefinition':
      case 'StaticBlock':
      case 'MethodDefinition':
      case 'Property':
        this.#element(node, place)
        return
      case 'BlockStatement':
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'SwitchStatement':
      case 'CatchClause':
        this.#block(node, place)
        return
      case 'VariableDeclaration':
        this.#variables(node, place)
        return
      case 'ImportDeclaration':
        this.#imports(node, place)
        return
      case 'ExportNamedDeclaration':
        if (node.source !== null && node.source !== undefined) return
        this.#exports(node, place)
        return
      case 'ExportAllDeclaration':
        return
      case 'AssignmentExpression':
        this.#assign(node.left as Syntax, place)
        this.visit(node.right as Syntax, place)
        return
      case 'UpdateExpression':
        this.#assign(node.argument as Syntax, place)
        return
      case 'LabeledStatement':
        this.visit(node.body as Syntax, place)
        return
      case 'BreakStatement':
      case 'ContinueStatement':
        return
    }
    this.#children(node, place)
  }

  #children(node: Syntax, place: Place): void {
    for (const child of childrenOf(node)) this.visit(child, place)
  }

  #refer(node: Syntax, place: Place, assigns: boolean, member?: string): void {
    const name = node.name as string
    if (name === 'arguments' && place.thisDepth === 0) this.surroundings.arguments = true
    this.references.push({ name, scope: place.scope, assigns, start: node.start, member })
  }

  #member(node: Syntax, place: Place): void {
    const object = node.object as Syntax
    const property = node.property as Syntax
    if (object.type === 'Identifier') {
      const literal =
        node.computed === true ? (property.type === 'Literal' ? String(property.value) : undefined) : (property.name as string)
      this.#refer(object, place, false, literal)
    } else this.visit(object, place)
    if (node.computed === true || property.type === 'PrivateIdentifier') this.visit(property, place)
  }

  #function(node: Syntax, place: Place): void {
    const id = node.id as Syntax | null | undefined
    const arrow = node.type === 'ArrowFunctionExpression'
    if (id && node.type === 'FunctionDeclaration') this.#declare(place.scope, id.name as string, 'function')
    let scope = place.scope
    if (id && node.type === 'FunctionExpression') {
      scope = this.#scope(node, scope, false)
      this.#declare(scope, id.name as string, 'name')
    }
    const body = node.body as Syntax
    scope = this.#scope(node, scope, true, saysStrict(body))
    const inner = { ...place, scope, thisDepth: place.thisDepth + (arrow ? 0 : 1) }
    if (!arrow) this.#declare(scope, 'arguments', 'parameter')
    for (const parameter of node.params as Syntax[]) this.#pattern(parameter, inner, 'parameter')
    if (body.type !== 'BlockStatement') this.visit(body, inner)
    else {
      this.#noteOnce(body.body as Syntax[])
      this.#children(body, inner)
    }
  }

  /** `a = 1, b = 2` as a statement: that is how tools give values to what they have declared at the top. */
  #noteOnce(statements: readonly Syntax[]): void {
    for (const statement of statements) {
      if (statement.type !== 'ExpressionStatement') continue
      const expression = statement.expression as Syntax
      const parts = expression.type === 'SequenceExpression' ? (expression.expressions as Syntax[]) : [expression]
      for (const part of parts) {
        const left = part.left as Syntax | undefined
        if (part.type === 'AssignmentExpression' && part.operator === '=' && left?.type === 'Identifier') this.#once.add(left.start)
      }
    }
  }

  #class(node: Syntax, place: Place): void {
    const id = node.id as Syntax | null | undefined
    if (id && node.type === 'ClassDeclaration') this.#declare(place.scope, id.name as string, 'class')
    const scope = this.#scope(node, place.scope, false, true)
    if (id) this.#declare(scope, id.name as string, 'name')
    if (node.superClass) this.visit(node.superClass as Syntax, { ...place, scope })
    const body = node.body as Syntax
    const own = (body.body as Syntax[])
      .map((element) => element.key as Syntax | undefined)
      .filter((key) => key?.type === 'PrivateIdentifier')
    const privates = own.length === 0 ? place.privates : new Set([...place.privates, ...own.map((key) => key?.name as string)])
    this.visit(body, { ...place, scope, privates })
  }

  /** A member of a class or an object: its key belongs to the surroundings, its value has a `this` of its own. */
  #element(node: Syntax, place: Place): void {
    if (node.computed === true) this.visit(node.key as Syntax, place)
    if (node.type === 'StaticBlock') {
      const scope = this.#scope(node, place.scope, true)
      for (const statement of node.body as Syntax[])
        this.visit(statement, { ...place, scope, thisDepth: place.thisDepth + 1, atHome: true })
      return
    }
    const value = node.value as Syntax | null
    if (value === null || value === undefined) return
    if (node.type === 'PropertyDefinition') {
      const scope = this.#scope(value, place.scope, true)
      this.#declare(scope, 'arguments', 'parameter')
      this.visit(value, { ...place, scope, thisDepth: place.thisDepth + 1, atHome: true })
    } else
      this.visit(value, {
        ...place,
        atHome: place.atHome || node.type === 'MethodDefinition' || node.method === true || node.kind !== 'init',
      })
  }

  #block(node: Syntax, place: Place): void {
    const inner = { ...place, scope: this.#scope(node, place.scope, false) }
    if (node.type === 'CatchClause' && node.param) this.#pattern(node.param as Syntax, inner, 'let')
    for (const child of childrenOf(node)) {
      if (node.type === 'CatchClause' && child === node.param) continue
      if (
        (node.type === 'ForInStatement' || node.type === 'ForOfStatement') &&
        child === node.left &&
        child.type !== 'VariableDeclaration'
      ) {
        this.#assign(child, inner)
      } else this.visit(child, inner)
    }
  }

  #variables(node: Syntax, place: Place): void {
    const kind = node.kind === 'var' || node.kind === 'let' ? node.kind : 'const'
    for (const declarator of node.declarations as Syntax[]) {
      const id = declarator.id as Syntax
      this.#pattern(id, place, kind)
      if (declarator.init) this.visit(declarator.init as Syntax, place)
      else if (id.type === 'Identifier') {
        const declared = lookUp(place.scope, id.name as string)
        if (declared !== undefined) declared.binding.unset ??= true
      }
    }
  }

  /** Declares the names of a pattern, and visits the defaults and computed keys in it. */
  #pattern(node: Syntax, place: Place, kind: Binding['kind']): void {
    switch (node.type) {
      case 'Identifier':
        this.#variable(node.name as string, place.scope, kind)
        return
      case 'ObjectPattern':
        for (const property of node.properties as Syntax[]) {
          if (property.computed === true) this.visit(property.key as Syntax, place)
          this.#pattern((property.type === 'RestElement' ? property.argument : property.value) as Syntax, place, kind)
        }
        return
      case 'ArrayPattern':
        for (const element of node.elements as (Syntax | null)[]) if (element) this.#pattern(element, place, kind)
        return
      case 'AssignmentPattern':
        this.#pattern(node.left as Syntax, place, kind)
        this.visit(node.right as Syntax, place)
        return
      case 'RestElement':
        this.#pattern(node.argument as Syntax, place, kind)
    }
  }

  /** Visits what is assigned to. */
  #assign(node: Syntax, place: Place): void {
    switch (node.type) {
      case 'Identifier':
        this.#refer(node, place, true)
        return
      case 'ObjectPattern':
        for (const property of node.properties as Syntax[]) {
          if (property.computed === true) this.visit(property.key as Syntax, place)
          this.#assign((property.type === 'RestElement' ? property.argument : property.value) as Syntax, place)
        }
        return
      case 'ArrayPattern':
        for (const element of node.elements as (Syntax | null)[]) if (element) this.#assign(element, place)
        return
      case 'AssignmentPattern':
        this.#assign(node.left as Syntax, place)
        this.visit(node.right as Syntax, place)
        return
      case 'RestElement':
        this.#assign(node.argument as Syntax, place)
        return
      default:
        this.visit(node, place)
    }
  }

  #imports(node: Syntax, place: Place): void {
    const specifier = String((node.source as Syntax).value)
    for (const one of node.specifiers as Syntax[]) {
      const imported = one.imported as Syntax | undefined
      const name =
        one.type === 'ImportNamespaceSpecifier' ? '*' : imported === undefined ? 'default' : String(imported.name ?? imported.value)
      const local = (one.local as Syntax).name as string
      place.scope.bindings.set(local, { kind: 'import', assigned: false, imported: { specifier, name } })
    }
  }

  #exports(node: Syntax, place: Place): void {
    if (node.declaration) this.visit(node.declaration as Syntax, place)
    for (const one of node.specifiers as Syntax[]) this.visit(one.local as Syntax, place)
  }

  #scope(node: Syntax, parent: ScopeNode | undefined, holdsVars: boolean, isStrict = false): ScopeNode {
    const strict = isStrict || parent?.strict === true
    const scope: ScopeNode = { parent, start: node.start, end: node.end, holdsVars, strict, bindings: new Map() }
    this.scopes.push(scope)
    return scope
  }

  #variable(name: string, scope: ScopeNode, kind: Binding['kind']): void {
    const holder = kind === 'var' ? holderOfVars(scope) : scope
    this.#declare(holder, name, kind)
    const binding = holder.bindings.get(name)
    // Each turn of a loop may give it another value.
    if (holder !== scope && binding !== undefined) binding.assigned = true
  }

  #declare(scope: ScopeNode, name: string, kind: Binding['kind']): void {
    const before = scope.bindings.get(name)
    // `var x` twice, or a function after a var: whichever value it has may change.
    if (before === undefined) scope.bindings.set(name, { kind, assigned: false })
    else before.assigned = true
  }
}

function saysStrict({ body }: Syntax): boolean {
  return Array.isArray(body) && (body as Syntax[]).some((statement) => statement.directive === 'use strict')
}

function holderOfVars(scope: ScopeNode): ScopeNode {
  let at = scope
  while (!at.holdsVars && at.parent !== undefined) at = at.parent
  return at
}
