// A group of tasks that is left when all of them have ended. Who may end first is decided as data, in `exitOf`.
//
//   open ──a child fails, the body fails, cancel(), or a cancellation from around──▶ aborting ──all have ended──▶ finished
//     └───────────────────────────all have ended and the body has──────────────────────────────▶ finished
import { inspect } from 'node:util'
import { CancelledError, InvalidStateError } from '../core/errors.js'
import { isInstance, propertyOf } from '../core/foreign.js'
import { type Future, hasFailed, listen, outcomeOf } from '../core/future.js'
import { onAbort } from '../core/on-abort.js'
import { requireFunction, requireKnown, requireSignal, show } from '../core/options.js'
import type { Outcome } from '../core/outcome.js'
import { type Unobserved, watch, withdraw } from '../core/unobserved.js'
import { cancelWith } from './cancel-with.js'
import { CancelScope, currentScope, followsFrom, takeCancellation } from './scope.js'
import { cancellationsIn, cancelMessage, cancelTask, isCancellation, leftOver, startTask, type Task } from './task.js'
import { abortError, WaitQueue } from './wait-queue.js'

/** How a {@link TaskGroup} is run. */
export interface TaskGroupOptions {
  /** Aborting it cancels the group, its body and all children: leaving it throws {@link CancelledError}. */
  readonly signal?: AbortSignal | undefined
}

/** How the tasks of {@link TaskGroup.with} are called. */
export interface SpawnOptions {
  /** The name of the task, for errors and {@link printTasks}. */
  readonly name?: string | undefined
}

/** An error, and whose it is. */
interface Failure {
  readonly who: string
  readonly reason: unknown
}

/** What is known when all children have ended. */
interface Facts {
  readonly body: Outcome
  /** Of children and body; that the body was cancelled is none. */
  readonly failures: readonly Failure[]
  /** The group cancelled its body itself. */
  readonly own: boolean
  /** What has been cancelled around the group since it was opened. */
  readonly around: CancelScope | undefined
  /** Cancelled while waiting for the children. */
  readonly interrupted: CancelledError | undefined
}

type Exit =
  | { readonly type: 'return' }
  | { readonly type: 'cancelled'; readonly error: unknown }
  | { readonly type: 'failed'; readonly failures: readonly Failure[] }

/** Errors are stronger than a cancellation from around, and that is stronger than our own. */
function exitOf({ body, failures, own, around, interrupted }: Facts): Exit {
  if (failures.length > 0) return { type: 'failed', failures }
  if (interrupted !== undefined) return { type: 'cancelled', error: interrupted }
  if (body.status === 'rejected' && around !== undefined) return { type: 'cancelled', error: around.error }
  if (body.status === 'rejected' && !own) return { type: 'cancelled', error: body.reason }
  return { type: 'return' }
}

/** Each error once: who awaits a child that fails throws the child's error on. */
class Failures {
  readonly list: Failure[] = []
  readonly #errors = new Set<unknown>()

