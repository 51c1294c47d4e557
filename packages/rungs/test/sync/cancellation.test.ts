import { AsyncResource } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CancelledError, InvalidStateError } from '../../dist/core/errors.js'
import { Future } from '../../dist/core/future.js'
import { TaskPoolExecutor, wait } from '../../dist/index.js'
import { allTasks, currentTask, Event, Lock, sleep, Task, TaskGroup, timeout } from '../../dist/sync/index.js'
import { undelivered } from '../../dist/sync/scope.js'
import { errorOf, jumpingClock, MyError, start, turn } from './support.js'

describe('a task', () => {
  it('is a future with a name, a state and a value', async () => {
    const task = start(async () => {
      await turn()
      return 42
    })
    expect(task).toBeInstanceOf(Future)
    expect(task).toBeInstanceOf(Task)
    expect([task.state, task.done]).toEqual(['pending', false])
    await turn()
    expect(await task).toBe(42)
    expect(task.state).toBe('finished')
    // @ts-expect-error not for users
    expect(() => new Task(Symbol('other'), { fn: () => {} })).toThrow(TypeError)
  })

  it('is known while it lives, here and in what it calls', async () => {
    expect(currentTask()).toBeUndefined()
    const look = async () => {
      await turn()
      return [currentTask()]
    }
    const task: Task<unknown> = start(async () => {
      expect(currentTask()).toBe(task)
      expect(allTasks().has(task)).toBe(true)
      expect(await look()).toEqual([task])
    })
    await task
    expect(allTasks().has(task)).toBe(false)
  })

  it('never runs when it is cancelled before it starts', async () => {
    let ran = false
    const task = start(() => {
      ran = true
    })
    expect(task.cancel('early')).toBe(true)
    expect(await errorOf(task)).toMatchObject({ name: 'CancelledError', reason: 'early', message: 'The task was cancelled: early' })
    expect([ran, task.cancelled, task.cancel()]).toEqual([false, true, true])
  })

  it('is cancelled once it has unwound, and its cleanup can wait', async () => {
    jumpingClock()
    const log: string[] = []
    const task = start(async () => {
      try {
        await sleep(1_000)
      } finally {
        expect(currentTask()?.signal.aborted).toBe(true)
        await sleep(50)
        log.push('cleaned up')
      }
    })
    await turn()
    expect(task.cancel()).toBe(true)
    expect(task.cancelled).toBe(false)
    await expect(task).rejects.toThrow(CancelledError)
    expect([log, task.cancelled]).toEqual([['cleaned up'], true])
  })

  it('is not cancelled when it catches that and returns a value', async () => {
    const task = start(async () => {
      await errorOf(sleep(1_000))
      return 'saved'
    })
    await turn()
    task.cancel()
    expect(await task).toBe('saved')
    expect([task.cancelled, task.cancel()]).toEqual([false, false])
  })

  it.each<[string, () => Promise<unknown>]>([
    ['a timer of its own', () => setTimeout(100_000, undefined, { signal: AbortSignal.timeout(1) })],
    ['a library', () => Promise.reject(new DOMException('Aborted', 'AbortError'))],
  ])('is failed when it has caught that and is aborted later by %s', async (_, call) => {
    const task = start(async () => {
      await errorOf(sleep(1_000))
      await call()
    })
    await turn()
    task.cancel()
    expect(await errorOf(task)).toMatchObject({ name: 'AbortError' })
    expect(task.state).toBe('finished')
  })

  it.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
    ['says so', (signal) => setTimeout(100_000, undefined, { signal })],
    [
      'does not tell why',
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')))),
    ],
  ])('is cancelled when a call of the platform that its signal aborts %s', async (_, call) => {
    const task = start(() => call(currentTask()?.signal as AbortSignal))
    await turn()
    task.cancel()
    await errorOf(task)
    expect([task.state, undelivered]).toEqual(['cancelled', 0])
  })

  it('is failed when its cleanup fails', async () => {
    const task = start(async () => {
      await errorOf(sleep(1_000))
      throw new MyError()
    })
    await turn()
    task.cancel()
    await expect(task).rejects.toThrow(MyError)
    expect(task.cancelled).toBe(false)
  })

  it('is interrupted again when it is cancelled again', async () => {
    const log: unknown[] = []
    const task = start(async () => {
      for (const _ of [1, 2]) log.push(((await errorOf(sleep(1_000))) as CancelledError).reason)
    })
    await turn()
    task.cancel('first')
    await turn()
    task.cancel('second')
    await task
    expect(log).toEqual(['first', 'second'])
  })

  it('sees two cancellations of one turn as one', async () => {
    const task = start(async () => {
      await errorOf(sleep(1_000))
      await sleep(0)
      return 'went on'
    })
    await turn()
    task.cancel('first')
    task.cancel('second')
    expect(await task).toBe('went on')
  })

  it('that cancels itself throws at its next wait, also at one that need not wait', async () => {
    for (const wait of [() => sleep(0), () => new Lock().acquire(), () => start(() => 1)]) {
      const task = start(async () => {
        currentTask()?.cancel()
        await wait()
        throw new MyError('It must not get here')
      })
      await expect(task).rejects.toThrow(CancelledError)
    }
  })

  it('that is cancelled and waits for nothing more is cancelled at its end', async () => {
    const task = start(async () => {
      await turn()
      return 'value'
    })
    await turn()
    task.cancel()
    await expect(task).rejects.toThrow(CancelledError)
    expect(undelivered).toBe(0)
  })

  it('cannot wait for itself', async () => {
    const task: Task<unknown> = start(async () => {
      await Promise.resolve()
      await task
    })
    await expect(task).rejects.toThrow(InvalidStateError)
  })

  it('throws one error object, with its reason and through every layer', async () => {
    const seen: unknown[] = []
    const layer = async (depth: number): Promise<void> => {
      try {
        await (depth === 0 ? sleep(1_000) : layer(depth - 1))
      } catch (error) {
        seen.push(error)
        throw error
      }
    }
    const task = start(() => layer(3))
    const signal = task.signal
    await turn()
    const reason = new MyError('why')
    task.cancel(reason)
    const error = await errorOf(task)
    expect(error).toMatchObject({ reason, message: 'The task was cancelled: why' })
    expect(new Set([...seen, error, signal.reason])).toEqual(new Set([error]))
  })
})

