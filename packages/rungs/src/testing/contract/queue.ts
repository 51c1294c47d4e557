import assert from 'node:assert/strict'
import { QueueFullError } from '../../core/errors.js'
import type { Executor } from '../../core/executor.js'
import { logged, peak, read, release } from './board.js'
import { double, doubleLater, work } from './functions.js'
import { hold, holdFirmly, logValue, meet, visit } from './functions-held.js'
import { note, noted } from './functions-stateful.js'
import { arrayOf } from './generators.js'
import { asyncly, counted } from './map.js'
import type { Group } from './scene.js'

export const queueCases: Group = (add, { separate }) => {
  add('starts calls in the order of their submission', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const futures = arrayOf(100).map((n) => pool.submit(logValue, b, n))
    release(b)
    await Promise.all([held, ...futures])
    assert.deepEqual(logged(b), arrayOf(100))
  })

  add('starts calls of submit, map and starmap in the order in which they were called', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const pair = (n: number): [typeof b, number] => [b, n]
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const first = pool.submit(logValue, b, 1)
    const second = pool.starmap(logValue, [pair(2), pair(3)])
    const third = pool.submit(logValue, b, 4)
    const fourth = pool.starmap(logValue, [pair(5), pair(6)], { ordered: false })
    release(b)
    await Promise.all([held, first, second.toArray(), third, fourth.toArray()])
    assert.deepEqual(logged(b), [1, 2, 3, 4, 5, 6])
  })

  add('starts calls with a higher priority first, and those with the same in order', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const futures = [0, 5, -3, 5, 0, 10, -3, 0.5].map((priority, n) => pool.with({ priority }).submit(logValue, b, n))
    release(b)
    await Promise.all([held, ...futures])
    assert.deepEqual(logged(b), [5, 1, 3, 7, 0, 4, 2, 6])
  })

  add('gives the items of a map the priority of the map', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const pair = (n: number): [typeof b, number] => [b, n]
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const low = pool.starmap(logValue, [pair(3), pair(4)], { priority: -1 })
    const normal = pool.submit(logValue, b, 2)
    const high = pool.starmap(logValue, [pair(1)], { priority: 1 })
    release(b)
    await Promise.all([held, low.toArray(), normal, high.toArray()])
    assert.deepEqual(logged(b), [1, 2, 3, 4])
  })

  add('lets no call wait behind a long one while another worker is idle', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 2 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('one worker is busy', () => read(b, 'begun') === 1)
    assert.deepEqual(
      await Promise.all(arrayOf(20).map((n) => pool.submit(double, n))),
      arrayOf(20).map((n) => n * 2),
    )
    assert.equal(held.done, false)
    release(b)
    await held
  })

  if (separate) {
    // What has taken no time so far is what a pool may think short.
    const measure = async (pool: Executor): Promise<void> => {
      for (let round = 0; round < 40; round++) await Promise.all(arrayOf(100).map(() => pool.submit(work, 0)))
    }

    add('lets no call wait behind one of the same function that turns out to take long', async ({ open }) => {
      const pool = open({ maxWorkers: 2 })
      await measure(pool)
      const long = pool.submit(work, 1_000)
      const short = arrayOf(10).map(() => pool.submit(work, 0))
      await Promise.all(short)
      assert.equal(long.done, false)
      assert.equal(await long, 1_000)
    })

    for (const chunkSize of [1, 2] as const) {
      add(`nor an item of a map that lies ready for its worker (chunkSize ${chunkSize})`, async ({ open }) => {
        const pool = open({ maxWorkers: 2 })
        // Long enough that a worker is given no more than one ahead.
        await pool.map(work, Array<number>(20).fill(2), { chunkSize }).toArray()
        const items = [...Array<number>(chunkSize).fill(1_000), ...Array<number>(20).fill(2)]
        const results = await pool.map(work, items, { chunkSize, ordered: false }).toArray()
        assert.deepEqual(results, [...Array<number>(20).fill(2), ...Array<number>(chunkSize).fill(1_000)])
      })
    }

    add('nor while this thread is blocked by resultSync()', async ({ open }) => {
      const pool = open({ maxWorkers: 2 })
      await measure(pool)
      const long = pool.submit(work, 1_000)
      const short = pool.submit(work, 0)
      assert.equal(short.resultSync({ timeout: 10_000 }), 0)
      assert.equal(long.done, false)
      assert.equal(long.resultSync({ timeout: 10_000 }), 1_000)
    })
  }

  add('begins calls in order, whatever came in between with a higher priority', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    await pool.submit(note, 0)
    await pool.submit(noted)
    for (let round = 0; round < 15; round++) {
      const calls = Array.from({ length: 1_500 }, (_, n) => pool.submit(note, n))
      await calls[100]
      await Promise.all([...calls, pool.with({ priority: 5 }).submit(note, -1)])
      const order = await pool.submit(noted)
      assert.deepEqual(
        order.filter((n) => n >= 0),
        calls.map((_, n) => n),
      )
      assert.equal(order.filter((n) => n < 0).length, 1)
    }
  })

  add('frees the place of a cancelled call in the queue at once', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1, maxQueue: 2 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const [first] = [pool.submit(double, 1), pool.submit(double, 2)]
    assert.throws(() => pool.submit(double, 3), QueueFullError)
    first?.cancel()
    assert.equal(pool.stats.queued, 1)
    const third = pool.submit(double, 3)
    release(b)
    assert.equal(await third, 6)
    await held
  })

  add('counts none of the calls that were cancelled while they wait, wherever they do', async ({ open }) => {
    const pool = open({ maxWorkers: 1, maxQueue: 100 })
    // Workers are given calls ahead when these are known to be short.
    for (let n = 0; n < 200; n++) await pool.submit(double, n)
    const some = Array.from({ length: 100 }, (_, n) => pool.submit(double, n))
    await Promise.resolve()
    for (const future of some) future.cancel()
    assert.equal(pool.stats.queued, 0)
    const others = Array.from({ length: 100 }, (_, n) => pool.submit(double, n))
    assert.equal((await Promise.all(others)).length, 100)
    await Promise.allSettled(some)
    assert.deepEqual([pool.stats.queued, pool.stats.running], [0, 0])
  })

  add('throws QueueFullError from submit when maxQueue calls wait; the message has the number', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1, maxQueue: 2 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const futures = [pool.submit(double, 1), pool.submit(double, 2)]
    assert.throws(
      () => pool.submit(double, 3),
      (error: unknown) => error instanceof QueueFullError && error.code === 'ERR_RUNGS_QUEUE_FULL' && /2/.test(error.message),
    )
    release(b)
    assert.deepEqual(await Promise.all(futures), [2, 4])
    assert.equal(await pool.submit(double, 4), 8)
    await held
  })

  add("throws from submit also with onFull: 'wait', as it cannot wait", async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1, maxQueue: 1, onFull: 'wait' })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const queued = pool.submit(double, 1)
    assert.throws(() => pool.submit(double, 2), QueueFullError)
    release(b)
    await Promise.all([held, queued])
  })

  add("lets a map wait for places in the queue with onFull: 'wait': all items run, in order", async ({ open }) => {
    const pool = open({ maxWorkers: 2, maxQueue: 3, onFull: 'wait' })
    const expected = arrayOf(40).map((n) => n * 2)
    assert.deepEqual(await pool.map(doubleLater, arrayOf(40)).toArray(), expected)
    assert.deepEqual(await pool.map(doubleLater, asyncly(arrayOf(40))).toArray(), expected)
  })

  add("reads no more of a source than the queue takes with onFull: 'wait'", async ({ open, board, until, settle }) => {
    const pool = open({ maxWorkers: 1, maxQueue: 3, onFull: 'wait' })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const items = counted(arrayOf(50))
    const results = pool.map(double, items.source)
    await settle()
    // One more may be in the hand of the map, with nowhere to put it.
    assert.ok(items.read() <= 4, `${items.read()} read`)
    assert.ok(pool.stats.queued <= 3)
    release(b)
    assert.deepEqual(
      await results.toArray(),
      arrayOf(50).map((n) => n * 2),
    )
    await held
  })

  add("throws QueueFullError from map() itself with onFull: 'throw', and cancels what it had submitted", async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1, maxQueue: 2, onFull: 'throw' })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    assert.throws(() => pool.map(double, arrayOf(10)), QueueFullError)
    await until('the queue is empty', () => pool.stats.queued === 0)
    release(b)
    await held
  })

  add('takes more calls at once after resize() to more workers', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const futures = arrayOf(3).map(() => pool.submit(meet, b, 3))
    await until('one runs', () => read(b, 'met') === 1)
    pool.resize(3)
    assert.equal(pool.stats.maxWorkers, 3)
    await Promise.all(futures)
    assert.equal(peak(b), 3)
  })

  add('runs fewer calls at once after resize() to fewer workers, and ends none that runs', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 3 })
    const b = board()
    const held = arrayOf(3).map(() => pool.submit(holdFirmly, b))
    await until('three run', () => read(b, 'begun') === 3)
    pool.resize(1)
    assert.equal(pool.stats.maxWorkers, 1)
    const after = board()
    const futures = arrayOf(12).map((n) => pool.submit(visit, after, n))
    release(b)
    assert.deepEqual(await Promise.all(held), [0, 0, 0])
    assert.deepEqual(await Promise.all(futures), arrayOf(12))
    assert.equal(peak(after), 1)
    await until('two workers have ended', () => pool.stats.workers <= 1)
  })

  add('keeps the limit through many changes of it', async ({ open, board }) => {
    const pool = open({ maxWorkers: 2 })
    const b = board()
    const futures = arrayOf(40).map((n) => {
      if (n % 10 === 0) pool.resize(1 + ((n / 10) % 3))
      return pool.submit(visit, b, n)
    })
    assert.deepEqual(await Promise.all(futures), arrayOf(40))
    assert.ok(peak(b) <= 3, `${peak(b)} at the same time`)
  })

  add('refuses resize() to 0, to a fraction and to NaN, and keeps the limit', async ({ open }) => {
    const pool = open({ maxWorkers: 2 })
    for (const wrong of [0, -1, 1.5, Number.NaN]) assert.throws(() => pool.resize(wrong), RangeError)
    assert.throws(() => pool.resize('2' as unknown as number), TypeError)
    assert.equal(pool.stats.maxWorkers, 2)
    assert.equal(await pool.submit(double, 1), 2)
  })
}
