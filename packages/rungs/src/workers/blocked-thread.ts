// While resultSync() blocks a thread no event loop hears what the workers of its other pools say, and the call that it waits for may wait for one of
// theirs: a thread submits to a pool of processes, and the program blocks for the thread. So whoever blocks looks after all pools that have something to do.

/** Pools of this thread that have something to do, and how each hears what its workers say. */
const pools = new Map<object, () => void>()

/** Milliseconds between two looks at the others. Each has its own way to wake the thread, and the thread sleeps on that of one. */
export const untilOthers = 1

/** Whether the pool has something to do. `attend` hears what there is to hear; it does not block. */
export function noteBusy(pool: object, busy: boolean, attend: () => void): void {
  if (busy) pools.set(pool, attend)
  else pools.delete(pool)
}

/** Attends to all but this one. @returns whether there are any */
export function attendOthers(pool: object): boolean {
  let some = false
  for (const [other, attend] of [...pools]) {
    if (other === pool) continue
    some = true
    attend()
  }
  return some
}
