// Private members that a tool has written out for older engines: a WeakMap or WeakSet beside the class for each of them, and helpers that look an
// instance up in it. Such a collection is no value of the program but what `#name` is in a class: the other side makes one of its own, in which its
// own instances are. Weak collections that the program uses itself are told apart by how the text uses them.

import { types } from 'node:util'
import { lookUp, walk } from './analysis.js'
import { type Closure, Refusal, readClosure } from './closures.js'
import type { AnyFunction } from './marks.js'
import { syntaxOf } from './source-facts.js'
import { childrenOf, type Syntax } from './syntax.js'

/** A weak collection that stands for a private member. */
export type Slot = WeakMap<object, unknown> | WeakSet<object>

/** Those that one side has sent. */
export class Slots {
  #all: WeakRef<Slot>[] = []

  add(slot: Slot): void {
    this.#all.push(new WeakRef(slot))
  }

  /** Those of which `Class` is a key: private static members. */
  with(Class: object): readonly Slot[] {
    if (this.#all.length === 0) return []
    const alive = this.#all.map((one) => one.deref()).filter((slot) => slot !== undefined)
    // Classes that are made again and again leave theirs behind.
    if (alive.length < this.#all.length / 2) this.#all = alive.map((slot) => new WeakRef(slot))
    return alive.filter((slot) => slot.has(Class))
  }
}

/** As TypeScript, esbuild, Babel and SWC call their helpers, also as members of what was imported. */
const HELPER = /__private(?:Get|Set|Add|Method|In|Wrapper)|class_?private|assertClassBrand|class_(?:extract|apply|check)_|checkInRHS/i
/** What their texts say, where a minifier has changed the names. */
const HELPER_TEXT = /private (?:field|member|method|accessor|element|static)|\bset _\(|instanceof WeakSet|['"]in['"] operator/i

/** As Babel and SWC call what makes the object of an `import *` out of a CommonJS module, which remembers those that it has made. */
const REMEMBERS = /require_?wildcard/i

/** Says whether what a function captured under this name is used as a private member and in no other way. */
export function isSlot(closure: Closure, name: string, value: unknown): value is Slot {
  if (!types.isWeakMap(value) && !types.isWeakSet(value)) return false
  if (REMEMBERS.test(closure.fn.name)) return true
  const uses = usesIn(Function.prototype.toString.call(closure.fn)).get(name) ?? []
  const areHelpers = uses.map((use) => use !== ITSELF && use !== undefined && isHelper(closure, use))
  if (!uses.every((use, index) => use === ITSELF || areHelpers[index])) return false
  // A program too may keep a list of all instances. What TypeScript names so is a field that nothing reads.
  return areHelpers.includes(true) || (uses.length > 0 && name.startsWith(`_${closure.fn.name}_`))
}

/** The private members that a class has been given by a tool. Asked once of a class: they are there when it is. */
export function slotsOf(Class: AnyFunction): readonly Slot[] {
  let slots = known.get(Class)
  if (slots === undefined) {
    slots = findSlots(Class)
    known.set(Class, slots)
  }
  return slots
}

const known = new WeakMap<AnyFunction, readonly Slot[]>()

function findSlots(Class: AnyFunction): readonly Slot[] {
  // A constructor that gives `this` to a helper or to a collection. Most do not, which spares a look at what the class captured.
  if (!/\(_?this[,)]/.test(Function.prototype.toString.call(Class))) return []
  const closure = readClosure(Class)
  if (closure instanceof Refusal) return []
  return closure.variables.flatMap(({ name, value }) => (isSlot(closure, name, value) ? [value] : []))
}

/** The collection itself is asked to take an instance in: `_x.set(this, 1)`. */
const ITSELF = Symbol('itself')

/** What is called with a name as an argument, for each of its uses. Undefined: it is used in another way. */
type Use = Syntax | typeof ITSELF | undefined

const texts = new Map<string, Map<string, Use[]>>()
const MOST = 1_000

function usesIn(text: string): ReadonlyMap<string, readonly Use[]> {
  let uses = texts.get(text)
  if (uses === undefined) {
    uses = new Map()
    const found = syntaxOf(text)
    if (typeof found !== 'string') {
      const calls = new Map<number, Use>()
      gather(found.node, calls)
      for (const { name, scope, start } of walk(found.node).references) {
        if (lookUp(scope, name) !== undefined) continue
        const before = uses.get(name)
        if (before === undefined) uses.set(name, [calls.get(start)])
        else before.push(calls.get(start))
      }
    }
    if (texts.size >= MOST) texts.clear()
    texts.set(text, uses)
  }
  return uses
}

/** Notes for names that are arguments, by where they stand, what is called with them. */
function gather(root: Syntax, calls: Map<number, Use>): void {
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    open.push(...childrenOf(node))
    if (node.type !== 'CallExpression') continue
    const callee = called(node.callee as Syntax)
    const args = node.arguments as Syntax[]
    for (const one of args) if (one.type === 'Identifier') calls.set(one.start, callee)
    const [first] = args
    const object = callee.type === 'MemberExpression' && callee.computed !== true ? (callee.object as Syntax) : undefined
    if (object?.type !== 'Identifier' || first === undefined) continue
    const method = (callee.property as Syntax).name
    // Of `this` a constructor for the oldest engines makes a variable.
    const isThis = first.type === 'ThisExpression' || (first.type === 'Identifier' && /^_this\d*$/.test(first.name as string))
    if ((method === 'set' || method === 'add') && isThis) calls.set(object.start, ITSELF)
    if (method === 'has' && first.type === 'CallExpression') calls.set(object.start, called(first.callee as Syntax))
  }
}

/** `(0, helpers.get)(…)` calls helpers.get. */
function called(callee: Syntax): Syntax {
  return callee.type === 'SequenceExpression' ? ((callee.expressions as Syntax[]).at(-1) as Syntax) : callee
}

function isHelper(closure: Closure, callee: Syntax): boolean {
  if (callee.type === 'MemberExpression') {
    return HELPER.test(`${String((callee.object as Syntax).name)}.${String((callee.property as Syntax).name)}`)
  }
  if (callee.type !== 'Identifier') return false
  if (HELPER.test(callee.name as string)) return true
  const helper = closure.variables.find(({ name }) => name === callee.name)?.value
  return typeof helper === 'function' && (HELPER.test(helper.name) || HELPER_TEXT.test(Function.prototype.toString.call(helper)))
}
