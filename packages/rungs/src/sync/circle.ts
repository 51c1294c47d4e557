// Circles of tasks that wait for each other, of which a cancellation must end one wait.
//
// A task waits for those that it awaits, and cannot end before those that its groups and gathers hold. There may be many of these, and long chains,
// all of which are cancelled at once. So the search follows only the waits that have passed the request on, and each task that holds others
// remembers through which of them it gets there.
import { onDone } from '../core/future.js'
import { depthOf, heldBy, type Task, waitsOf } from './task.js'

/** Of a task: those that it holds, as it seems, in which or within which a wait has passed on a request. */
const ways = new WeakMap<Task<unknown>, Set<Task<unknown>>>()
/** Of a task that is gathered by others than the one that started it: these. */
const gatherers = new WeakMap<Task<unknown>, Set<Task<unknown>>>()

/** Notes that a gather holds a task that is not its child. */
export function noteGatherer(task: Task<unknown>, gatherer: Task<unknown>): void {
  let all = gatherers.get(task)
  if (all === undefined) {
    all = new Set()
    gatherers.set(task, all)
  }
  all.add(gatherer)
  onDone(gatherer, () => all.delete(gatherer))
  if (hasPassing(task)) notePassing(task)
}

function hasPassing(task: Task<unknown>): boolean {
  if ((ways.get(task)?.size ?? 0) > 0) return true
  for (const { hasPassed } of waitsOf(task)) if (hasPassed) return true
  return false
}

/** Notes that a wait in `task` has passed on a request. */
export function notePassing(task: Task<unknown>): void {
  const all = new Set([task])
  // A set gives what is added meanwhile, too.
  for (const inner of all) {
    for (const outer of holdersOf(inner)) {
      const way = ways.get(outer) ?? new Set()
      // Then those around it know, too.
      if (way.has(inner)) continue
      ways.set(outer, way.add(inner))
      onDone(inner, () => way.delete(inner))
      all.add(outer)
    }
  }
}

function* holdersOf(task: Task<unknown>): Iterable<Task<unknown>> {
  // Whether it really holds the task is looked up when that matters.
  if (task.parent !== undefined) yield task.parent
  const others = gatherers.get(task)
  if (others !== undefined) yield* others
}

/** Whether `holder` is around `task` and cannot end before it, by the groups, gathers and waits between them. */
export function isInside(task: Task<unknown>, holder: Task<unknown>): boolean {
  const depth = depthOf(holder)
  let inner = task
  for (let outer = task.parent; outer !== undefined && depthOf(outer) >= depth; outer = outer.parent) {
    if (!waitsFor(outer, inner)) return false
    if (outer === holder) return true
    inner = outer
  }
  return false
}

/**
 * Whether a request to end that `from` is given comes round to `to`, and each on the way has passed one on already. Whether it was this one does not
 * matter: a group that is ending tells its children nothing more.
 */
export function comesRound(from: Task<unknown>, to: Task<unknown>): boolean {
  const reached = new Set([from])
  for (const task of reached) {
    if (task === to) return true
    for (const { awaited, hasPassed } of waitsOf(task)) if (awaited !== undefined && hasPassed) reached.add(awaited)
    for (const inner of ways.get(task) ?? []) if (holds(task, inner)) reached.add(inner)
  }
  return false
}

function waitsFor(task: Task<unknown>, other: Task<unknown>): boolean {
  if (holds(task, other)) return true
  for (const wait of waitsOf(task)) if (wait.awaited === other) return true
  return false
}

function holds(task: Task<unknown>, other: Task<unknown>): boolean {
  for (const held of heldBy(task)) if (held.has(other)) return true
  return false
}
