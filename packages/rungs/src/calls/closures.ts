// A function by value: its text, and the variables it captured with the values they have now.

import { builtinModules } from 'node:module'
import { type Source, sourceOf } from './declared.js'
import { mayCallEval } from './eval-calls.js'
import { isModule } from './function-ref.js'
import { isBuiltinGlobal, isNative } from './globals.js'
import { canInspect, inspectFunction, type Scope, type Seen, whyNotInspect } from './inspector.js'
import type { AnyFunction } from './marks.js'
import { bindingAt, factsOf, isConstant, type ModuleFacts, mayHaveChanged, mayImport } from './module-facts.js'
import { isEntry, urlOf } from './scripts.js'
import { siteOf } from './site.js'
import { type SourceFacts, sourceFacts } from './source-facts.js'
import type { ModuleRef } from './wire.js'

/** A captured variable. */
export interface Variable {
  readonly name: string
  readonly value: unknown
  /** It holds this value for good. */
  readonly constant: boolean
  /** Its declaration was found in the text of the module. */
  readonly declared: boolean
  /** The text assigns it: whoever shares it must see that. */
  readonly assigned: boolean
  /** Which variable of this name it is; functions that share it have equal homes. */
  readonly home: Home
  /** Set when a worker can import it. */
  readonly reference: { readonly module: ModuleRef; readonly path: readonly string[] } | undefined
  /** It holds a module as an object, of which only these members are used. */
  readonly members: ReadonlySet<string> | undefined
  /** What it was taken from when it was declared, if the text says so. */
  readonly source: Source | undefined
}

/** Where a variable lives. Scopes come as copies, so that two of them are the same is concluded from what they hold. */
export interface Home {
  readonly url: string
  readonly type: string
  /** How many scopes are around it. */
  readonly depth: number
  readonly variables: Readonly<Record<string, unknown>> | undefined
  /** Those scopes, the innermost first: what has others around it is another. */
  readonly around: readonly Scope[]
}

/** A function as text and captured variables. */
export interface Closure {
  readonly fn: AnyFunction
  readonly facts: SourceFacts
  readonly source: string
  readonly url: string
  readonly line: number
  readonly column: number
  readonly strict: boolean
  /** It is a method that uses `super`: where that starts from depends on the object that holds it. */
  readonly needsHome: boolean
  readonly variables: readonly Variable[]
  /** All of its variables are constant: reading it again would find the same values. */
  readonly constant: boolean
  /** `parse (src/app.js:12)`, for messages. */
  readonly label: string
}

/** Why a value cannot cross. `hint` is what to write instead. */
export class Refusal {
  readonly reason: string
  readonly hint: string
  /** Which function it is about. */
  label: string | undefined

  constructor(reason: string, hint: string) {
    this.reason = reason
    this.hint = hint
  }
}

const constants = new WeakMap<AnyFunction, Closure>()

/** Reads a function; what was read of constant captures is kept with the function. */
export function readClosure(fn: AnyFunction, seenBefore?: Seen): Closure | Refusal {
  const known = constants.get(fn)
  if (known !== undefined) return known
  if (isNative(fn)) return new Refusal('it is native code that has no public name', 'Wrap it in a function that gets it on the other side')
  const text = Function.prototype.toString.call(fn)
  const facts = sourceFacts(text)
  if (typeof facts === 'string') return new Refusal(facts, 'Move the function to a module and export it')
  const seen = seenBefore ?? inspectFunction(fn)
  const url = (seen === undefined ? undefined : urlOf(seen, fn)) || 'rungs:function'
  if (url.startsWith('node:')) {
    return new Refusal(`it belongs to Node's internals (${url})`, 'Make it on the other side, for example with perWorker(() => …)')
  }
  const site = siteOf(url, text, seen)
  const label = `${nameFor(fn, facts)} (${site.place})`
  const refused = surroundingsOf(facts)
  if (refused !== undefined) return labelled(refused, label)
  const finder = new Finder(fn, text, facts, seen, url, site.module, site.start)
  const variables = finder.find()
  if (variables instanceof Refusal) return labelled(variables, label)
  const keyed = withKnownKeys(fn, facts, variables)
  if (keyed instanceof Refusal) return labelled(keyed, label)
  const closure: Closure = {
    fn,
    facts,
    source: keyed ?? (finder.renamed && facts.ownName !== undefined ? facts.ownName.blanked : facts.source),
    url,
    line: site.line,
    column: site.column,
    needsHome: facts.surroundings.super,
    strict: facts.strictOnly && isStrict(fn, facts, seen, site.file),
    variables,
    get constant() {
      const answer = variables.every((variable) => variable.constant)
      Object.defineProperty(this, 'constant', { value: answer })
      if (answer) constants.set(fn, closure)
      return answer
    },
    label,
  }
  return closure
}

