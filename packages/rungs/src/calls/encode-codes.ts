// The texts of a graph's functions. Functions that share a variable which one of them assigns are compiled as one text, so that they
// share it again.

import type { Closure, Home, Variable } from './closures.js'
import { areApart } from './declared.js'
import type { Encoder } from './encode.js'
import { readVariable, type Scope } from './inspector.js'
import { type Code, Kind } from './wire.js'

/** A by-value function of a table. */
export interface PlacedClosure {
  readonly closure: Closure
  readonly at: number
  /** Its node, whose code and number in it are written here. */
  readonly node: unknown[]
  /** Places of the values of its variables; -1: it cannot have this one. */
  readonly valuesAt: number[]
  /** Why it cannot have those, by name. */
  readonly whyAbsent: Map<string, string>
}

/** Gives every function found since the last time its code. */
export function encodeCodes(encoder: Encoder): void {
  const placed = encoder.closures.splice(0)
  const groups = placed.length < 2 ? placed.map((one) => [one]) : grouped(encoder, placed)
  for (const group of groups) {
    if (group.length === 1) encodeGroup(encoder, group, [])
    else encodeGroup(encoder, group, sharedHomes(group))
  }
}

interface SharedScope {
  readonly home: Home
  readonly names: string[]
  readonly valuesAt: number[]
}

function grouped(encoder: Encoder, placed: readonly PlacedClosure[]): PlacedClosure[][] {
  const assigned = placed.flatMap((one) =>
    one.closure.variables.filter((variable) => variable.assigned).map((variable) => ({ one, variable })),
  )
  if (assigned.length === 0) return placed.map((one) => [one])
  const groupOf = new Map(placed.map((one) => [one, [one]]))
  for (const { one, variable } of assigned) {
    for (const other of placed) {
      if (other === one) continue
      const shared = other.closure.variables.find(
        (candidate) => candidate.name === variable.name && sameHome(candidate.home, variable.home),
      )
      if (shared === undefined) continue
      mustBeCertain(encoder, placed, one, other, variable)
      join(groupOf, one, other)
    }
  }
  return [...new Set(groupOf.values())]
}

/** Says whether a function of one list shares a variable with one of the other that either assigns. */
export function shareVariables(some: readonly PlacedClosure[], others: readonly PlacedClosure[]): boolean {
  return some.some((one) =>
    one.closure.variables.some((variable) =>
      others.some((other) =>
        other.closure.variables.some(
          (candidate) =>
            candidate.name === variable.name && (candidate.assigned || variable.assigned) && sameHome(candidate.home, variable.home),
        ),
      ),
    ),
  )
}

function join(groupOf: Map<PlacedClosure, PlacedClosure[]>, one: PlacedClosure, other: PlacedClosure): void {
  const into = groupOf.get(one) as PlacedClosure[]
  const from = groupOf.get(other) as PlacedClosure[]
  if (into === from) return
  for (const member of from) {
    into.push(member)
    groupOf.set(member, into)
  }
}

/** Scopes are shown as copies: they are taken for one when they look alike in all they hold. */
function sameHome(a: Home, b: Home): boolean {
  if (a.url !== b.url || a.type !== b.type || a.depth !== b.depth) return false
  if (!holdTheSame(a, b) || a.around.length !== b.around.length) return false
  return a.around.every((scope, index) => holdTheSame(scope, b.around[index] as Scope)) // Of the same length.
}

function holdTheSame(a: Pick<Home, 'type' | 'variables'>, b: Pick<Home, 'type' | 'variables'>): boolean {
  if (a.type !== b.type) return false
  if (a.type === 'Module' || a.type === 'Script' || a.type === 'Global' || a.variables === b.variables) return true
  const names = Object.keys(a.variables ?? {})
  if (names.length !== Object.keys(b.variables ?? {}).length) return false
  return names.every((name) => Object.is(readVariable(a.variables ?? {}, name), readVariable(b.variables ?? {}, name)))
}

/**
 * Two counters made by one factory look like one when both stand at the same number, whatever else was handed to both. Only functions that were
 * made in a scope and are held by a variable of it tell it from all others. Two functions of one line are of two scopes or one, as nobody knows. Two of
 * different lines mostly are of one, as what a call of a factory gives is used together; not where the text says that each is from a call of its own.
 */
function mustBeCertain(
  encoder: Encoder,
  placed: readonly PlacedClosure[],
  one: PlacedClosure,
  other: PlacedClosure,
  variable: Variable,
): void {
  const { type, variables } = variable.home
  if (type === 'Module' || type === 'Script' || type === 'Global') return
  const held = new Set(Object.keys(variables ?? {}).map((name) => readVariable(variables ?? {}, name)))
  const proven = placed.some(
    ({ closure }) => held.has(closure.fn) && closure.variables.some((candidate) => sameHome(candidate.home, variable.home)),
  )
  if (proven) return
  const ofOneLine = one.closure.source === other.closure.source && one.closure.line === other.closure.line
  if (!ofOneLine && !comeFromTwoCalls(placed, one, other)) return
  const which = ofOneLine ? 'another function made by the same line' : `${other.closure.label}, which seems to be from another call,`
  encoder.refuse(
    one.at,
    `it cannot be told whether ${one.closure.label} and ${which} share the variable ${variable.name}`,
    ofOneLine
      ? `Keep it in an object: const state = { ${variable.name} }`
      : `Take both from one object, const { a, b } = make(), or keep it in an object: const state = { ${variable.name} }`,
  )
}

