// What private fields hold: the engine shows them to an inspector. The values come over together, themselves and not as copies.

import { runInThisContext } from 'node:vm'
import { ask, canInspect } from './inspector.js'

const GROUP = 'rungs.private'
const main = runInThisContext('globalThis') as Record<symbol, unknown>
/** As in `inspector`, which makes it. */
const holder = Symbol.for('rungs.inspected')
const HOLDER = "globalThis[Symbol.for('rungs.inspected')]"

interface Remote {
  readonly objectId?: string
  readonly value?: unknown
  readonly unserializableValue?: string
}

interface Private {
  readonly name: string
  /** Accessors have none. */
  readonly value?: Remote
}

/** The private fields of an object by name, such as `#count`; of a class these are its static ones. Undefined: nobody can look here. */
export function privateFieldsOf(owner: object): ReadonlyMap<string, unknown> | undefined {
  if (!canInspect()) return undefined
  try {
    main[holder] = owner
    const found = ask<{ result: Remote }>('Runtime.evaluate', { expression: HOLDER, objectGroup: GROUP, silent: true })
    const objectId = found?.result.objectId
    if (objectId === undefined) return undefined
    const all = ask<{ privateProperties?: readonly Private[] }>('Runtime.getProperties', { objectId, ownProperties: true })
    const fields = all?.privateProperties?.filter(({ value }) => value !== undefined) ?? []
    ask('Runtime.callFunctionOn', {
      objectId,
      functionDeclaration: `function (...values) { ${HOLDER} = values }`,
      arguments: fields.map(({ value }) => sent(value as Remote)),
      objectGroup: GROUP,
      silent: true,
    })
    const values = main[holder] as readonly unknown[]
    return new Map(fields.map(({ name }, index) => [name, values[index]]))
  } finally {
    main[holder] = undefined
    ask('Runtime.releaseObjectGroup', { objectGroup: GROUP })
  }
}

/** The same value as an argument. */
function sent({ objectId, unserializableValue, value }: Remote): Remote {
  if (objectId !== undefined) return { objectId }
  return unserializableValue === undefined ? { value } : { unserializableValue }
}