/** One signal of two; the other never aborts. */
const withOther = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, new AbortController().signal])
const pool = new TaskPoolExecutor()
const outside = new AsyncResource('outside')
/** In no task. */
const elsewhere = (fn: () => Promise<unknown>): unknown => outside.runInAsyncScope(() => void fn().catch(() => {}))

describe('cancelling', () => {
  it('reaches several waits of a task at once', async () => {
    const task = start(async () => {
      const results = await Promise.allSettled([sleep(1_000), new Event().wait()])
      return results.map(({ status }) => status)
    })
    await turn()
    task.cancel()
    expect(await task).toEqual(['rejected', 'rejected'])
  })

  it('reaches a future of an executor that the task awaits, and cancels it', async () => {
    for (const await_ of [
      (f: Future<number>) => f,
      async (f: Future<number>) => await f,
      (f: Future<number>) => f.result({ timeout: 1e6 }),
    ]) {
      const reasons: unknown[] = []
      const { future, start: begin } = Future.withResolvers<number>({ onCancel: (reason) => reasons.push(reason) })
      begin()
      const task = start(() => await_(future))
      await turn()
      task.cancel('why')
      expect(await errorOf(task)).toMatchObject({ name: 'CancelledError', reason: 'why' })
      expect([future.cancelled, task.cancelled, reasons]).toEqual([true, true, ['why']])
    }
  })

  it('reaches a task that the task awaits, and waits for its cleanup', async () => {
    const log: string[] = []
    const inner = start(async () => {
      try {
        await sleep(1_000)
      } finally {
        await turn(2)
        log.push('inner')
      }
    })
    const outer = start(async () => {
      try {
        await inner
      } finally {
        log.push('outer')
      }
    })
    await turn()
    outer.cancel()
    await expect(outer).rejects.toThrow(CancelledError)
    expect([log, inner.cancelled]).toEqual([['inner', 'outer'], true])
  })

  it.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
    ['a timer', (signal) => setTimeout(100_000, undefined, { signal })],
    ['an event', (signal) => once(new EventEmitter(), 'never', { signal })],
    [
      'code that looks at it',
      async (signal) => {
        await turn(2)
        signal.throwIfAborted()
      },
    ],
    ['a listener', (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))],
    ['a timer with another signal beside it', (signal) => setTimeout(100_000, undefined, { signal: withOther(signal) })],
    ['an event with others beside it', (signal) => once(new EventEmitter(), 'never', { signal: withOther(withOther(signal)) })],
    [
      'code that looks at one of several',
      async (signal) => {
        const all = withOther(signal)
        await turn(2)
        all.throwIfAborted()
      },
    ],
  ])('through the signal is thrown once: by %s, and not again in its cleanup', async (_, call) => {
    const log: string[] = []
    const task = start(async () => {
      try {
        const signal = currentTask()?.signal as AbortSignal
        await call(signal)
      } finally {
        await sleep(0)
        log.push('cleaned up')
      }
    })
    await turn()
    task.cancel()
    await errorOf(task)
    expect([log, task.cancelled, undelivered]).toEqual([['cleaned up'], true, 0])
  })

  it.each<[string, (signal: AbortSignal) => unknown]>([
    ['a call', (signal) => pool.with({ signal }).submit(() => turn(5))],
    ['a map', (signal) => pool.map(() => turn(5), [1], { signal })],
    ['a wait for a call', (signal) => elsewhere(() => pool.submit(() => turn(5)).result({ signal }))],
    ['wait()', (signal) => elsewhere(() => wait([pool.submit(() => turn(5))], { signal }))],
    ['a sleep', (signal) => elsewhere(() => sleep(100_000, { signal }))],
    ['a timeout', (signal) => elsewhere(() => timeout(100_000, () => sleep(100_000), { signal }))],
  ])('through the signal that ends %s, of which nobody hears, is thrown at the next wait', async (_, begin) => {
    let cancelled = false
    const task = start(async () => {
      begin(currentTask()?.signal as AbortSignal)
      while (!cancelled) await turn()
      await sleep(0)
      return 'went on'
    })
    await turn(2)
    task.cancel()
    cancelled = true
    await expect(task).rejects.toThrow(CancelledError)
    expect(undelivered).toBe(0)
  })

  it('of a call of the platform that finds the signal aborted is thrown once, too', async () => {
    const task = start(async () => {
      currentTask()?.cancel()
      const error = await errorOf(setTimeout(100_000, undefined, { signal: currentTask()?.signal as AbortSignal }))
      await sleep(0)
      return (error as Error).name
    })
    expect(await task).toBe('AbortError')
  })

  it('does not count a look at the signal from outside as thrown', async () => {
    const task = start(async () => {
      void currentTask()?.signal
      await turn(2)
      await sleep(1_000)
    })
    await turn()
    task.cancel('why')
    expect(task.signal.reason).toMatchObject({ reason: 'why' })
    await expect(task).rejects.toThrow(CancelledError)
  })

  it('is heard by a wait that was given the signal of a scope, with the same error', async () => {
    const group = new TaskGroup()
    const waiting = sleep(1_000, { signal: group.signal })
    group.cancel('why')
    const error = await errorOf(waiting)
    expect(error).toBe(group.signal.reason)
    expect(error).toMatchObject({ reason: 'why' })
    await group[Symbol.asyncDispose]()
  })

  it('of a scope leaves the signals of those opened in its cleanup alone', async () => {
    const task = start(async () => {
      try {
        await sleep(1_000)
      } finally {
        await timeout(1_000, async ({ signal }) => {
          expect(signal.aborted).toBe(false)
          await setTimeout(1, undefined, { signal })
        })
      }
    })
    await turn()
    task.cancel()
    await expect(task).rejects.toThrow(CancelledError)
  })

  it('of one branch of a task leaves the other alone', async () => {
    jumpingClock()
    const task = start(() =>
      Promise.allSettled([timeout(10, () => sleep(1_000)), timeout(100, () => sleep(50, { value: 'value' })), timeout(10, () => turn(3))]),
    )
    expect(await task).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: 'value' }, { status: 'fulfilled' }])
    expect(undelivered).toBe(0)
  })

  it('reaches the end of a long chain of tasks that await each other', async () => {
    const log: number[] = []
    const chain = (left: number): Task<unknown> =>
      start(async () => {
        try {
          await (left === 0 ? sleep(1_000_000) : chain(left - 1))
        } finally {
          log.push(left)
        }
      })
    const first = chain(10_000)
    while (allTasks().size < 10_001) await turn()
    await turn()
    expect(first.cancel('why')).toBe(true)
    expect(await errorOf(first)).toMatchObject({ reason: 'why' })
    expect([log[0], log.length, undelivered]).toEqual([0, 10_001, 0])
  })

  it('does not reach what a scope has left behind', async () => {
    jumpingClock()
    let stray: Promise<void> | undefined
    await timeout(10, async () => {
      stray = sleep(50)
    })
    await stray
  })
})
