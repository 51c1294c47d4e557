// How an item becomes the arguments of a call.
import { show } from '../../core/options.js'

/** The arguments for the item with this index. */
export type ArgsOf = (item: unknown, index: number) => unknown[]

/** `map`: the function gets the item and its index. */
export const mapArgs: ArgsOf = (item, index) => [item, index]

/** `starmap`: the item is the tuple of arguments. */
export const starmapArgs: ArgsOf = (item, index) => {
  // A string is iterable, and its letters are never what was meant.
  if (typeof item === 'object' && item !== null && Symbol.iterator in item) return [...(item as Iterable<unknown>)]
  throw new TypeError(`Each item of starmap() must be an array of arguments; item ${index} is ${show(item)}`)
}