function labelled(refusal: Refusal, label: string): Refusal {
  refusal.label = label
  return refusal
}

function nameFor(fn: AnyFunction, facts: SourceFacts): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value
  if (typeof name === 'string' && name !== '') return facts.form === 'class' ? `class ${name}` : name
  return facts.form === 'class' ? 'an anonymous class' : facts.arrow ? 'an arrow function' : 'an anonymous function'
}

/**
 * Names that are used only while a class is made are gone when it is there: `[key]() {}`. But what its computed members are called can
 * be seen, and is written out.
 */
function withKnownKeys(fn: AnyFunction, facts: SourceFacts, variables: readonly Variable[]): string | Refusal | undefined {
  const { klass } = facts
  if (klass === undefined) return undefined
  const there = (name: string) => variables.some((variable) => variable.name === name) || isBuiltinGlobal(name)
  const missing = [...klass.definition].filter((name) => !there(name))
  if (missing.length === 0) return undefined
  const lost = klass.keys.filter((key) => [...key.names].some((name) => !there(name)))
  const inKeys = missing.every((name) => lost.some((key) => key.names.has(name)))
  const names = new Map<(typeof lost)[number], string>()
  for (const isStatic of [false, true]) {
    const own = lost.filter((key) => key.static === isStatic)
    const holder = (isStatic ? fn : Object.getOwnPropertyDescriptor(fn, 'prototype')?.value) as object
    const written = isStatic ? klass.staticMethods : klass.methods
    const standard = ['constructor', 'length', 'name', 'prototype']
    const found = Object.getOwnPropertyNames(holder).filter((name) => !written.has(name) && !standard.includes(name))
    const methods = own.filter((key) => !key.field)
    // Static fields keep their names as own properties, which are copied anyway; what they are called in the text does not matter.
    const fields = own.filter((key) => key.field && isStatic)
    if (methods.length > 0 && found.length !== methods.length + fields.length) continue
    methods.forEach((key, index) => {
      names.set(key, found[index] as string)
    })
    fields.forEach((key, index) => {
      names.set(key, found[methods.length + index] as string)
    })
  }
  if (inKeys && lost.every((key) => names.has(key))) return klass.withKeys(names)
  return new Refusal(
    `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} needed while the class is made, and can no longer be read`,
    'Export the class from a module, or use the name in one of its methods as well',
  )
}

/** What no inspector shows: the `this` of an arrow, the object that `super` starts from, `new.target`. */
function surroundingsOf(facts: SourceFacts): Refusal | undefined {
  const { surroundings, arrow } = facts
  if (surroundings.private !== undefined) {
    return new Refusal(
      `it uses the private name ${surroundings.private} of the class around it`,
      'Send the class, and let a method of it do that there',
    )
  }
  if (arrow && surroundings.this) {
    return new Refusal('it uses the `this` of the function around it', 'Write const self = this before it and use self in it')
  }
  if (arrow && surroundings.newTarget)
    return new Refusal('it uses the `new.target` of the function around it', 'Copy it to a variable before')
  if (arrow && surroundings.super) {
    return new Refusal(
      'it uses the `super` of the method around it',
      'Write const inherited = () => super.method() … in a method that runs there',
    )
  }
  if (arrow && surroundings.arguments)
    return new Refusal('it uses the `arguments` of the function around it', 'Write ...args in that function')
  return undefined
}

