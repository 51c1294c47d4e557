import assert from 'node:assert/strict'
import { ExecutorShutdownError } from '../../core/errors.js'
import { Future } from '../../core/future.js'
import { peak, read, release } from './board.js'
import { argumentsOf, double, doubleLater, nothing, sum, thisHere, throwIt, throwLater } from './functions.js'
import { hold, logValue, meet, visit } from './functions-held.js'
import type { Group } from './scene.js'

export const submitCases: Group = (add, { separate }) => {
  add('gives the value that the function returns', async ({ open }) => {
    assert.equal(await open().submit(double, 21), 42)
  })

  add('gives the value that the promise of an async function resolves to', async ({ open }) => {
    assert.equal(await open().submit(doubleLater, 21), 42)
  })

  add('gives undefined when the function returns nothing', async ({ open }) => {
    assert.equal(await open().submit(nothing), undefined)
  })

  add('passes each argument, none, and undefined as itself', async ({ open }) => {
    const pool = open()
    assert.deepEqual(await pool.submit(argumentsOf), [])
    assert.deepEqual(await pool.submit(argumentsOf, undefined), [undefined])
    assert.deepEqual(await pool.submit(argumentsOf, 1, undefined, null, 'x'), [1, undefined, null, 'x'])
    assert.equal(await pool.submit(sum, ...Array.from({ length: 100 }, (_, i) => i)), 4_950)
  })

  add('calls the function without a `this`, as it was handed over without one', async ({ open }) => {
    assert.equal(await open().submit(thisHere), 'undefined')
  })

  add('takes a global function', async ({ open }) => {
    assert.equal(await open().submit(Math.max, 1, 3, 2), 3)
  })

  add('returns a pending Future at once and does not run the call in submit itself', async ({ open, board }) => {
    const pool = open()
    const b = board()
    const future = pool.submit(logValue, b, 1)
    assert.ok(future instanceof Future)
    assert.equal(future.done, false)
    if (!separate) assert.equal(read(b, 'logged'), 0)
    assert.equal(await future, 1)
  })

  add('returns at once also when all workers are busy, for thousands of calls', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    const futures = Array.from({ length: 2_000 }, (_, i) => pool.submit(double, i))
    assert.ok(futures.every((future) => !future.done))
    release(b)
    await held
    assert.deepEqual(
      await Promise.all(futures),
      futures.map((_, i) => i * 2),
    )
  })

  add('gives each future an id of its own, ascending in the order of submission', async ({ open }) => {
    const pool = open()
    const futures = [pool.submit(double, 1), pool.submit(double, 2), pool.submit(double, 3)]
    const ids = futures.map(({ id }) => id)
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    )
    assert.equal(new Set(ids).size, 3)
    await Promise.all(futures)
  })

  add('fails the future, and not submit, when the function throws', async ({ open }) => {
    const future = open().submit(throwIt, new RangeError('no'))
    await assert.rejects(future, RangeError)
  })

  add('fails the future when the promise of an async function rejects', async ({ open }) => {
    await assert.rejects(open().submit(throwLater, new RangeError('no')), /no/)
  })

  add('runs on after a call has failed: the worker survives', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    await assert.rejects(pool.submit(throwIt, new Error('first')))
    assert.equal(await pool.submit(double, 2), 4)
    assert.equal(pool.stats.restarts, 0)
  })

  add('runs calls at the same time, as many as there are workers', async ({ open, board }) => {
    const pool = open({ maxWorkers: 3 })
    const b = board()
    // Each ends only when all three are running.
    await Promise.all([1, 2, 3].map(() => pool.submit(meet, b, 3)))
    assert.equal(peak(b), 3)
  })

  add('never runs more calls at the same time than there are workers', async ({ open, board }) => {
    const pool = open({ maxWorkers: 3 })
    const b = board()
    await Promise.all(Array.from({ length: 60 }, (_, n) => pool.submit(visit, b, n)))
    assert.ok(peak(b) <= 3, `${peak(b)} at the same time`)
  })

  add('submits many and awaits them one after the other, while some have failed already', async ({ open, warnings }) => {
    const pool = open({ maxWorkers: 2 })
    const futures = Array.from({ length: 10 }, (_, i) => (i % 3 === 2 ? pool.submit(throwIt, i) : pool.submit(double, i)))
    const seen: unknown[] = []
    for (const future of futures) seen.push(await future.catch((reason: unknown) => `failed ${reason}`))
    assert.deepEqual(seen, [0, 2, 'failed 2', 6, 8, 'failed 5', 12, 14, 'failed 8', 18])
    assert.deepEqual(warnings(), [])
  })

  add('shares nothing with another executor: a full one does not slow an idle one', async ({ open, board }) => {
    const full = open({ maxWorkers: 1 })
    const idle = open({ maxWorkers: 1 })
    const b = board()
    const held = full.submit(hold, b)
    assert.equal(await idle.submit(double, 4), 8)
    assert.equal(held.done, false)
    release(b)
    await held
  })

  add('throws ExecutorShutdownError from submit itself after shutdown', async ({ open }) => {
    const pool = open()
    await pool.shutdown()
    assert.throws(() => pool.submit(double, 1), ExecutorShutdownError)
  })

  add('works as `await using`: leaving the block waits for the calls', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const futures = [pool.submit(logValue, b, 1), pool.submit(logValue, b, 2)]
    await pool[Symbol.asyncDispose]()
    assert.deepEqual(
      futures.map(({ state }) => state),
      ['finished', 'finished'],
    )
    assert.deepEqual(await Promise.all(futures), [1, 2])
    assert.throws(() => pool.submit(double, 1), ExecutorShutdownError)
  })
}
