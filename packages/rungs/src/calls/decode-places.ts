// Where in a node the places of others are. wire.ts says what each kind of node holds.

import { type Extras, Kind, NONE } from './wire.js'

/** An entry of a table that is not a primitive: its kind, and what follows it. */
export type Node = readonly unknown[]

/** Where the nodes of a kind have their extras. */
export const EXTRAS_AT: Readonly<Record<number, number>> = {
  [Kind.object]: 4,
  [Kind.array]: 4,
  [Kind.map]: 4,
  [Kind.set]: 3,
  [Kind.date]: 3,
  [Kind.regexp]: 5,
  [Kind.boxed]: 3,
  [Kind.error]: 4,
  [Kind.view]: 6,
  [Kind.bound]: 7,
  [Kind.function]: 9,
}

/** Where the nodes of functions have names, valuesAt, prototypeAt and extras, one after the other. */
export const OWN_AT: Readonly<Record<number, number>> = { [Kind.function]: 6, [Kind.bound]: 4 }

/** The names of the own properties of a function; what is no function, or has none, has no such list. */
export function ownNamesIn(node: Node): readonly string[] {
  return (node[OWN_AT[node[0] as number] ?? -1] as readonly string[] | undefined) ?? NONE
}

/** The places of their values. */
export function ownPlacesIn(node: Node): readonly number[] {
  return (node[(OWN_AT[node[0] as number] ?? -2) + 1] as readonly number[] | undefined) ?? NONE
}

/** The places that a node mentions. */
export function placesIn(node: Node): number[] {
  const extras = EXTRAS_AT[node[0] as number]
  const places: unknown[] = []
  switch (node[0]) {
    case Kind.object:
    case Kind.array:
    case Kind.error:
      places.push(node[2], node[3])
      break
    case Kind.map:
      places.push(node[1], node[2], node[3])
      break
    case Kind.set:
      places.push(node[1], node[2])
      break
    case Kind.function:
      places.push(node[1], node[4], node[7], node[8], node[10])
      break
    case Kind.code:
      places.push(node[2], node[3])
      break
    case Kind.bound:
      places.push(node[1], node[2], node[3], node[5], node[6])
      break
    case Kind.prototype:
    case Kind.arguments:
      places.push(node[1])
  }
  if (extras !== undefined)
    for (const [, , at, setterAt] of (node[extras] as Extras | undefined)?.properties ?? []) places.push(at, setterAt)
  return (places.flat(2) as unknown[]).filter((place): place is number => typeof place === 'number' && place >= 0)
}