/** Says whether the constants that hold two functions were given them by two calls. */
function comeFromTwoCalls(placed: readonly PlacedClosure[], one: PlacedClosure, other: PlacedClosure): boolean {
  const sources = (fn: unknown) =>
    placed.flatMap(({ closure }) =>
      closure.variables.flatMap(({ value, source }) => (value === fn && source !== undefined ? [source] : [])),
    )
  const theirs = sources(other.closure.fn)
  return sources(one.closure.fn).some((source) => theirs.some((their) => areApart(source, their)))
}

function sharedHomes(group: readonly PlacedClosure[]): SharedScope[] {
  const scopes: SharedScope[] = []
  const uses = (home: Home, name: string) =>
    group.filter((one) => one.closure.variables.some((variable) => variable.name === name && sameHome(variable.home, home))).length
  for (const one of group) {
    one.closure.variables.forEach((variable, index) => {
      const isAssigned = group.some((member) =>
        member.closure.variables.some(
          (candidate) => candidate.name === variable.name && candidate.assigned && sameHome(candidate.home, variable.home),
        ),
      )
      if (!isAssigned || uses(variable.home, variable.name) < 2) return
      let scope = scopes.find((candidate) => sameHome(candidate.home, variable.home))
      if (scope === undefined) {
        scope = { home: variable.home, names: [], valuesAt: [] }
        scopes.push(scope)
      }
      if (!scope.names.includes(variable.name)) {
        scope.names.push(variable.name)
        scope.valuesAt.push(one.valuesAt[index] as number)
      }
    })
  }
  return scopes.sort((a, b) => a.home.depth - b.home.depth)
}

function encodeGroup(encoder: Encoder, group: PlacedClosure[], scopes: SharedScope[]): void {
  const inFile = [...group].sort((a, b) => a.closure.line - b.closure.line || a.closure.column - b.closure.column)
  const sees = (one: PlacedClosure, scope: SharedScope) =>
    one.closure.variables.some((variable) => scope.names.includes(variable.name) && sameHome(variable.home, scope.home))
  const innermost = (one: PlacedClosure) => scopes.findLastIndex((scope) => sees(one, scope))
  const parents = scopes.map((scope, index) => {
    // The nearest scope around it that someone sees who sees this one.
    const candidates = inFile
      .filter((one) => sees(one, scope))
      .map((one) => scopes.findLastIndex((outer, at) => at < index && sees(one, outer)))
    return Math.max(-1, ...candidates)
  })
  const owns: number[][] = []
  const functions: Code['functions'][number][] = []
  const keys: string[] = []
  for (const one of inFile) {
    const { closure } = one
    const names: string[] = []
    const valuesAt: number[] = []
    const absent: string[] = []
    closure.variables.forEach((variable, index) => {
      if (scopes.some((scope) => scope.names.includes(variable.name) && sameHome(scope.home, variable.home))) return
      const valueAt = one.valuesAt[index] as number
      if (valueAt < 0) absent.push(variable.name)
      else {
        names.push(variable.name)
        valuesAt.push(valueAt)
      }
    })
    const { form, klass } = closure.facts
    const scope = innermost(one)
    functions.push({
      source: closure.source,
      form,
      line: closure.line,
      column: closure.column,
      scope,
      names,
      absent,
      whyAbsent: absent.map((name) => one.whyAbsent.get(name) ?? ''),
      early: (klass?.definition.size ?? 0) > 0,
    })
    owns.push(valuesAt)
    keys.push(`${closure.line}:${closure.column} ${scope} ${names.join()} ${absent.join()} ${closure.source}`)
  }
  const first = inFile[0] as PlacedClosure
  const code: Code = {
    url: first.closure.url,
    strict: inFile.every((one) => one.closure.strict),
    scopes: scopes.map((scope, index) => ({ parent: parents[index] as number, names: scope.names })),
    functions,
  }
  const shape = scopes.map((scope, index) => `${parents[index]}(${scope.names.join()})`).join()
  const id = encoder.sender.codeId(`${code.url} ${code.strict} ${shape} ${keys.join('\n')}`, code)
  encoder.uses.add(id)
  const codeAt = encoder.add([Kind.code, id, owns, scopes.map((scope) => scope.valuesAt)])
  inFile.forEach((one, number) => {
    one.node[1] = codeAt
    one.node[2] = number
  })
}
