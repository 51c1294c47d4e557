import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { CancelledError, InvalidStateError, TimeoutError } from '../../core/errors.js'
import type { Future } from '../../core/future.js'
import { asCompleted, wait } from '../../core/wait.js'
import { read, release } from './board.js'
import { context, contextHere, double, doubleLater, readingOf, throwIt } from './functions.js'
import { hold, holdSync } from './functions-held.js'
import type { Group } from './scene.js'

export const futureCases: Group = (add, { separate }) => {
  add('is pending in the queue, running while the call runs, and finished after it', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const running = pool.submit(hold, b)
    const queued = pool.submit(double, 1)
    // The state may be known a little before the function itself has begun, or after.
    await until('the call runs', () => running.running && read(b, 'begun') === 1)
    assert.equal(running.state, 'running')
    assert.equal(queued.state, 'pending')
    assert.equal(queued.running, false)
    release(b)
    await Promise.all([running, queued])
    assert.deepEqual([running.state, queued.state], ['finished', 'finished'])
    assert.deepEqual([running.done, running.running, running.cancelled], [true, false, false])
  })

  add('gives the same value, and the same error object, each time it is asked', async ({ open }) => {
    const pool = open()
    const good = pool.submit(double, 1)
    assert.equal(await good, await good.result())
    const bad = pool.submit(throwIt, new RangeError('no'))
    const first = await bad.catch((error: unknown) => error)
    assert.equal(await bad.exception(), first)
    assert.equal(await bad.result().catch((error: unknown) => error), first)
  })

  add('gives undefined as the exception of a call that went well', async ({ open }) => {
    assert.equal(await open().submit(double, 1).exception(), undefined)
  })

  add('ends result() with TimeoutError when time is up, and the call goes on', async ({ open, board }) => {
    const b = board()
    const future = open().submit(hold, b, 7)
    await assert.rejects(future.result({ timeout: 5 }), TimeoutError)
    await assert.rejects(future.exception({ timeout: 5 }), TimeoutError)
    assert.equal(future.done, false)
    release(b)
    assert.equal(await future, 7)
  })

  add('ends result() with CancelledError when its signal is aborted, and the call goes on', async ({ open, board }) => {
    const b = board()
    const future = open().submit(hold, b, 7)
    const stop = new AbortController()
    const result = future.result({ signal: stop.signal })
    stop.abort('enough')
    await assert.rejects(result, (error) => error instanceof CancelledError && error.reason === 'enough')
    assert.equal(future.done, false)
    release(b)
    assert.equal(await future, 7)
  })

  add('calls done-callbacks once, in order, with the future, also on failure and on cancel', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const futures: Future<unknown>[] = [pool.submit(hold, b), pool.submit(throwIt, 0), pool.submit(double, 1)]
    const seen: string[] = []
    for (const [index, future] of futures.entries()) {
      future.addDoneCallback((it) => seen.push(`${index} first ${it === future} ${it.state}`))
      future.addDoneCallback((it) => seen.push(`${index} second ${it === future} ${it.state}`))
    }
    futures[2]?.cancel()
    release(b)
    await wait(futures)
    assert.deepEqual(seen.sort(), [
      '0 first true finished',
      '0 second true finished',
      '1 first true finished',
      '1 second true finished',
      '2 first true cancelled',
      '2 second true cancelled',
    ])
    await futures[1]?.exception()
  })

  add('calls a done-callback at once when the call has ended', async ({ open }) => {
    const future = open().submit(double, 1)
    await future
    const seen: unknown[] = []
    future.addDoneCallback((it) => seen.push(it.state))
    assert.deepEqual(seen, ['finished'])
  })

  add('reports a done-callback that throws, and still calls the others', async ({ open, warnings, until }) => {
    const future = open().submit(doubleLater, 1)
    const seen: number[] = []
    future.addDoneCallback(() => {
      throw new Error('thrown in a callback')
    })
    future.addDoneCallback(() => seen.push(2))
    await future
    assert.deepEqual(seen, [2])
    await until('the warning', () => warnings().some(({ message }) => message.includes('thrown in a callback')))
    assert.equal(warnings().length, 1)
  })

  add('is done when its done-callbacks run, and they run before whoever awaits it goes on', async ({ open }) => {
    const future = open().submit(doubleLater, 1)
    const order: string[] = []
    const awaited = future.then(() => order.push('awaited'))
    future.addDoneCallback((it) => order.push(`callback, done ${it.done}`))
    await awaited
    assert.deepEqual(order, ['callback, done true', 'awaited'])
  })

  add('runs done-callbacks in the async context in which they were added', async ({ open }) => {
    const pool = open()
    const store = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    const futures = ['one', 'two'].map((name) =>
      store.run(name, () => {
        const future = pool.submit(doubleLater, 1)
        future.addDoneCallback(() => seen.push(store.getStore()))
        return future
      }),
    )
    const [first] = futures
    // Whoever has submitted the call: as `then` of a promise does it.
    store.run('three', () => first?.addDoneCallback(() => seen.push(store.getStore())))
    await Promise.all(futures)
    assert.deepEqual(seen.sort(), ['one', 'three', 'two'])
  })

  if (separate) {
    add('resultSync() blocks this thread until the call has ended, since the call does not need it', async ({ open }) => {
      const pool = open()
      assert.equal(pool.submit(double, 21).resultSync({ timeout: 10_000 }), 42)
      assert.throws(() => pool.submit(throwIt, new RangeError('no')).resultSync({ timeout: 10_000 }), RangeError)
    })

    add('resultSync() runs also what was submitted before, on one worker', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const before = Array.from({ length: 10 }, (_, i) => pool.submit(double, i))
      assert.equal(pool.submit(doubleLater, 21).resultSync({ timeout: 10_000 }), 42)
      assert.deepEqual(
        await Promise.all(before),
        before.map((_, i) => i * 2),
      )
    })

    add('resultSync() reads an instance of a class whose module is not here yet', async ({ open, module }) => {
      const { url } = module('export class Reading { constructor(value) { this.value = value } }')
      const reading = open().submit(readingOf, url, 7).resultSync({ timeout: 10_000 })
      const { Reading } = (await import(url)) as { Reading: new () => object }
      assert.ok(reading instanceof Reading)
      assert.equal(reading.value, 7)
    })

    add('resultSync() throws InvalidStateError when that module has to be awaited; the future itself goes on', async ({ open, module }) => {
      const { url } = module('await 1; export class Reading { constructor(value) { this.value = value } }')
      const future = open().submit(readingOf, url, 7)
      assert.throws(
        () => future.resultSync({ timeout: 10_000 }),
        (error) => error instanceof InvalidStateError && error.message.includes('await'),
      )
      const reading = await future
      const { Reading } = (await import(url)) as { Reading: new () => object }
      assert.ok(reading instanceof Reading)
      assert.equal(reading.value, 7)
    })

    add('resultSync() throws TimeoutError when time is up, and the call goes on', async ({ open, board }) => {
      const b = board()
      const future = open().submit(holdSync, b, 7)
      assert.throws(() => future.resultSync({ timeout: 20 }), TimeoutError)
      release(b)
      assert.equal(await future, 7)
    })
  } else {
    add('resultSync() throws InvalidStateError on tasks, as they need the thread that it would block', async ({ open }) => {
      const future = open().submit(doubleLater, 1)
      assert.throws(() => future.resultSync(), InvalidStateError)
      assert.equal(await future, 2)
      assert.equal(future.resultSync(), 2)
    })

    add('runs a task in the async context of its submitter, also when it waited in the queue', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const futures = ['one', 'two', 'three'].map((name) => context.run(name, () => pool.submit(contextHere)))
      futures.push(pool.submit(contextHere))
      assert.deepEqual(await Promise.all(futures), ['one', 'two', 'three', undefined])
    })
  }

  add('wait() tells apart what is done and what is not, of several executors', async ({ open, board }) => {
    const one = open({ maxWorkers: 1 })
    const other = open({ maxWorkers: 1 })
    const b = board()
    const held = one.submit(hold, b)
    const done = other.submit(double, 1)
    const first = await wait([held, done], { returnWhen: 'FIRST_COMPLETED' })
    assert.deepEqual([[...first.done], [...first.notDone]], [[done], [held]])
    release(b)
    const all = await wait([held, done])
    assert.equal(all.done.size, 2)
  })

  add('wait() with FIRST_EXCEPTION returns at a failure and not at a cancelled call', async ({ open, board }) => {
    const pool = open({ maxWorkers: 2 })
    const b = board()
    const held = pool.submit(hold, b)
    const cancelled = pool.submit(hold, b)
    cancelled.cancel()
    const failed = pool.submit(throwIt, undefined)
    const { done } = await wait([held, cancelled, failed], { returnWhen: 'FIRST_EXCEPTION' })
    assert.ok(done.has(failed) && !done.has(held))
    release(b)
    await wait([held, cancelled, failed])
    assert.equal(await failed.exception(), undefined)
  })

  add('asCompleted() gives futures as they end, each once', async ({ open, board }) => {
    const pool = open({ maxWorkers: 2 })
    const b = board()
    const held = pool.submit(hold, b, 1)
    const quick = pool.submit(double, 1)
    const completed = asCompleted([held, quick, held, quick])
    assert.equal((await completed.next()).value, quick)
    release(b)
    assert.equal((await completed.next()).value, held)
    assert.equal((await completed.next()).done, true)
  })
}
