// What `await future` costs. The language makes a promise of its own for each await of something that is no promise, and hands the two functions
// that settle it to `then`. They can be called as they are: a promise between them and the future, and one that `then` would give, would be for
// nobody, and cost more than all the rest of a short call.

import { types } from 'node:util'

export type Settler = (value: unknown) => void

/** The two functions that settle a promise. */
export class Settlers {
  constructor(
    readonly resolve: Settler,
    readonly reject: Settler,
  ) {}
}

const { isProxy } = types
const sourceOf = Function.prototype.toString

/** Whether these two are what the language has made to settle a promise: they run nothing of a program when they are called. */
export function areSettlers(resolve: unknown, reject: unknown): boolean {
  // A proxy of any function looks the same. To ask costs as much as all else here; nobody has one of the two and makes a proxy for the other.
  return looksLikeSettler(resolve) && looksLikeSettler(reject) && !isProxy(resolve)
}

function looksLikeSettler(fn: unknown): boolean {
  return typeof fn === 'function' && fn.name === '' && fn.length === 1 && sourceOf.call(fn) === 'function () { [native code] }'
}
