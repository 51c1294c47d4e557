// The contents of an object: they are put in when all objects of the table are there. `values` is what the table has at each place. encode-properties.ts
// and encode-builtins.ts take the same apart.

import { EXTRAS_AT, type Node } from './decode-places.js'
import { isHiddenOfError } from './errors-codec.js'
import { type Extras, Kind } from './wire.js'

/** Puts in what the node says, of all kinds but functions. */
export function fillContents(node: Node, value: unknown, values: readonly unknown[]): void {
  switch (node[0]) {
    case Kind.object:
      fillNames(value as object, node[1], node[2], values)
      fillExtras(value as object, node[4], values)
      return
    case Kind.array: {
      const places = node[2] as number[]
      const indices = node[5] as number[] | undefined
      const array = value as unknown[]
      for (let index = 0; index < places.length; index++) {
        const place = places[index] as number
        if (place >= 0) array[indices === undefined ? index : (indices[index] as number)] = values[place]
      }
      fillExtras(array, node[4], values)
      return
    }
    case Kind.map:
      ;(node[1] as number[]).forEach((keyAt, index) => {
        Map.prototype.set.call(value, values[keyAt], values[(node[2] as number[])[index] as number])
      })
      fillExtras(value as object, node[4], values)
      return
    case Kind.set:
      for (const place of node[1] as number[]) Set.prototype.add.call(value, values[place])
      fillExtras(value as object, node[3], values)
      return
    case Kind.date:
    case Kind.boxed:
      fillExtras(value as object, node[3], values)
      return
    case Kind.regexp:
      fillExtras(value as object, node[5], values)
      return
    case Kind.view:
      fillExtras(value as object, node[6], values)
      return
    case Kind.error:
      fillError(value as Error, node, values)
      return
    case Kind.arguments:
      ;(node[1] as number[]).forEach((place, index) => {
        ;(value as Record<number, unknown>)[index] = values[place]
      })
  }
}

function fillNames(value: object, names: unknown, places: unknown, values: readonly unknown[]): void {
  const list = names as string[]
  for (let index = 0; index < list.length; index++) {
    const name = list[index] as string
    const member = values[(places as number[])[index] as number]
    // A setter in the prototype must not run: what was an own property is one again.
    if (name in value && !Object.hasOwn(value, name)) {
      Object.defineProperty(value, name, { value: member, writable: true, enumerable: true, configurable: true })
    } else (value as Record<string, unknown>)[name] = member
  }
}

function fillError(error: Error, node: Node, values: readonly unknown[]): void {
  const names = node[1] as string[]
  names.forEach((name, index) => {
    Object.defineProperty(error, name, {
      value: values[(node[2] as number[])[index] as number],
      writable: true,
      configurable: true,
      enumerable: !isHiddenOfError(name),
    })
  })
  if (!names.includes('stack')) Object.defineProperty(error, 'stack', { value: undefined, writable: true, configurable: true })
  fillExtras(error, node[4], values)
}

/** Properties that are not plain data. */
export function fillExtras(value: object, extras: unknown, values: readonly unknown[]): void {
  if (extras === undefined || extras === null) return
  for (const [keyAt, flags, at, setterAt] of (extras as Extras).properties) {
    const key = values[keyAt] as string | symbol
    const shape = { enumerable: (flags & 2) !== 0, configurable: (flags & 4) !== 0 }
    if (setterAt === undefined) Object.defineProperty(value, key, { ...shape, value: values[at], writable: (flags & 1) !== 0 })
    else {
      const accessors: PropertyDescriptor = { ...shape }
      if (at >= 0) accessors.get = values[at] as () => unknown
      if (setterAt >= 0) accessors.set = values[setterAt] as (value: unknown) => void
      Object.defineProperty(value, key, accessors)
    }
  }
}

/** Nothing more is to be put into it: nothing can be added to what was frozen. */
export function closeContents(node: Node, value: unknown): void {
  const place = EXTRAS_AT[node[0] as number]
  const extras = place === undefined ? undefined : (node[place] as Extras | undefined)
  if (extras === undefined || extras === null) return
  close(value, extras.integrity)
}

/** The integrity is that of `Extras`. */
export function close(value: unknown, integrity: number): void {
  if (integrity === 3) Object.freeze(value)
  else if (integrity === 2) Object.seal(value)
  else if (integrity === 1) Object.preventExtensions(value)
}
