import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'
import { currentCall } from '../../core/current-call.js'
import { ExecutorShutdownError } from '../../core/errors.js'
import { callInfo, callInfoLater, double, doubleLater, idOfCall, reportProgress, throwIt } from './functions.js'
import { arrayOf } from './generators.js'
import type { Group } from './scene.js'

export const insideCases: Group = (add, { kind }) => {
  add('knows its id, key, attempt, worker and signal from currentCall()', async ({ open }) => {
    const pool = open({ maxWorkers: 1, name: 'fleet' })
    const future = pool.with({ key: 'sw1' }).submit(callInfo)
    assert.deepEqual(await future, {
      id: future.id,
      key: 'sw1',
      attempt: 1,
      worker: { name: 'fleet-0', index: 0, kind },
      aborted: false,
    })
    assert.equal(future.key, 'sw1')
  })

  add('knows it also after an await, and each call knows itself', async ({ open }) => {
    const pool = open({ maxWorkers: 4 })
    const futures = Array.from({ length: 12 }, (_, n) => pool.with({ key: `call ${n}` }).submit(callInfoLater))
    for (const [n, future] of futures.entries()) {
      const info = await future
      assert.deepEqual([info?.id, info?.key], [future.id, `call ${n}`])
    }
  })

  add('has no key, and key undefined inside, when none was given', async ({ open }) => {
    const future = open().submit(callInfo)
    assert.equal(future.key, undefined)
    assert.equal((await future)?.key, undefined)
  })

  for (const chunkSize of [1, 3, 'auto'] as const) {
    add(`has an id of its own for each item of a map (chunkSize ${chunkSize})`, async ({ open }) => {
      const ids = await open({ maxWorkers: 2 }).map(idOfCall, arrayOf(10), { chunkSize }).toArray()
      assert.equal(new Set(ids).size, 10)
      const future = open().submit(idOfCall)
      assert.ok(!ids.includes(future.id), 'nor is it that of another call')
      await future
    })
  }

  add('gives undefined from currentCall() outside of a call, also in callbacks', async ({ open }) => {
    assert.equal(currentCall(), undefined)
    const future = open().submit(doubleLater, 1)
    const seen: unknown[] = []
    future.addDoneCallback(() => seen.push(currentCall()))
    await future
    assert.deepEqual([seen, currentCall()], [[undefined], undefined])
  })

  add('sends what it reports with progress() to onProgress: in order, all before the result settles', async ({ open }) => {
    const seen: unknown[] = []
    const values = [1, 'two', { three: 3 }, undefined, null]
    const future = open()
      .with({ onProgress: (value, of) => seen.push([value, of === future, of.done]) })
      .submit(reportProgress, values)
    assert.equal(await future, 'reported')
    assert.deepEqual(
      seen,
      values.map((value) => [value, true, false]),
    )
  })

  add('reports in vain, and without harm, when nobody gave an onProgress', async ({ open }) => {
    assert.equal(await open().submit(reportProgress, [1, 2]), 'reported')
  })

  add('reports an onProgress that throws, and the call goes on', async ({ open, warnings, until }) => {
    const onProgress = (): void => {
      throw new Error('thrown in onProgress')
    }
    assert.equal(await open().with({ onProgress }).submit(reportProgress, [1]), 'reported')
    await until('the warning', () => warnings().some(({ message }) => message.includes('thrown in onProgress')))
  })

  add('runs onProgress in the async context of the submitter', async ({ open }) => {
    const store = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const pool = open().with({ onProgress: () => seen.push(store.getStore()) })
    await store.run('here', () => pool.submit(reportProgress, [1]))
    assert.deepEqual(seen, ['here'])
  })

  add('drops progress that comes after the future was cancelled', async ({ open, settle }) => {
    const seen: unknown[] = []
    const future = open()
      .with({ onProgress: (value) => seen.push(value) })
      .submit(reportProgress, [1, 2])
    future.cancel()
    await future.catch(() => {})
    await settle()
    assert.deepEqual(seen, [])
  })

  add('sees the same pool through with(): its name, its figures, its end', async ({ open }) => {
    const pool = open({ maxWorkers: 1, name: 'fleet' })
    const view = pool.with({ key: 'a' }).with({ priority: 1 })
    assert.equal(view.name, 'fleet')
    await view.submit(double, 1)
    assert.equal(pool.stats.done, 1)
    assert.equal(view.stats.done, 1)
    await view.shutdown()
    assert.throws(() => pool.submit(double, 1), ExecutorShutdownError)
  })

  add('shows its name, its workers and its calls, also through with()', async ({ open }) => {
    const pool = open({ maxWorkers: 2, name: 'fleet' })
    await pool.submit(double, 1)
    const kind = pool.constructor.name
    const shown = `${kind} "fleet" { workers: 1 of 2, queued: 0, running: 0, done: 1, failed: 0, cancelled: 0 }`
    assert.equal(inspect(pool), shown)
    assert.equal(inspect(pool.with({ key: 'a' }).with({ priority: 1 })), shown)
    await pool.shutdown()
    assert.match(inspect(pool), /^\w+ "fleet" \{ workers: 0 of 2, .*, shut down \}$/)
  })

  add('keeps the options of an earlier with() unless they are named again, and changes the pool itself never', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const first = pool.with({ key: 'first', retries: 1 })
    const second = first.with({ key: 'second' })
    const keys = [pool, first, second].map((view) => view.submit(callInfo))
    assert.deepEqual(
      (await Promise.all(keys)).map((info) => info?.key),
      [undefined, 'first', 'second'],
    )
    await second.submit(throwIt, 1).exception()
    assert.equal(pool.stats.retried, 1)
  })

  add('lets the options of a map override those of with()', async ({ open }) => {
    const infos = await open()
      .with({ key: 'outer' })
      .map(callInfo as (n: number) => ReturnType<typeof callInfo>, [1], { key: 'inner' })
      .toArray()
    assert.equal(infos[0]?.key, 'inner')
  })

  add('counts what it has done and is doing', async ({ open, until }) => {
    const pool = open({ maxWorkers: 2 })
    const before = pool.stats
    assert.deepEqual(
      [before.done, before.failed, before.cancelled, before.queued, before.running, before.retried, before.restarts],
      Array(7).fill(0),
    )
    await Promise.all([pool.submit(doubleLater, 1), pool.submit(throwIt, 1).exception()])
    const cancelled = [1, 2, 3].map((n) => pool.submit(doubleLater, n))
    for (const future of cancelled) future.cancel()
    // A worker that is still starting is not idle yet.
    await until('all is counted, and all workers are idle', () => {
      const { cancelled, running, queued, idle, workers } = pool.stats
      return cancelled === 3 && running === 0 && queued === 0 && idle === workers
    })
    const { done, failed, busyMs, workers, maxWorkers } = pool.stats
    assert.deepEqual([done, failed, maxWorkers], [1, 1, 2])
    assert.ok(busyMs > 0 && workers >= 1 && workers <= 2, inspect(pool.stats))
    // A snapshot: the first one has not changed.
    assert.equal(before.done, 0)
  })
}
