// What `await future` costs. The language makes a promise of its own for each await of something that is no promise, and hands the two functions
// that settle it to `then`. They can be called as they are: a promise between them and the future, and one that `then` would give, would be for
// nobody, and cost more than all the rest of a short call.

import { types } from 'node:util'

type Settler = (value: unknown) => void

/** The two functions that settle a promise. */
export class Settlers {
  constructor(
    readonly resolve: Settler,
    readonly reject: Settler,
  ) {}
}

const { isProxy } = types
const sourceOf = Function.prototype.toString

/** Whether it is one that the language has made: these run nothing of a program when they are called. A proxy of any function looks the same. */
export function isSettler(fn: unknown): fn is Settler {
  return (
    typeof fn === 'function' && !isProxy(fn) && fn.name === '' && fn.length === 1 && sourceOf.call(fn) === 'function () { [native code] }'
  )
}
