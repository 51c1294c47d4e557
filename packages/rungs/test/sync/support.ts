import { AsyncResource } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { sleep, type Task, TaskGroup } from '../../dist/sync/index.js'
import { VirtualClock } from '../../dist/testing/virtual-clock.js'

/** A turn of the event loop: what was ready has run, and what that made ready. */
export async function turn(times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await setImmediate()
}

/** Starts a task on its own, as `asyncio.create_task`. */
export function start<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Task<Awaited<R>> {
  const group = new TaskGroup()
  const task = group.spawn(fn, ...args)
  // Whoever starts it looks at the task. Nobody's cancellation reaches this wait.
  nowhere.runInAsyncScope(() => void group[Symbol.asyncDispose]().catch(() => {}))
  return task
}
const nowhere = new AsyncResource('nowhere')

/** Time that jumps to the next timer whenever nothing else can run, for the rest of the test. */
export function jumpingClock(): VirtualClock {
  const clock = new VirtualClock({ start: 1_000, autojump: true })
  const installed = clock.install()
  onTestFinished(() => installed[Symbol.dispose]())
  return clock
}

/** What a promise ended with. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It was expected to fail')
}

export class MyError extends Error {}

export const after = async <T>(ms: number, value: T): Promise<T> => {
  await sleep(ms)
  return value
}
export const crashAfter = async (ms: number, error: unknown = new RangeError(`after ${ms}`)): Promise<never> => {
  await sleep(ms)
  throw error
}
export const crashWhenCancelled = async (error: unknown = new RangeError('in cleanup')): Promise<void> => {
  try {
    await sleep(10_000)
  } finally {
    // biome-ignore lint/correctness/noUnsafeFinally: what is tested
    throw error
  }
}
/** Of the errors in an AggregateError. */
export const classes = (error: unknown): string[] =>
  error instanceof AggregateError ? error.errors.map((one: Error) => one.constructor.name) : [`no AggregateError: ${error}`]
