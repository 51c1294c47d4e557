import { currentCall } from 'rungs'

/** Counts without a pause, and looks now and then whether it is still wanted. */
export function countWhileWanted(): number {
  const signal = currentCall()?.signal
  let count = 0
  while (!signal?.aborted) count += 1
  console.log('was told, and stopped')
  return count
}

/** Never pauses and never looks. */
export function spinForEver(): never {
  for (;;) {}
}

export const double = (number: number): number => number * 2
