// A deadlock among tasks: each waits for the next, and the last for the first. Looked for when a task begins to wait, as that is when the
// circle closes. Only while debugging: a lock has to remember whose it is.
import { report } from '../core/report.js'
import type { Interruptible } from './scope.js'
import { type Task, waitsOf } from './task.js'

/** Looks for a circle that `wait` of `task` closes, and reports it. */
export function reportDeadlock(task: Task<unknown>, wait: Interruptible): void {
  const circle = findCircle(task, wait)
  if (circle === undefined) return
  const lines = circle.map(({ name, what }) => `\n  ${name} waits for ${what}`).join('')
  report('RUNGS_DEADLOCK', `Tasks wait for each other, and none can go on:${lines}`, `${circle.length} tasks`)
}

interface Link {
  readonly name: string
  readonly what: string
}

function findCircle(task: Task<unknown>, wait: Interruptible): Link[] | undefined {
  const seen = new Set<Task<unknown>>()
  const follow = (from: Task<unknown>, through: Interruptible): Link[] | undefined => {
    const link = { name: from.name, what: through.describe() }
    for (const blocker of through.blockers?.() ?? []) {
      if (blocker === task) return [link]
      if (blocker.done || seen.has(blocker)) continue
      seen.add(blocker)
      // A task with several waits at once may go on by another of them; only one with a single wait is surely held up.
      const waits = [...waitsOf(blocker)]
      const next = waits.length === 1 ? waits[0] : undefined
      const rest = next === undefined ? undefined : follow(blocker, next)
      if (rest !== undefined) return [link, ...rest]
    }
    return undefined
  }
  return follow(task, wait)
}
