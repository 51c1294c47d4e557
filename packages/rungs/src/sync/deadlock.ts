// A deadlock among tasks: each waits for the next, and the last for the first. Only while debugging: a lock has to remember whose it is.
//
// What a task waits for of the platform is not seen, nor is which of the functions that run beside each other inside of it waits for what. So a
// circle is a deadlock for sure only when the event loop has run empty: then nothing can go on. While the loop turns, a circle is reported when it
// has stood for a while, each in it has no other wait than this one, and no deadline or signal ends that. A task that waits for itself may have
// another function inside that holds the lock and waits for the platform, so that is only told at the end.
import { announce } from '../core/report.js'
import { type CancelScope, currentScope, type Interruptible } from './scope.js'
import { allTasks, type Task, waitsOf } from './task.js'
import { Waiter, watchBlocking } from './wait-queue.js'

/** A task, and what of its waits the circle goes through. */
interface Link {
  readonly task: Task<unknown>
  readonly wait: Interruptible
}

/** In which scope each wait stands. */
const scopes = new WeakMap<Interruptible, CancelScope>()
/** The waits of which a circle has been reported. */
const reported = new WeakSet<Interruptible>()

/** Looks for deadlocks every `ms` milliseconds, and when nothing is left to do. */
export function watchDeadlocks(ms: number): void {
  watchBlocking((wait) => {
    const scope = currentScope()
    if (scope !== undefined) scopes.set(wait, scope)
  })
  let standing = new Set<Interruptible>()
  const look = (): void => {
    const circles = findCircles(onlyWaits).filter((circle) => circle.length > 1)
    for (const circle of circles) if (circle.every(({ wait }) => standing.has(wait))) reportCircle(circle)
    standing = new Set(circles.flat().map(({ wait }) => wait))
  }
  setInterval(look, ms).unref()
  process.on('beforeExit', () => {
    for (const circle of findCircles(waitsOf)) reportCircle(circle)
  })
}

function reportCircle(circle: readonly Link[]): void {
  if (circle.some(({ wait }) => reported.has(wait))) return
  for (const { wait } of circle) reported.add(wait)
  const lines = circle.map(({ task, wait }) => `\n  ${task.name} waits for ${wait.describe()}`).join('')
  announce('RUNGS_DEADLOCK', `Tasks wait for each other, and none can go on:${lines}`)
}

/** The wait of a task that nothing but its blockers ends, if it has no other. */
function onlyWaits(task: Task<unknown>): readonly Interruptible[] {
  const waits = [...waitsOf(task)]
  const [wait] = waits
  if (wait === undefined || waits.length > 1) return []
  // A scope within that of the task may be that of a deadline or a signal.
  const ends = scopes.get(wait)?.parent !== undefined || (wait instanceof Waiter && wait.hasSignal)
  return ends ? [] : [wait]
}

/** Circles of tasks by what they wait for, no two of which share a task; those that began last come first. */
function findCircles(held: (task: Task<unknown>) => Iterable<Interruptible>): Link[][] {
  const circles: Link[][] = []
  const seen = new Set<Task<unknown>>()
  const path: Link[] = []
  const visit = (task: Task<unknown>): void => {
    if (task.done) return
    if (seen.has(task)) {
      const begin = path.findIndex((link) => link.task === task)
      if (begin >= 0) circles.push(path.slice(begin))
      return
    }
    seen.add(task)
    for (const wait of held(task)) {
      path.push({ task, wait })
      for (const blocker of wait.blockers?.() ?? []) visit(blocker)
      path.pop()
    }
  }
  for (const task of [...allTasks()].reverse()) visit(task)
  return circles
}
