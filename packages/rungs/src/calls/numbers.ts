// A list of numbers as a typed array: structured clone then copies memory instead of writing value by value, which is most of what a message
// of many small items costs.

/** Shorter lists gain nothing. */
const FEWEST = 16

/**
 * The numbers from `from` to `to`, in the smallest kind of array that keeps each of them as it is; undefined when not all are numbers, or when
 * there are few.
 */
export function numbersOf(list: ArrayLike<unknown>, from = 0, to = list.length): Int32Array | Float64Array | undefined {
  if (to - from < FEWEST || typeof list[from] !== 'number') return undefined
  const integers = new Int32Array(to - from)
  for (let at = from; at < to; at++) {
    const value = list[at]
    if (typeof value !== 'number') return undefined
    const integer = value | 0
    if (integer !== value || Object.is(value, -0)) return doublesOf(list, from, to, integers, at)
    integers[at - from] = integer
  }
  return integers
}

/** Goes on where the first number was met that is no integer of 32 bits. */
function doublesOf(list: ArrayLike<unknown>, from: number, to: number, integers: Int32Array, reached: number): Float64Array | undefined {
  const doubles = new Float64Array(to - from)
  doubles.set(integers)
  for (let at = reached; at < to; at++) {
    const value = list[at]
    if (typeof value !== 'number') return undefined
    doubles[at - from] = value
  }
  return doubles
}
