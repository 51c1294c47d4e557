import { CancelledError, InvalidStateError } from '../core/errors.js'
import { hasFailed, listen, outcomeOf } from '../core/future.js'
import { requireFunction, requireKnown, requireOneOf, requireSignal } from '../core/options.js'
import { announce, report } from '../core/report.js'
import './debug-mode.js'
import { onAbort } from '../core/on-abort.js'
import { debugging } from './debugging.js'
import { followsFrom } from './scope.js'
import {
  allTasks,
  cancellationOf,
  cancellationsIn,
  cancelMessage,
  cancelTask,
  currentTask,
  leftOver,
  startTask,
  type Task,
} from './task.js'
import { abortError, WaitQueue } from './wait-queue.js'

/** What the `main` of {@link run} is given. */
export interface RunScope {
  /** Aborts when the program is asked to end. */
  readonly signal: AbortSignal
}

/** How a program is run. */
export interface RunOptions {
  /** Aborting it cancels `main`. */
  readonly signal?: AbortSignal | undefined
  /**
   * Ctrl-C cancels `main`, once; a second one ends the process at once. Default: as in Python, true, unless somebody else listens to
   * `SIGINT` already.
   */
  readonly handleSigint?: boolean | undefined
}

/**
 * Runs a program: `main` as a task, and everything that it starts. When `main` has ended, tasks of it that are left over are cancelled and
 * waited for; an error of theirs is reported as a warning of the process.
 *
 * Cancelling by `signal` or Ctrl-C interrupts what `main` waits for, and then waits for its cleanup. What the platform calls back inside of it,
 * such as the requests of a server, is interrupted too, unless it is a task of its own: `shield(() => answer(request))`.
 * @throws What `main` throws (as a rejection), and {@link CancelledError} if it was cancelled. At once: {@link InvalidStateError} inside a
 *   task, where a {@link TaskGroup} is meant; {@link TypeError} for a wrong argument.
 * @example
 * await run(async () => {
 *   await TaskGroup.run((group) => {
 *     for (const device of devices) group.spawn(ask, device)
 *   })
 * })
 */
export function run<R>(main: (scope: RunScope) => R, options: RunOptions = {}): Promise<Awaited<R>> {
  requireFunction('What is run', main)
  requireKnown('The options of run()', options, ['signal', 'handleSigint'])
  if (options.handleSigint !== undefined) requireOneOf('handleSigint', options.handleSigint, [true, false])
  const { signal, handleSigint = process.listenerCount('SIGINT') === 0 } = options
  if (signal !== undefined) requireSignal('signal', signal)
  if (currentTask() !== undefined) throw new InvalidStateError('run() cannot be called inside a task: spawn in a TaskGroup instead')
  return runMain(main, signal, handleSigint)
}

async function runMain<R>(main: (scope: RunScope) => R, signal: AbortSignal | undefined, handleSigint: boolean): Promise<Awaited<R>> {
  let unlink = (): void => {}
  const strays = new Strays()
  // The task itself, not a scope within: its signal is the one that main looks at.
  const cancel = (error: CancelledError): void => {
    strays.add(error)
    cancelTask(task, error)
  }
  const task: Task<Awaited<R>> = startTask<Awaited<R>>({
    name: 'main',
    fn: () => {
      if (signal !== undefined) {
        const abort = (): void => cancel(abortError(signal))
        if (signal.aborted) abort()
        else unlink = onAbort(signal, abort)
      }
      const scope: RunScope = {
        get signal() {
          return task.signal
        },
      }
      return main(scope) as Awaited<R> // What awaiting it means.
    },
  })
  // Once: whoever presses it again gets what Node does then, which is to end.
  const onSigint = (): void => cancel(new CancelledError(cancelMessage('SIGINT'), { reason: 'SIGINT' }))
  if (handleSigint) process.once('SIGINT', onSigint)
  try {
    return await task
  } finally {
    unlink()
    await endLeftovers(task)
    process.removeListener('SIGINT', onSigint)
    await strays.end()
  }
}

/**
 * What the platform calls back, such as the requests of a server, has the scope of the code that asked for it, and is cancelled together with main.
 * Nobody awaits it: its rejection must not end the process in the middle of the cleanup of main, and is reported as a warning.
 */
class Strays {
  readonly #errors = new Set<unknown>()
  readonly #onRejection = (reason: unknown): void => {
    if (this.#errors.has(reason)) report('RUNGS_TASK', 'What the platform called back inside of main was cancelled with it', reason)
    // To listen has taken the rest from Node, which would end the process.
    else if (process.listenerCount('unhandledRejection') === 1) throw reason
  }

  add(error: CancelledError): void {
    if (this.#errors.size === 0) process.on('unhandledRejection', this.#onRejection)
    this.#errors.add(error)
  }

  async end(): Promise<void> {
    if (this.#errors.size === 0) return
    // Node tells of a rejection at the end of the turn. That of run() itself is not one of these.
    await new Promise((resolve) => setImmediate(resolve))
    process.removeListener('unhandledRejection', this.#onRejection)
  }
}

async function endLeftovers(main: Task<unknown>): Promise<void> {
  const ended = new WaitQueue<void>({ take: () => undefined, describe: () => 'the tasks left over by main' })
  // Who was told of what ended main, as it waited for them, is cleaning up already. If main has caught it and gone on, this is another reason.
  const known = hasSucceeded(main) ? new Set() : cancellationsIn(reasonOf(main), cancellationOf(main))
  // Until there are none: their cleanup may start more.
  for (let round = 0; ; round++) {
    const left = [...allTasks()].filter((task) => isUnder(main, task))
    if (left.length === 0) return
    if (debugging && round === 0 && hasSucceeded(main))
      announce('RUNGS_NOT_AWAITED', `Main has ended, and nobody awaited what is cancelled now: ${left.map(({ name }) => name).join(', ')}`)
    const error = followsFrom(new CancelledError('Cancelled because main has ended'), known)
    for (const task of left) {
      leftOver.add(task)
      listen(task, () => {
        if (hasFailed(task)) report('RUNGS_TASK', `${task.name} failed while run() was ending`, reasonOf(task))
        ended.grantAll()
      })
      cancelTask(task, error)
    }
    await ended.join().promise
    // All that ended in this turn at once, not a round for each.
    while (left.some((task) => !task.done)) await ended.join().promise
  }
}

function hasSucceeded(task: Task<unknown>): boolean {
  return !task.cancelled && !hasFailed(task)
}

function isUnder(main: Task<unknown>, task: Task<unknown>): boolean {
  for (let at: Task<unknown> | undefined = task; at !== undefined; at = at.parent) if (at === main) return true
  return false
}

function reasonOf(task: Task<unknown>): unknown {
  const outcome = outcomeOf(task)
  return outcome.status === 'rejected' ? outcome.reason : undefined
}
