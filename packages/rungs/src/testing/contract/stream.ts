import assert from 'node:assert/strict'
import { CancelledError, ExecutorShutdownError, TimeoutError } from '../../core/errors.js'
import { read, release } from './board.js'
import { DeviceError, double, echo } from './functions.js'
import { logValue } from './functions-held.js'
import {
  arrayOf,
  countForever,
  countThenCompute,
  countThenFollow,
  countThenHold,
  countThenSpin,
  countThenStall,
  countThenThrow,
  countTo,
  countToLater,
} from './generators.js'
import type { Group } from './scene.js'

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export const streamCases: Group = (add, { separate }) => {
  add('gives here what a generator yields there, in order', async ({ open }) => {
    assert.deepEqual(await collect(open().stream(countTo, 5)), [1, 2, 3, 4, 5])
  })

  add('gives what an async generator yields', async ({ open }) => {
    assert.deepEqual(await collect(open().stream(countToLater, 5)), [1, 2, 3, 4, 5])
  })

  add('takes a function that returns an array or another iterable', async ({ open }) => {
    const pool = open()
    assert.deepEqual(await collect(pool.stream(arrayOf, 3)), [1, 2, 3])
    assert.deepEqual(await collect(pool.stream(echo<Set<string>>, new Set(['a', 'b']))), ['a', 'b'])
    assert.deepEqual(await collect(pool.stream(echo<string>, 'ab')), ['a', 'b'])
  })

  add('gives nothing when nothing is yielded, and is over after that', async ({ open }) => {
    const items = open().stream(countTo, 0)
    assert.deepEqual(await items.next(), { done: true, value: undefined })
    assert.deepEqual(await items.next(), { done: true, value: undefined })
  })

  add('gives thousands of items, none lost and none twice', async ({ open }) => {
    assert.deepEqual(await collect(open().stream(countTo, 5_000)), arrayOf(5_000))
  })

  add('is over after it was left, whether or not something was read before', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const over = { done: true, value: undefined }
    for (const read of [0, 1]) {
      const items = pool.stream(countTo, 3)
      for (let n = 0; n < read; n++) await items.next()
      assert.deepEqual(await items.return?.(), over)
      assert.deepEqual([await items.next(), await items.next()], [over, over])
    }
    const failed = pool.stream(countThenThrow, 0, new RangeError('before it was left'))
    await pool.submit(double, 1)
    await failed.return?.()
    assert.deepEqual(await failed.next(), over)
  })

  add('throws what the generator throws, after the items before it', async ({ open }) => {
    const items = open().stream(countThenThrow, 2, new DeviceError({ host: 'sw1' }, 22))
    assert.deepEqual([(await items.next()).value, (await items.next()).value], [1, 2])
    await assert.rejects(items.next(), DeviceError)
    assert.deepEqual(await items.next(), { done: true, value: undefined })
  })

  add('treats a thrown undefined as a failure', async ({ open }) => {
    const items = open().stream(countThenThrow, 0, undefined)
    const ended = await items.next().then(
      () => 'it went well',
      (reason: unknown) => ({ reason }),
    )
    assert.deepEqual(ended, { reason: undefined })
  })

  add('fails when the function returns nothing that can be iterated', async ({ open }) => {
    const notIterable = double as unknown as (n: number) => Iterable<number>
    await assert.rejects(open().stream(notIterable, 1).next(), TypeError)
  })

  add('runs only a few items ahead of the reader', async ({ open, board, until, settle }) => {
    const b = board()
    const items = open().stream(countForever, b)
    assert.equal((await items.next()).value, 1)
    await settle(50)
    const ahead = read(b, 'calls')
    assert.ok(ahead <= 1_000, `${ahead} items ahead`)
    for (let n = 2; n <= ahead + 2; n++) assert.equal((await items.next()).value, n)
    await until('it goes on', () => read(b, 'calls') > ahead)
    await items.return?.()
  })

  add(
    'runs the `finally` of the generator when the loop is left, and only then gives the worker to the next call',
    async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      for await (const n of pool.stream(countForever, b)) if (n === 3) break
      assert.equal(await pool.submit(double, 1), 2)
      await until('its finally has run', () => read(b, 'ended') === 1)
      assert.equal(pool.stats.running, 0)
      assert.equal(pool.stats.restarts, 0)
    },
  )

  add('takes a place in the queue as any call, and starts at the call', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const items = pool.stream(countForever, b)
    await until('it has begun, though nobody reads', () => read(b, 'calls') > 0)
    const after = pool.submit(logValue, b, 1)
    assert.equal(after.done, false)
    await items.return?.()
    assert.equal(await after, 1)
  })

  add('aborts the signal of a generator that waits in the middle of an item when the loop is left', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    for await (const _ of pool.stream(countThenFollow, b)) {
      await until('it waits', () => read(b, 'begun') === 1)
      break
    }
    assert.equal(read(b, 'ended'), 1)
    assert.equal(await pool.submit(double, 1), 2)
    assert.deepEqual([pool.stats.failed, pool.stats.restarts], [0, 0])
  })

  add('leaves its place to other calls while it waits for its reader', async ({ open, until }) => {
    const pool = open({ maxWorkers: 1 })
    const doubled: number[] = []
    for await (const n of pool.stream(countTo, 30)) doubled.push(await pool.submit(double, n))
    assert.deepEqual(
      doubled,
      arrayOf(30).map((n) => 2 * n),
    )
    assert.deepEqual(await pool.map(double, pool.stream(countTo, 30)).toArray(), doubled)
    await until('all have ended', () => pool.stats.running === 0)
    assert.equal(pool.stats.workers, 1)
  })

  add('leaves a generator that does not end within its grace', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    for await (const n of pool.with({ grace: 20 }).stream(countThenStall, b)) {
      assert.equal(n, 1)
      await until('it is in the middle of the next', () => read(b, 'begun') > 0)
      break
    }
    if (!separate) release(b)
    assert.equal(await pool.submit(double, 4), 8)
  })

  if (separate) {
    add('replaces the worker of a generator that never yields again, after its grace', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      for await (const _ of pool.with({ grace: 20 }).stream(countThenSpin, b)) {
        await until('it spins', () => read(b, 'begun') > 0)
        break
      }
      assert.equal(await pool.submit(double, 4), 8)
      assert.equal(pool.stats.restarts, 1)
    })
  }

  add('throws ExecutorShutdownError from stream() itself after shutdown', async ({ open }) => {
    const pool = open()
    await pool.shutdown()
    assert.throws(() => pool.stream(countTo, 1), ExecutorShutdownError)
  })

  add('ends with CancelledError when its signal is aborted; the generator sees it', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const stop = new AbortController()
    const items = pool.with({ signal: stop.signal }).stream(countThenHold, b)
    assert.equal((await items.next()).value, 1)
    const next = items.next()
    await until('it is held', () => read(b, 'begun') === 1)
    stop.abort('enough')
    await assert.rejects(next, (error) => error instanceof CancelledError && error.reason === 'enough')
    await until('the generator saw it', () => read(b, 'aborted') === 1)
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('ends with TimeoutError when its timeout has passed', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const items = pool.with({ timeout: 100 }).stream(countThenHold, b)
    assert.equal((await items.next()).value, 1)
    await assert.rejects(items.next(), TimeoutError)
    assert.equal(await pool.submit(double, 1), 2)
  })

  if (separate) {
    add('gives what was yielded while the generator computes what comes next, without yielding to anything', async (scene) => {
      const pool = scene.open({ maxWorkers: 1 })
      const b = scene.board()
      const items = pool.stream(countThenCompute, b)
      assert.equal((await items.next()).value, 1)
      assert.equal((await items.next()).value, 2)
      release(b)
      assert.deepEqual(await collect(items), [3])
    })
  }

  add('ends with CancelledError when the pool is terminated', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const items = pool.stream(countThenHold, b)
    assert.equal((await items.next()).value, 1)
    await Promise.all([assert.rejects(items.next(), CancelledError), pool.terminate()])
  })

  add('is waited for by shutdown()', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const items = pool.stream(countThenHold, b)
    const shutdown = pool.shutdown()
    assert.equal((await items.next()).value, 1)
    release(b)
    assert.equal((await items.next()).value, 0)
    assert.equal((await items.next()).done, true)
    await shutdown
  })

  if (separate) {
    add('fails an item that cannot cross, and ends', async ({ open }) => {
      await assert.rejects(
        open()
          .stream(echo<unknown[]>, [new WeakMap()])
          .next(),
      )
    })
  }
}
