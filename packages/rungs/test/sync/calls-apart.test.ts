// A call on a TaskPoolExecutor runs on this very event loop, in the async context of who has submitted it; but it is no part of that task, as on
// any other rung. It ends by its own future or signal.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { CancelledError, TimeoutError } from '../../dist/core/errors.js'
import type { Future } from '../../dist/core/future.js'
import { currentCall, type Executor, TaskPoolExecutor } from '../../dist/index.js'
import { allTasks, currentTask, Event, gather, run, shield, sleep, TaskGroup, timeout } from '../../dist/sync/index.js'
import { undelivered } from '../../dist/sync/scope.js'
import { until } from '../fixtures/until.js'
import { errorOf, start, turn } from './support.js'

afterEach(() => {
  expect(undelivered).toBe(0)
})

describe('a call that a task has submitted', () => {
  it('goes on behind a shield when the task is cancelled', async () => {
    await using pool = new TaskPoolExecutor()
    const release = new Event()
    let future: Future<string> | undefined
    const task = start(async () => {
      future = pool.submit(async () => {
        await release.wait()
        return 'saved'
      })
      await shield(future)
    })
    await until('it runs', () => pool.stats.running === 1)
    task.cancel()
    expect(await errorOf(task)).toBeInstanceOf(CancelledError)
    release.set()
    expect(await future).toBe('saved')
  })

  it('does not take the cancellation that is meant for the task', async () => {
    await using pool = new TaskPoolExecutor()
    const cancelled = new Event()
    let waited: Promise<void> | undefined
    const task = start(async () => {
      // Waits as soon as the task is cancelled, and before the task does.
      waited = pool.submit(async () => {
        while (!cancelled.isSet) await pause(1)
        await sleep(0)
      })
      while (!cancelled.isSet) await pause(1)
      while (!waited || !(waited as Future<void>).done) await pause(1)
      await sleep(0)
      return 'not cancelled'
    })
    await until('it runs', () => pool.stats.running === 1)
    task.cancel()
    cancelled.set()
    expect(await errorOf(task)).toBeInstanceOf(CancelledError)
    await waited
  })

  // What they give is asked for later: to wait for it in the timeout would cancel it.
  it.each<[string, (pool: Executor, fn: () => Promise<number>) => () => PromiseLike<unknown>]>([
    ['submit()', (pool, fn) => later(pool.submit(fn), (future) => future)],
    ['a second submit() in its place', (pool, fn) => later([pool.submit(fn), pool.submit(fn)], (futures) => Promise.all(futures))],
    ['submit() with options', (pool, fn) => later(pool.with({ key: 'key', timeout: 1e6 }).submit(fn), (future) => future)],
    ['map()', (pool, fn) => later(pool.map(fn, [1, 2]), (results) => results.toArray())],
    ['an unordered map()', (pool, fn) => later(pool.map(fn, [1, 2], { ordered: false }), (results) => results.toArray())],
    ['map() with options', (pool, fn) => later(pool.with({ timeout: 1e6 }).map(fn, [1, 2]), (results) => results.toArray())],
    ['stream()', (pool, fn) => later(pool.stream(streamOf, fn), (items) => items.next())],
  ])('goes on, made with %s, when a timeout around that is over', async (_, submit) => {
    await using pool = new TaskPoolExecutor(1)
    const release = new Event()
    let result: (() => PromiseLike<unknown>) | undefined
    const seen: unknown[] = []
    const fn = async (): Promise<number> => {
      seen.push(currentTask())
      await release.wait()
      seen.push(currentTask())
      return 1
    }
    await run(async () => {
      const error = await errorOf(
        timeout(20, async () => {
          result = submit(pool, fn)
          await until('it runs', () => seen.length > 0)
          await sleep(1e6)
        }),
      )
      expect(error).toBeInstanceOf(TimeoutError)
    })
    release.set()
    expect(JSON.stringify(await result?.())).toContain('1')
    expect(new Set(seen)).toEqual(new Set([undefined]))
  })

  it('has tasks, groups and timeouts of its own, which belong to no other task', async () => {
    await using pool = new TaskPoolExecutor()
    const parents: unknown[] = []
    const task = start(() =>
      pool.submit(async () => {
        await gather([() => void parents.push(currentTask()?.parent?.name)])
        await TaskGroup.run((group) => void group.spawn(() => void parents.push(currentTask()?.parent)))
        const late = await errorOf(timeout(1, () => sleep(1e6)))
        const inner = await run(() => currentTask()?.name)
        return [(late as Error).name, inner]
      }),
    )
    expect(await task).toEqual(['TimeoutError', 'main'])
    expect(parents).toEqual(['gather', undefined])
    expect(allTasks().size).toBe(0)
  })

  it('is in the async context of the task all the same', async () => {
    await using pool = new TaskPoolExecutor()
    const storage = new AsyncLocalStorage<string>()
    const see = async (): Promise<unknown> => [storage.getStore(), currentCall()?.key, currentTask()]
    const task = start(() => storage.run('mine', () => pool.with({ key: 'key' }).submit(see)))
    expect(await task).toEqual(['mine', 'key', undefined])
  })

  it('submits others, of its pool or another one, that are as free of its tasks', async () => {
    await using pool = new TaskPoolExecutor()
    const release = new Event()
    let inner: Future<string> | undefined
    const outer = pool.submit(() =>
      errorOf(
        timeout(5, async () => {
          inner = pool.submit(async () => {
            await release.wait()
            return String(currentTask())
          })
          await shield(inner)
        }),
      ),
    )
    expect(await outer).toBeInstanceOf(TimeoutError)
    release.set()
    expect(await inner).toBe('undefined')
  })
})

describe('the initializer and the finalizer of a pool', () => {
  it('go on when the task that was first to submit is cancelled', async () => {
    const release = new Event()
    let begun = false
    const pool = new TaskPoolExecutor({
      initializer: async () => {
        begun = true
        await release.wait()
      },
    })
    const task = start(() => pool.submit(() => 1))
    await until('it begins', () => begun)
    task.cancel()
    expect(await errorOf(task)).toBeInstanceOf(CancelledError)
    release.set()
    expect(await pool.submit(() => 2)).toBe(2)
    await pool.shutdown()
  })

  it('go on when the task that shuts it down is cancelled', async () => {
    const release = new Event()
    const log: string[] = []
    const pool = new TaskPoolExecutor({
      finalizer: async () => {
        log.push('begun')
        await release.wait()
        log.push('ended')
      },
    })
    await pool.submit(() => 1)
    let closing: Promise<void> | undefined
    const task = start(async () => {
      closing = pool.shutdown()
      await sleep(1e6)
    })
    await until('it begins', () => log.length > 0)
    task.cancel()
    await errorOf(task)
    release.set()
    await closing
    expect(log).toEqual(['begun', 'ended'])
  })

  it('have tasks of their own', async () => {
    let name: string | undefined
    await using pool = new TaskPoolExecutor({
      initializer: () =>
        run(async () => {
          await turn()
          name = currentTask()?.name
        }),
    })
    await start(() => pool.submit(() => 1))
    expect([name, currentCall()]).toEqual(['main', undefined])
  })
})

function later<T>(begun: T, wait: (begun: T) => PromiseLike<unknown>): () => PromiseLike<unknown> {
  return () => wait(begun)
}

async function* streamOf(fn: () => Promise<number>): AsyncGenerator<number> {
  yield await fn()
}
