import assert from 'node:assert/strict'
import { CancelledError, ExecutorShutdownError, InvalidStateError } from '../../core/errors.js'
import { asCompleted, wait } from '../../core/wait.js'
import { logged, read, release } from './board.js'
import { double, doubleLater } from './functions.js'
import { hold, holdFirmly, holdThenFail, logValue, spinForever } from './functions-held.js'
import { waitForEnd } from './functions-nested.js'
import { arrayOf } from './generators.js'
import type { Group } from './scene.js'

export const shutdownCases: Group = (add, { separate }) => {
  add('shutdown() waits for the running and the queued calls', async ({ open, board, until, settle }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b, 5)
    const queued = arrayOf(3).map((n) => pool.submit(logValue, b, n))
    await until('it runs', () => read(b, 'begun') === 1)
    let ended = false
    const shutdown = pool.shutdown().then(() => {
      ended = true
    })
    await settle()
    assert.equal(ended, false)
    release(b)
    await shutdown
    assert.deepEqual(logged(b), [1, 2, 3])
    assert.deepEqual(await Promise.all([held, ...queued]), [5, 1, 2, 3])
    assert.equal(pool.stats.workers, 0)
  })

  add('shutdown() refuses new calls at once', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    const shutdown = pool.shutdown()
    assert.throws(
      () => pool.submit(double, 1),
      (error: unknown) => error instanceof ExecutorShutdownError && error.code === 'ERR_RUNGS_SHUTDOWN',
    )
    assert.throws(() => pool.with({ key: 'a' }).submit(double, 1), ExecutorShutdownError)
    release(b)
    await Promise.all([held, shutdown])
  })

  add('shutdown() of a pool that has done nothing ends', async ({ open }) => {
    const pool = open()
    await pool.shutdown()
    await pool.shutdown({ wait: false })
    await pool.shutdown({ cancelFutures: true })
    assert.deepEqual([pool.stats.workers, pool.stats.queued, pool.stats.running], [0, 0, 0])
  })

  add('shutdown() is refused to a call that would wait for its own end, and the pool goes on', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    await assert.rejects(pool.submit(waitForEnd, pool), InvalidStateError)
    await assert.rejects(pool.submit(waitForEnd, pool.with({ key: 'a' })), InvalidStateError)
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('shutdown() called again waits for the same end', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    const ended: number[] = []
    const calls = [1, 2, 3].map((n) => pool.shutdown().then(() => ended.push(n)))
    assert.deepEqual(ended, [])
    release(b)
    await Promise.all(calls)
    assert.equal(held.done, true)
    assert.equal(ended.length, 3)
    await held
  })

  add('shutdown({ wait: false }) does not wait; the calls run to their end', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const futures = [pool.submit(hold, b, 0), ...arrayOf(3).map((n) => pool.submit(double, n))]
    await pool.shutdown({ wait: false })
    assert.ok(futures.every(({ done }) => !done))
    release(b)
    assert.deepEqual(await Promise.all(futures), [0, 2, 4, 6])
    await until('its workers have ended', () => pool.stats.workers === 0)
  })

  add(
    'shutdown({ cancelFutures: true }) cancels what has not started, and the running call ends as it would',
    async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      const held = pool.submit(hold, b, 5)
      await until('it runs', () => read(b, 'begun') === 1)
      const queued = arrayOf(3).map((n) => pool.submit(logValue, b, n))
      const shutdown = pool.shutdown({ cancelFutures: true })
      assert.ok(queued.every(({ cancelled }) => cancelled))
      for (const future of queued) await assert.rejects(future, CancelledError)
      release(b)
      await shutdown
      assert.equal(await held, 5)
      assert.deepEqual([logged(b), read(b, 'aborted')], [[], 0])
    },
  )

  add('after shutdown({ cancelFutures: true }) a call that fails is not tried again', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const again = pool.with({ retries: { limit: 3, backoff: { base: 600_000, cap: 600_000 } } })
    const held = again.submit(holdThenFail, b, 'as it would')
    await until('it runs', () => read(b, 'begun') === 1)
    const shutdown = pool.shutdown({ cancelFutures: true })
    release(b)
    await assert.rejects(held, /as it would/)
    await shutdown
    assert.equal(pool.stats.retried, 0)
  })

  add('shutdown({ cancelFutures: true }) after shutdown() still cancels', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('it runs', () => read(b, 'begun') === 1)
    const queued = pool.submit(logValue, b, 1)
    const first = pool.shutdown()
    const second = pool.shutdown({ cancelFutures: true })
    assert.equal(queued.cancelled, true)
    release(b)
    await Promise.all([first, second, held])
  })

  add('submit, cancel and shutdown in one turn do not hang', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const futures = arrayOf(5).map((n) => pool.submit(doubleLater, n))
    for (const future of futures) future.cancel()
    await pool.shutdown()
    assert.ok(futures.every(({ cancelled }) => cancelled))
  })

  add('shutdown() in a done-callback does not hang', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const future = pool.submit(doubleLater, 1)
    const ended = new Promise<void>((resolve, reject) => future.addDoneCallback(() => pool.shutdown().then(resolve, reject)))
    await ended
    assert.equal(await future, 2)
  })

  add('shutdown() waits for a cancelled call that goes on', async ({ open, board, until, settle }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const future = pool.with({ grace: 60_000 }).submit(holdFirmly, b)
    await until('it runs', () => read(b, 'begun') === 1)
    future.cancel()
    let ended = false
    const shutdown = pool.shutdown().then(() => {
      ended = true
    })
    await settle()
    assert.equal(ended, false)
    release(b)
    await shutdown
    assert.equal(read(b, 'ended'), 1)
  })

  add('leaving an `await using` block by an error waits too, and the error is what is thrown', async ({ open, board }) => {
    const b = board()
    const pool = open({ maxWorkers: 1 })
    const futures = arrayOf(3).map((n) => pool.submit(logValue, b, n))
    const block = async (): Promise<never> => {
      try {
        throw new RangeError('in the block')
      } finally {
        await pool[Symbol.asyncDispose]()
      }
    }
    await assert.rejects(block(), RangeError)
    assert.deepEqual(logged(b), [1, 2, 3])
    assert.deepEqual(await Promise.all(futures), [1, 2, 3])
  })

  add('terminate() cancels the running and the queued calls, and nothing is left unsettled', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const futures = [pool.submit(hold, b, 0), ...arrayOf(5).map((n) => pool.submit(logValue, b, n))]
    await until('one runs', () => read(b, 'begun') === 1)
    const ended = pool.terminate()
    assert.ok(futures.every(({ cancelled }) => cancelled))
    for (const future of futures) await assert.rejects(future, CancelledError)
    await ended
    assert.deepEqual(logged(b), [])
    assert.deepEqual([pool.stats.workers, pool.stats.queued, pool.stats.running], [0, 0, 0])
  })

  add('terminate() wakes wait() and asCompleted()', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const futures = arrayOf(3).map(() => pool.submit(hold, b))
    await until('one runs', () => read(b, 'begun') === 1)
    const waited = wait(futures)
    const completed = asCompleted(futures)
    const nexts = Promise.all(futures.map(() => completed.next()))
    await pool.terminate()
    assert.equal((await waited).notDone.size, 0)
    assert.ok((await nexts).every(({ done }) => done === false))
    assert.ok(futures.every(({ cancelled }) => cancelled))
  })

  add('terminate() of a pool that has done nothing ends, and so does a second one', async ({ open }) => {
    const pool = open()
    await pool.terminate()
    await pool.terminate()
    assert.throws(() => pool.submit(double, 1), ExecutorShutdownError)
    await pool.shutdown()
  })

  add('terminate() ends a shutdown() that waits', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('it runs', () => read(b, 'begun') === 1)
    const shutdown = pool.shutdown()
    await pool.terminate()
    await shutdown
    await assert.rejects(held, CancelledError)
  })

  add('terminate() leaves finished futures as they are', async ({ open }) => {
    const pool = open()
    const future = pool.submit(double, 1)
    await future
    await pool.terminate()
    assert.deepEqual([future.state, await future], ['finished', 2])
  })

  add('terminate() ends a map: the iteration throws CancelledError', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const next = pool.starmap(hold, [[b], [b]]).next()
    await until('one runs', () => read(b, 'begun') === 1)
    await Promise.all([assert.rejects(next, CancelledError), pool.terminate()])
  })

  if (separate) {
    add('terminate() ends workers that never yield', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 2 })
      const b = board()
      const futures = [pool.submit(spinForever, b), pool.submit(spinForever, b), pool.submit(double, 1)]
      await until('both spin', () => read(b, 'begun') === 2)
      await pool.terminate()
      for (const future of futures) await assert.rejects(future, CancelledError)
      assert.equal(pool.stats.workers, 0)
    })

    add('terminate() ends workers that are still starting', async ({ open }) => {
      const pool = open({ maxWorkers: 2, minWorkers: 2 })
      const future = pool.submit(double, 1)
      await pool.terminate()
      await assert.rejects(future, CancelledError)
      assert.equal(pool.stats.workers, 0)
    })

    add('terminate({ kill: true }) ends them as well', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      const future = pool.submit(spinForever, b)
      await until('it spins', () => read(b, 'begun') === 1)
      await pool.terminate({ kill: true })
      await assert.rejects(future, CancelledError)
    })
  }
}
