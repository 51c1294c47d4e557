// What V8 shows of a function: its captured variables and where it was written. An inspector session on the own thread answers at once,
// and with no domain enabled the program runs as fast as before. Never Debugger.enable: it makes every await nine times slower.

import type { Session } from 'node:inspector'
import { runInThisContext } from 'node:vm'

/** One scope of a function, the innermost first. `variables` is a copy made when it was read. */
export interface Scope {
  /** Closure, Block, Catch, Module, Script, Global, … */
  readonly type: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** A variable of a scope; undefined in its temporal dead zone, where V8 throws. */
export function readVariable(variables: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return variables[name]
  } catch {
    return undefined
  }
}

/** What the engine knows of a function. */
export interface Seen {
  readonly scriptId: string | undefined
  /** Of the first character that is inside: for `function f(x) {}` the parenthesis. From 0. */
  readonly line: number
  readonly column: number
  readonly scopes: readonly Scope[]
  /** Set when it is a bound function. */
  readonly bound: { readonly target: unknown; readonly self: unknown; readonly args: readonly unknown[] } | undefined
}

interface Remote {
  readonly objectId?: string
  readonly value?: unknown
}

interface Internal {
  readonly name: string
  readonly value?: Remote
}

// The real global also where tests run in a context of their own: what the inspector evaluates, it evaluates there.
const main = runInThisContext('globalThis') as Record<symbol, unknown>
const holder = Symbol.for('rungs.inspected')
const HOLDER = "globalThis[Symbol.for('rungs.inspected')]"
const GROUP = 'rungs'
/** Remote objects keep what they stand for alive, so they are released now and then; each release costs as much as a post. */
const READS_PER_RELEASE = 64

let session: Session | undefined
let unavailable: unknown
let reads = 0

/** Whether captured variables can be read here; false under `--permission`, and on runtimes without an inspector. */
export function canInspect(): boolean {
  return connect() !== undefined
}

/** Why they cannot be read. */
export function whyNotInspect(): string {
  return unavailable instanceof Error ? unavailable.message : 'this runtime has no inspector'
}

function connect(): Session | undefined {
  if (session !== undefined || unavailable !== undefined) return session
  try {
    const inspector = process.getBuiltinModule('node:inspector')
    const opened = new inspector.Session()
    opened.connect()
    Object.defineProperty(main, holder, { value: undefined, writable: true, configurable: true, enumerable: false })
    session = opened
  } catch (reason) {
    unavailable = reason ?? new Error('this runtime has no inspector')
  }
  return session
}

/** Posts a command whose answer comes before `post` returns, as all do that need no domain. */
export function ask<T>(method: string, params?: object): T | undefined {
  let answer: T | undefined
  let failure: Error | null = null
  connect()?.post(method, params ?? {}, (error, result) => {
    failure = error
    answer = result as T
  })
  return failure === null ? answer : undefined
}

let looks: Map<object, Seen | undefined> | undefined

/** Runs `work`, in which no function is read twice: nothing of the program runs meanwhile that could change what it captured. */
export function lookingOnce<T>(work: () => T): T {
  if (looks !== undefined) return work()
  looks = new Map()
  try {
    return work()
  } finally {
    looks = undefined
  }
}

/** Reads a function; undefined when the engine says nothing about it. */
export function inspectFunction(fn: object): Seen | undefined {
  if (looks === undefined) return look(fn)
  if (!looks.has(fn)) looks.set(fn, look(fn))
  return looks.get(fn)
}

function look(fn: object): Seen | undefined {
  const internals = internalsOf(fn)
  if (internals === undefined) return undefined
  const find = (name: string) => internals.find((property) => property.name === name)?.value
  const target = find('[[TargetFunction]]')
  const location = find('[[FunctionLocation]]')?.value as { scriptId: string; lineNumber: number; columnNumber: number } | undefined
  const scopes = take(find('[[Scopes]]')) as { description: string; object: Record<string, unknown> }[] | undefined
  const seen: Seen = {
    scriptId: location?.scriptId,
    line: location?.lineNumber ?? 0,
    column: location?.columnNumber ?? 0,
    scopes: scopes === undefined ? [] : Array.from(scopes, (scope) => ({ type: scope.description, variables: scope.object })),
    bound:
      target === undefined
        ? undefined
        : { target: take(target), self: take(find('[[BoundThis]]')), args: (take(find('[[BoundArgs]]')) as unknown[] | undefined) ?? [] },
  }
  release()
  return seen
}

interface Properties {
  readonly internalProperties?: readonly Internal[]
}

function internalsOf(value: object): readonly Internal[] | undefined {
  if (connect() === undefined) return undefined
  return propertiesOf(value)?.internalProperties
}

function propertiesOf(value: object): Properties | undefined {
  main[holder] = value
  const remote = ask<{ result: Remote }>('Runtime.evaluate', { expression: HOLDER, objectGroup: GROUP, silent: true })
  main[holder] = undefined
  if (remote?.result.objectId === undefined) return undefined
  return ask<Properties>('Runtime.getProperties', { objectId: remote.result.objectId, ownProperties: true })
}

/** The value behind a remote object, itself and not a copy. */
function take(remote: Remote | undefined): unknown {
  if (remote === undefined) return undefined
  if (remote.objectId === undefined) return unserialized(remote)
  ask('Runtime.callFunctionOn', {
    objectId: remote.objectId,
    functionDeclaration: `function () { ${HOLDER} = this }`,
    objectGroup: GROUP,
    silent: true,
  })
  const value = main[holder]
  main[holder] = undefined
  return value
}

/** Primitives come as they are, and as text when JSON has no form for them. */
function unserialized(remote: Remote & { readonly unserializableValue?: string }): unknown {
  const text = remote.unserializableValue
  if (text === undefined) return remote.value
  return text.endsWith('n') ? BigInt(text.slice(0, -1)) : text === '-0' ? -0 : Number(text)
}

function release(): void {
  reads++
  if (reads % READS_PER_RELEASE === 0) ask('Runtime.releaseObjectGroup', { objectGroup: GROUP })
}
