import assert from 'node:assert/strict'
import { CancelledError, TimeoutError } from '../../core/errors.js'
import { logged, read, release } from './board.js'
import { double, doubleLater, textOf, throwLater, workerId } from './functions.js'
import { hold, holdFirmly, logValue, spinForever, succeedOnAttempt } from './functions-held.js'
import type { Group } from './scene.js'

export const limitCases: Group = (add, { separate }) => {
  add('fails a call with TimeoutError when its timeout has passed; the call sees its signal', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const future = pool.with({ timeout: 30 }).submit(hold, b)
    await assert.rejects(future, (error) => error instanceof TimeoutError && error.code === 'ERR_RUNGS_TIMEOUT' && /30/.test(error.message))
    assert.deepEqual([future.state, future.cancelled], ['finished', false])
    await until('the call saw it', () => read(b, 'aborted') === 1)
    assert.equal(await pool.submit(double, 1), 2)
    assert.equal(pool.stats.restarts, 0)
  })

  add('counts a failed timeout as failed and not as cancelled', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    await pool.with({ timeout: 10 }).submit(hold, board()).exception()
    await until('it is counted', () => pool.stats.failed === 1)
    assert.equal(pool.stats.cancelled, 0)
  })

  add('counts a timeout from the start of the call: waiting in the queue takes none of it', async ({ open, board, until, settle }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const future = pool.with({ timeout: 400 }).submit(double, 1)
    await settle(450)
    assert.equal(future.state, 'pending')
    release(b)
    assert.equal(await future, 2)
    await held
  })

  add('gives the value of a call that ends before its timeout', async ({ open }) => {
    const pool = open({ maxWorkers: 1 }).with({ timeout: 60_000, deadline: 60_000 })
    assert.equal(await pool.submit(doubleLater, 1), 2)
    assert.equal(await pool.submit(double, 2), 4)
  })

  add('takes Infinity for no timeout', async ({ open }) => {
    const pool = open().with({ timeout: Number.POSITIVE_INFINITY, deadline: Number.POSITIVE_INFINITY })
    assert.equal(await pool.submit(doubleLater, 1), 2)
  })

  add("leaves the call's own error alone when it fails before its timeout", async ({ open }) => {
    await assert.rejects(open().with({ timeout: 60_000 }).submit(throwLater, new RangeError('mine')), RangeError)
  })

  if (separate) {
    add('ends a call that never yields, though a large result of its sibling is still on its way', async ({ open, board }) => {
      const pool = open({ maxWorkers: 1, callsPerWorker: 2 })
      await pool.submit(double, 1)
      const large = pool.submit(textOf, 2_000_000)
      const spinning = pool.with({ timeout: 50, grace: 50 }).submit(spinForever, board())
      await assert.rejects(spinning, TimeoutError)
      assert.equal((await large).length, 2_000_000)
    })
  }

  add('fails a queued call with TimeoutError at its deadline; it never starts', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const future = pool.with({ deadline: 30 }).submit(logValue, b, 1)
    await assert.rejects(future, TimeoutError)
    assert.equal(pool.stats.queued, 0)
    release(b)
    await held
    assert.equal(await pool.submit(logValue, b, 2), 2)
    assert.deepEqual(logged(b), [2])
  })

  add('fails a running call with TimeoutError at its deadline; the call sees its signal', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    await assert.rejects(pool.with({ deadline: 150 }).submit(hold, b), TimeoutError)
    await until('the call saw it, or never began', () => read(b, 'aborted') === read(b, 'begun'))
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('counts a deadline over all attempts and the pauses between them', async ({ open, board, settle }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const retries = { limit: 1_000_000, backoff: { base: 5, jitter: 0 } }
    await assert.rejects(pool.with({ deadline: 200, retries }).submit(succeedOnAttempt, b, Number.POSITIVE_INFINITY), TimeoutError)
    // On the only worker: an attempt that was running at the deadline has ended before this one.
    assert.equal(await pool.submit(double, 1), 2)
    const tried = read(b, 'calls')
    await settle(60)
    assert.equal(read(b, 'calls'), tried)
  })

  add('is over at the deadline also during a long pause between attempts', async ({ open, board }) => {
    const retries = { limit: 5, backoff: { base: 60_000, cap: 60_000, jitter: 0 } }
    const pool = open({ maxWorkers: 1 })
    await pool.submit(double, 1)
    const future = pool.with({ deadline: 400, retries }).submit(succeedOnAttempt, board(), 2)
    const error = await future.exception()
    assert.ok(error instanceof TimeoutError)
    // Why it had to be tried again.
    assert.match(String(error.cause), /attempt 1/)
  })

  add('counts the timeout of each attempt anew', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    await assert.rejects(pool.with({ timeout: 20, retries: 2 }).submit(hold, b), TimeoutError)
    assert.equal(read(b, 'begun'), 3)
  })

  add('cancels with CancelledError, not TimeoutError, when both could be', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const future = pool.with({ timeout: 5_000 }).submit(hold, b)
    await until('it runs', () => read(b, 'begun') === 1)
    future.cancel()
    await assert.rejects(future, CancelledError)
  })

  if (separate) {
    add('replaces the worker of a call that goes on after its timeout for longer than `grace`', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      const before = await pool.submit(workerId)
      await assert.rejects(pool.with({ timeout: 30, grace: 20 }).submit(spinForever, b), TimeoutError)
      assert.notEqual(await pool.submit(workerId), before)
      await until('it is counted', () => pool.stats.restarts === 1 && pool.stats.failed === 1)
    })

    add('replaces workers again and again, and other calls get through', async ({ open, board }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      const stuck = [1, 2, 3].map(() => pool.with({ timeout: 20, grace: 0 }).submit(spinForever, b))
      const good = [1, 2, 3].map((n) => pool.submit(double, n))
      assert.deepEqual(
        (await Promise.all(stuck.map((future) => future.exception()))).map((error) => error instanceof TimeoutError),
        [true, true, true],
      )
      assert.deepEqual(await Promise.all(good), [2, 4, 6])
    })
  } else {
    add('keeps the place of a task that goes on after its timeout, as nothing can end it', async ({ open, board, settle }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      await assert.rejects(pool.with({ timeout: 10, grace: 0 }).submit(holdFirmly, b), TimeoutError)
      const next = pool.submit(double, 1)
      await settle()
      assert.deepEqual([pool.stats.running, next.state], [1, 'pending'])
      release(b)
      assert.equal(await next, 2)
    })
  }
}
