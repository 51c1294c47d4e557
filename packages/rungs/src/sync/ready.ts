// Who may go on next. A wait that has been granted goes on in the same turn, in the order of the grants, but not within the call that
// granted it: until then it can still be cancelled, and what it was granted passes on to the next in line.

/** Something that can go on: a granted wait, or a task that has not begun. */
export interface Ready {
  proceed(): void
}

/** Takes what becomes ready, and lets it proceed when it likes; for a scheduler that explores orders. See {@link useReadyOrder}. */
export interface ReadyOrder {
  add(job: Ready): void
  /** How many have not gone on yet. */
  readonly size: number
}

const resolved = Promise.resolve()
let jobs: Ready[] = []
let spare: Ready[] = []
let order: ReadyOrder | undefined

/** Whether something waits to go on; who becomes ready now must stand behind it. */
export let someAreReady = false

export function addReady(job: Ready): void {
  if (order !== undefined) {
    order.add(job)
    return
  }
  jobs.push(job)
  if (someAreReady) return
  someAreReady = true
  void resolved.then(proceedAll)
}

/** How many are ready and have not gone on yet. */
export function readyCount(): number {
  return order === undefined ? jobs.length : order.size
}

/** Runs `fn` after the promise reactions that are due already. */
export function soon(fn: () => void): void {
  void resolved.then(fn)
}

function proceedAll(): void {
  const due = jobs
  jobs = spare
  // By index: what becomes ready meanwhile goes to the other list.
  for (let i = 0; i < due.length; i++) due[i]?.proceed()
  due.length = 0
  spare = due
  someAreReady = jobs.length > 0
  if (someAreReady) void resolved.then(proceedAll)
}

/** Whether a replacement decides who goes on. */
export function hasReadyOrder(): boolean {
  return order !== undefined
}

/** Lets `replacement` decide who goes on next; disposing puts back the one before, as `useClock` does. For tests. */
export function useReadyOrder(replacement: ReadyOrder): Disposable {
  const before = order
  order = replacement
  someAreReady = true // So that nobody takes the short way past it.
  return {
    [Symbol.dispose]() {
      order = before
      someAreReady = before !== undefined || jobs.length > 0
    },
  }
}