function isStrict(fn: AnyFunction, facts: SourceFacts, seen: Seen | undefined, module: ModuleFacts | undefined): boolean {
  if (facts.klass !== undefined || seen === undefined) return true
  if (seen.scopes.some((scope) => scope.type === 'Module')) return true
  if (!facts.arrow && facts.form === 'function' && Object.hasOwn(fn, 'prototype')) {
    // Plain functions tell: of a strict one, asking for its caller throws.
    try {
      Reflect.get(fn, 'caller')
      return false
    } catch {
      return true
    }
  }
  return module === undefined ? true : /^\s*(?:#!.*\n)?(?:\s|\/\/.*\n|\/\*[\s\S]*?\*\/)*['"]use strict['"]/.test(module.text)
}

/** A variable of which the text of the module is only asked when it matters: parsing that takes long, and most captures are primitives. */
class FoundVariable implements Variable {
  readonly name: string
  readonly value: unknown
  readonly assigned: boolean
  readonly home: Home
  readonly members: ReadonlySet<string> | undefined
  readonly #isRequire: boolean
  /** Of the module whose text declares it. */
  readonly #facts: ModuleFacts | undefined
  readonly #find: () => ReturnType<typeof bindingAt>
  readonly #refer: () => Variable['reference']

  constructor(
    known: Pick<Variable, 'name' | 'value' | 'assigned' | 'home' | 'members'>,
    isRequire: boolean,
    facts: ModuleFacts | undefined,
    find: () => ReturnType<typeof bindingAt>,
    refer: () => Variable['reference'],
  ) {
    this.name = known.name
    this.value = known.value
    this.assigned = known.assigned
    this.home = known.home
    this.members = known.members
    this.#isRequire = isRequire
    this.#facts = facts
    this.#find = find
    this.#refer = refer
  }

  get declared(): boolean {
    return this.#isRequire || this.#find() !== undefined
  }

  get constant(): boolean {
    if (this.#isRequire) return true
    const found = this.#find()
    if (found === undefined) return false
    if (found.binding.imported !== undefined)
      return (typeof this.value === 'object' && this.value !== null) || typeof this.value === 'function'
    // Undefined may only mean that its line has not run yet.
    return isConstant(found.binding) && this.value !== undefined && !this.#isSeenByEval(found)
  }

  get reference(): Variable['reference'] {
    return this.#isRequire ? undefined : this.#refer()
  }

  get source(): Source | undefined {
    const found = this.#isRequire ? undefined : this.#find()
    return found === undefined || this.#facts === undefined ? undefined : sourceOf(this.#facts, found.binding, found.scope, this.name)
  }

  /** What eval runs can assign whatever it sees, other than constants. */
  #isSeenByEval({ binding, scope }: NonNullable<ReturnType<typeof bindingAt>>): boolean {
    if (binding.kind === 'const' || binding.kind === 'name' || this.#facts === undefined) return false
    return mayCallEval(this.#facts, scope)
  }
}

/** Finds the variables that a function captured. */
class Finder {
  readonly #fn: AnyFunction
  readonly #text: string
  readonly #facts: SourceFacts
  readonly #seen: Seen | undefined
  readonly #url: string
  readonly #module: ModuleFacts | undefined
  readonly #start: number
  /** The name in its text stands for something else now: `fib = memoize(fib)`. */
  renamed = false

  constructor(
    fn: AnyFunction,
    text: string,
    facts: SourceFacts,
    seen: Seen | undefined,
    url: string,
    module: ModuleFacts | undefined,
    start: number,
  ) {
    this.#fn = fn
    this.#text = text
    this.#facts = facts
    this.#seen = seen
    this.#url = url
    this.#module = module
    this.#start = start
  }

  find(): Variable[] | Refusal {
    const variables: Variable[] = []
    for (const [name, use] of this.#facts.free) {
      const found = this.#variable(name, use.assigned, use.members)
      if (found instanceof Refusal) return found
      if (found !== undefined) variables.push(found)
    }
    this.#addOwnName(variables)
    if (this.#facts.surroundings.eval) this.#addForEval(variables)
    return variables
  }

  #variable(name: string, assigned: boolean, members: ReadonlySet<string> | undefined): Variable | Refusal | undefined {
    const scopes = this.#seen?.scopes ?? []
    for (let at = 0; at < scopes.length; at++) {
      const scope = scopes[at] as Scope
      if (scope.type === 'Global' || !Object.hasOwn(scope.variables, name)) continue
      try {
        return this.#make(name, scope.variables[name], assigned, members, scope, scopes.length - at)
      } catch {
        return new Refusal(`its variable ${name} has no value yet`, `Submit it after the line that declares ${name}`)
      }
    }
    if (Object.hasOwn(globalThis, name)) return this.#global(name, assigned)
    if (isBuiltinGlobal(name) || name === 'require' || canInspect()) return undefined
    return new Refusal(`it captures ${name}, and captured variables cannot be read here: ${whyNotInspect()}`, `Pass ${name} as an argument`)
  }

  /** Globals that the program made do not exist on the other side. */
  #global(name: string, assigned: boolean): Variable | Refusal | undefined {
    const isRequire = name === 'require' && typeof Reflect.get(globalThis, name) === 'function'
    if (isBuiltinGlobal(name) && !isRequire) return undefined
    const scope = { type: 'Global', variables: {} }
    // The REPL and `node -e` offer the modules of Node as globals.
    if (builtinModules.includes(name)) {
      const module = { specifier: `node:${name}`, how: 'require' as const }
      const home = { url: this.#url, type: scope.type, depth: 0, variables: scope.variables, around: [] }
      return {
        name,
        value: undefined,
        constant: true,
        declared: true,
        assigned,
        home,
        reference: { module, path: [] },
        members: undefined,
        source: undefined,
      }
    }
    return this.#make(name, Reflect.get(globalThis, name), assigned, undefined, scope, 0)
  }

  #make(name: string, value: unknown, assigned: boolean, members: ReadonlySet<string> | undefined, scope: Scope, depth: number): Variable {
    const scopes = this.#seen?.scopes ?? []
    const around = depth === 0 ? [] : scopes.slice(scopes.length - depth + 1)
    const home = { url: this.#url, type: scope.type, depth, variables: scope.variables, around }
    const known = isViteImport(name) || isModule(value) ? members : undefined
    const isRequire = name === 'require' && typeof value === 'function'
    const module = isRequire || scope.type === 'Global' ? undefined : this.#module
    const find = () => (module === undefined ? undefined : bindingAt(module, this.#start, this.#start + this.#text.length, name))
    const refer = () => this.#referenceOf(name, value, scope, find)
    return new FoundVariable({ name, value, assigned, home, members: known }, isRequire, module, find, refer)
  }

  /** Where a worker can import a captured function or object. */
  #referenceOf(name: string, value: unknown, scope: Scope, find: () => ReturnType<typeof bindingAt>): Variable['reference'] {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function' && typeof value !== 'symbol') return undefined
    const module = this.#module
    const mayBeExported = scope.type === 'Module' && !isEntry(this.#url)
    if (module === undefined || !(mayBeExported || mayImport(module, name))) return undefined
    const found = find()
    if (found === undefined) return undefined
    const { imported } = found.binding
    if (imported !== undefined) {
      const { specifier } = imported
      // The entry script is not to run again.
      if (/^(\.|\/|file:)/.test(specifier) && isEntry(new URL(specifier, this.#url).href)) return undefined
      if (this.#hasChanged(imported)) return undefined
      return { module: this.#moduleRef(specifier), path: imported.name === '*' ? [] : [imported.name] }
    }
    const exported = mayBeExported && found.scope === module.names?.root ? module.names.exports.get(name) : undefined
    return exported === undefined ? undefined : { module: { specifier: this.#url, how: 'import' as const }, path: [exported] }
  }

  #hasChanged({ specifier, name }: { specifier: string; name: string }): boolean {
    if (name === '*' || !/^(\.|\/|file:)/.test(specifier)) return false
    const facts = factsOf(new URL(specifier, this.#url).href)
    return facts !== undefined && mayHaveChanged(facts, name)
  }

  #moduleRef(specifier: string): ModuleRef {
    if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return { specifier, how: 'import' }
    if (/^\.{0,2}\//.test(specifier)) return { specifier: new URL(specifier, this.#url).href, how: 'import' }
    return /^(file|data|https?):/.test(specifier) ? { specifier, how: 'import' } : { specifier, from: this.#url, how: 'import' }
  }

  /** `function fib() { … fib … }`: the name in its text is a variable of its surroundings, and may hold something else by now. */
  #addOwnName(variables: Variable[]): void {
    const own = this.#facts.ownName
    if (own === undefined) return
    const outer = (this.#seen?.scopes ?? []).findIndex((scope) => scope.type !== 'Global' && Object.hasOwn(scope.variables, own.name))
    if (outer < 0) return
    const found = this.#variable(own.name, own.assigned, undefined)
    if (found === undefined || found instanceof Refusal || (found.value === this.#fn && !own.assigned)) return
    // A function expression has its name for itself, whatever is called so outside.
    const before = this.#module?.text.slice(0, this.#start).trimEnd() ?? ''
    if (/[=(,:?[!&|+\-~>]$|\b(return|typeof|void|await|yield|new|default|of|in)$/.test(before)) return
    this.renamed = true
    variables.push(found)
  }

  /** Direct eval sees every variable around it; those count whose names are in the text. */
  #addForEval(variables: Variable[]): void {
    const words = new Set(this.#text.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? [])
    for (const scope of this.#seen?.scopes ?? []) {
      if (scope.type === 'Global') continue
      for (const name of Object.keys(scope.variables)) {
        if (!words.has(name) || variables.some((variable) => variable.name === name)) continue
        const found = this.#variable(name, true, undefined)
        if (found !== undefined && !(found instanceof Refusal)) variables.push(found)
      }
    }
  }
}

/** Vite's test runner turns import bindings into members of one object per module: only those used are to cross. */
function isViteImport(name: string): boolean {
  return /^__(vi|vite_ssr)_import_(\d+|meta)__$/.test(name)
}
