import { AsyncResource } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { type Clock, type Timer, useClock } from '../../dist/core/clock.js'
import { type Task, TaskGroup } from '../../dist/sync/index.js'

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

interface VirtualTimer {
  readonly due: number
  readonly order: number
  readonly fn: () => void
}

/** Time that jumps to the next timer whenever nothing else can run. */
export class JumpingClock implements Clock {
  #now = 1_000
  #order = 0
  readonly #timers = new Map<number, VirtualTimer>()
  #running = false

  now(): number {
    return this.#now
  }

  get pending(): number {
    return this.#timers.size
  }

  setTimeout(fn: () => void, ms: number): Timer {
    const order = ++this.#order
    this.#timers.set(order, { due: this.#now + Math.max(0, ms), order, fn })
    if (!this.#running) void this.#run()
    return order
  }

  clearTimeout(timer: Timer): void {
    this.#timers.delete(timer as number)
  }

  /** Lets time pass while the event loop is busy: timers that fall due fire in their order afterwards, with no turn between them. */
  block(ms: number): void {
    this.#now += ms
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#timers.size > 0) {
      // Nothing is ready if some turns pass by: one for a sleep(0), and its followers.
      await turn(4)
      const next = [...this.#timers.values()].sort((a, b) => a.due - b.due || a.order - b.order)[0]
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.due)
      // Everything that is due by now, in one go, as a loop that was busy does.
      for (const timer of [...this.#timers.values()].sort((a, b) => a.due - b.due || a.order - b.order)) {
        if (timer.due <= this.#now && this.#timers.delete(timer.order)) timer.fn()
      }
    }
    this.#running = false
  }
}

/** Installs such a clock for the rest of the test. */
export function jumpingClock(): JumpingClock {
  const clock = new JumpingClock()
  const installed = useClock(clock)
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