  add(who: string, reason: unknown): void {
    // What is no object may be thrown twice and mean two things.
    if (typeof reason === 'object' && reason !== null) {
      if (this.#errors.has(reason)) return
      this.#errors.add(reason)
    }
    this.list.push({ who, reason })
  }
}

/** What the views that `with` gives have in common. */
class Group {
  readonly children = new Set<Task<unknown>>()
  readonly scope: CancelScope
  readonly owner: Task<unknown> | undefined
  state: 'open' | 'aborting' | 'finished' = 'open'
  /** Nothing but children can spawn more. */
  bodyEnded = false
  own = false
  readonly failures = new Failures()
  readonly #holdsBody: boolean
  /** One for all children: there may be a hundred thousand. */
  readonly #onEnd = (task: Future<unknown>): void => this.#onChildEnded(task as Task<unknown>) // It listens to children only.
  /** Set while there are failures that nobody has been told, in a group that may never be left. */
  #unobserved: Unobserved | undefined
  /** Of the signal it was made with. */
  #aborted: CancelledError | undefined
  #unlink: (() => void) | undefined
  #left: Promise<void> | undefined
  readonly #ended = new WaitQueue<void>({
    take: () => undefined,
    describe: () => `TaskGroup of ${this.children.size}`,
    blockers: () => this.children,
  })

  /** @param holdsBody Whether the body runs inside of the scope; a block of `await using` cannot. */
  constructor(holdsBody: boolean) {
    const around = currentScope()
    this.scope = new CancelScope(around, around?.task, !holdsBody)
    this.scope.holds = this.children
    this.owner = around?.task
    this.#holdsBody = holdsBody
  }

  spawn<T>(name: string | undefined, fn: () => T | PromiseLike<T>): Task<T> {
    if (this.state === 'finished' || (this.bodyEnded && this.children.size === 0)) {
      throw new InvalidStateError('The TaskGroup is finished: spawn before its body ends')
    }
    if (this.state === 'aborting') throw new InvalidStateError('The TaskGroup is shutting down: it takes no more tasks')
    const task = startTask({ fn, name, parent: this.owner })
    this.children.add(task)
    listen(task, this.#onEnd)
    return task
  }

  abort(error: CancelledError, own: boolean): void {
    if (this.state !== 'open') return
    this.state = 'aborting'
    this.own = own
    this.scope.cancel(error)
    for (const child of [...this.children]) cancelTask(child, error)
  }

  /** The body has thrown. If that follows from a cancellation that children know of, as it waited for them, they are cleaning up already. */
  bodyFailed(reason: unknown): void {
    if (isInstance(reason, CancelledError)) this.abort(reason, false)
    else {
      const error = new CancelledError('Cancelled because the body of the group failed', { reason })
      this.abort(followsFrom(error, cancellationsIn(reason, this.scope.cancelledAround()?.error)), false)
    }
  }

  /** Of a block of `await using`, which does not run inside of anything that the signal could cancel. */
  abortWith(signal: AbortSignal): void {
    const abort = (): void => {
      this.#aborted = abortError(signal)
      this.abort(this.#aborted, true)
    }
    if (signal.aborted) abort()
    else this.#unlink = onAbort(signal, abort)
  }

  /** What the end of a block of `await using` does, by whichever view. */
  leave(): Promise<void> {
    this.#left ??= this.#leave()
    return this.#left
  }

  async #leave(): Promise<void> {
    // The block may be unwinding from this; it cannot tell us.
    const before = this.scope.cancelledAround()
    if (before?.error !== undefined) this.abort(before.error, false)
    const interrupted = await this.drain()
    this.#unlink?.()
    const around = this.scope.cancelledAround()
    this.scope.end()
    const body: Outcome = { status: 'fulfilled', value: undefined }
    leave(exitOf({ body, failures: this.failures.list, own: this.own, around, interrupted }), around)
    if (this.#aborted !== undefined) throw this.#aborted
  }

  /** Waits until all children have ended. @returns The cancellation that came meanwhile. */
  async drain(): Promise<CancelledError | undefined> {
    this.bodyEnded = true
    let interrupted: CancelledError | undefined
    const cancelled = (error: CancelledError): void => {
      interrupted ??= error
      this.abort(error, false)
    }
    while (this.children.size > 0) {
      const error = takeCancellation()
      if (error !== undefined) cancelled(error)
      try {
        await this.#ended.join().promise
      } catch (error) {
        cancelled(error as CancelledError) // Nothing else ends this wait.
      }
    }
    this.state = 'finished'
    if (this.#unobserved !== undefined) withdraw(this.#unobserved)
    return interrupted
  }

  #onChildEnded(task: Task<unknown>): void {
    this.children.delete(task)
    if (hasFailed(task)) {
      const outcome = outcomeOf(task)
      const reason = outcome.status === 'rejected' ? outcome.reason : undefined
      this.failures.add(task.name, reason)
      const label = `${task.name}, in a TaskGroup that was not left,`
      if (!this.#holdsBody && !leftOver.has(task)) this.#unobserved ??= watch(this, { reason, site: undefined, label })
      this.abort(new CancelledError(`Cancelled because ${task.name} failed`, { reason }), true)
    }
    if (this.children.size === 0) this.#ended.grantAll()
  }
}

/**
 * Runs tasks that end before the group does: leaving it waits for all of them, and no error is lost.
 *
 * The first child that fails cancels the others and the body; an error of the body cancels the children. All are waited for, and their errors
 * come together in one `AggregateError`, also a single one. A child that was cancelled is no error. A cancellation from around cancels the
 * children, and is thrown when they have ended; if one of them fails, the errors are thrown instead, and the cancellation at the next wait.
 *
 * Prefer {@link TaskGroup.run}. With `await using group = new TaskGroup()`, the language tells the group neither that its block has thrown nor
 * lets it interrupt the waits in the block: the children of a block that throws are waited for, and one that wants to hear of a failing child
 * looks at `group.signal`.
 * @example
 * await TaskGroup.run((group) => {
 *   for (const url of urls) group.spawn(visit, url)
 * })
 */
export class TaskGroup implements AsyncDisposable {
  readonly #group: Group
  readonly #name: string | undefined

  constructor(options: TaskGroupOptions = {}) {
    const from = views.get(options)
    if (from !== undefined) {
      this.#group = from.group
      this.#name = from.name
      return
    }
    if (typeof options === 'function') throw new TypeError('new TaskGroup() takes options; a group for a function is TaskGroup.run(fn)')
    const signal = checkedSignal(options)
    this.#group = new Group(false)
    if (signal !== undefined) this.#group.abortWith(signal)
  }

  /**
   * Runs `body` with a new group, and returns what it returns once all children have ended. Cancelling the task cancels body and children.
   * @returns What the body returns; `undefined` if `group.cancel()` ended it.
   * @throws {AggregateError} (as a rejection) of the errors of children and body, in the order in which they came; {@link CancelledError} if
   *   cancelled from around. {@link TypeError} at once for a wrong argument.
   * @example
   * const [a, b] = await TaskGroup.run(async (group) => {
   *   const a = group.spawn(fetchPage, first)
   *   const b = group.spawn(fetchPage, second)
   *   return [await a, await b]
   * })
   */
  static run<R>(body: (group: TaskGroup) => R, options: TaskGroupOptions = {}): Promise<Awaited<R>> {
    requireFunction('The body', body)
    const signal = checkedSignal(options)
    return signal === undefined ? runGroup(body) : cancelWith(signal, () => runGroup(body))
  }

  /** Aborts when the group is cancelled, fails, or something around it is cancelled. */
  get signal(): AbortSignal {
    return this.#group.scope.signal
  }

  /**
   * Starts `fn(...args)` as a child, after what is running now, in the context of the caller. Children may start more, as long as the group
   * is open.
   * @throws {InvalidStateError} if the group is shutting down or finished. {@link TypeError} if `fn` is no function.
   * @example
   * const task = group.spawn(visit, url)
   */
  spawn<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Task<Awaited<R>> {
    requireFunction('What is spawned', fn)
    return this.#group.spawn(this.#name, () => fn(...args) as Awaited<R> | PromiseLike<Awaited<R>>) // What awaiting R means.
  }

  /**
   * The same group, for spawning tasks with a name.
   * @throws {TypeError} for a wrong option.
   * @example
   * group.with({ name: `visit ${url}` }).spawn(visit, url)
   */
  with(options: SpawnOptions): TaskGroup {
    requireKnown('The options of with()', options, ['name'])
    const { name } = options
    if (name !== undefined && typeof name !== 'string') throw new TypeError(`name must be a string, got ${show(name)}`)
    const view = {}
    views.set(view, { group: this.#group, name })
    return new TaskGroup(view)
  }

  /**
   * Cancels the children and the body; the group is then left without an error of its own. Doing so again, or afterwards, does nothing.
   * @example
   * if (found) group.cancel()
   */
  cancel(reason?: unknown): void {
    this.#group.abort(new CancelledError(cancelMessage(reason), { reason }), true)
  }

  /**
   * Waits for all children: what leaving the block of `await using` does. Cancelling the task cancels them first.
   * @throws {AggregateError} (as a rejection) of the errors of the children; {@link CancelledError} if cancelled meanwhile.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#group.leave()
  }

  /** The state, and how many children there are: what `console.log` shows. */
  [inspect.custom](): string {
    return `TaskGroup { ${this.#group.state}, tasks: ${this.#group.children.size} }`
  }
}

/** How `with` hands the group to the constructor. */
const views = new WeakMap<object, { readonly group: Group; readonly name: string | undefined }>()

async function runGroup<R>(body: (group: TaskGroup) => R): Promise<Awaited<R>> {
  const group = new Group(true)
  const view = {}
  views.set(view, { group, name: undefined })
  const taskGroup = new TaskGroup(view)
  let outcome: Outcome<Awaited<R>>
  try {
    // Async within the scope, so that a future that the body returns is awaited there.
    outcome = { status: 'fulfilled', value: await group.scope.run(async () => await body(taskGroup)) }
  } catch (reason) {
    outcome = { status: 'rejected', reason }
  }
  const bodyCancelled = outcome.status === 'rejected' && isCancellation(outcome.reason, group.scope)
  if (outcome.status === 'rejected') group.bodyFailed(outcome.reason)
  const interrupted = await group.drain()
  const around = group.scope.cancelledAround()
  group.scope.end()
  if (outcome.status === 'rejected' && !bodyCancelled) group.failures.add('the body', outcome.reason)
  leave(exitOf({ body: outcome, failures: group.failures.list, own: group.own, around, interrupted }), around)
  return outcome.status === 'fulfilled' ? outcome.value : (undefined as Awaited<R>) // Ended by cancel(), as documented.
}

/** Throws what is to be thrown at the edge of a group. */
function leave(exit: Exit, around: CancelScope | undefined): void {
  switch (exit.type) {
    case 'return':
      return
    case 'cancelled':
      if (around?.error === exit.error) around?.take()
      throw exit.error
    case 'failed':
      // The errors come first; the cancellation is not forgotten.
      around?.rearm()
      throw new AggregateError(
        exit.failures.map(({ reason }) => reason),
        `Unhandled errors in a TaskGroup (${exit.failures.length}):${exit.failures.map(line).join('')}`,
      )
  }
}

function line({ who, reason }: Failure): string {
  const text = isInstance(reason, Error) ? `${textOf(reason, 'name')}: ${textOf(reason, 'message')}` : shown(reason)
  return `\n  ${who}: ${text.replaceAll('\n', '\n  ')}`
}

function textOf(error: Error, key: 'name' | 'message'): string {
  const text = propertyOf(error, key)
  return typeof text === 'string' ? text : `a ${key} that cannot be shown`
}

function shown(reason: unknown): string {
  try {
    return show(reason)
  } catch {
    return 'a value that cannot be shown'
  }
}

function checkedSignal(options: TaskGroupOptions): AbortSignal | undefined {
  requireKnown('The options of a TaskGroup', options, ['signal'])
  if (options.signal !== undefined) requireSignal('signal', options.signal)
  return options.signal
}
