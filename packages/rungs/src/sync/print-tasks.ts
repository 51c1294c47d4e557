import { clock } from '../core/clock.js'
import { show } from '../core/options.js'
import type { Interruptible } from './scope.js'
import { allTasks, type Task, waitsOf } from './task.js'

/**
 * Writes the tree of the tasks that have not ended: their names, their ages, and what each waits for; as `python -m asyncio pstree`.
 * @param stream Where to; default `process.stderr`.
 * @throws {TypeError} if it has no `write`.
 * @example
 * process.on('SIGUSR2', () => printTasks())
 */
export function printTasks(stream: { write(text: string): unknown } = process.stderr): void {
  // By way of unknown: what JavaScript hands in may be anything.
  const { write } = Object(stream) as { readonly write?: unknown }
  if (typeof write !== 'function') throw new TypeError(`printTasks() takes a stream, or what has a write(), got ${show(stream)}`)
  stream.write(taskTree())
}

/** The tree as text, a line for each task. */
export function taskTree(): string {
  const tasks = allTasks()
  const children = new Map<Task<unknown> | undefined, Task<unknown>[]>()
  for (const task of tasks) {
    const parent = livingParent(task, tasks)
    children.set(parent, [...(children.get(parent) ?? []), task])
  }
  const now = clock().now()
  const lines: string[] = []
  const draw = (task: Task<unknown>, first: string, rest: string): void => {
    lines.push(`${first}${onOneLine(`${task.name}  ${age(now - task.createdAt)}  ${doing(task)}`)}`)
    const below = children.get(task) ?? []
    for (const [index, child] of below.entries()) {
      const last = index === below.length - 1
      draw(child, `${rest}${last ? '└── ' : '├── '}`, `${rest}${last ? '    ' : '│   '}`)
    }
  }
  const roots = children.get(undefined) ?? []
  for (const root of roots) draw(root, '', '')
  return lines.length === 0 ? 'no tasks\n' : `${lines.join('\n')}\n`
}

/** The nearest parent that still lives: a shielded task may outlive its own. */
function livingParent(task: Task<unknown>, tasks: ReadonlySet<Task<unknown>>): Task<unknown> | undefined {
  let parent = task.parent
  while (parent !== undefined && !tasks.has(parent)) parent = parent.parent
  return parent
}

function doing(task: Task<unknown>): string {
  if (task.state === 'pending') return 'has not started'
  const waits = [...waitsOf(task)].map((wait: Interruptible) => wait.describe())
  return waits.length === 0 ? 'runs, or waits for something of the platform' : `waits for ${waits.join(', ')}`
}

/** A name may be anything, and the tree is made of lines. */
function onOneLine(text: string): string {
  return text.replaceAll('\n', '\\n').replaceAll('\r', '\\r')
}

function age(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
