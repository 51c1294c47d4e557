import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { CancelledError, TimeoutError } from '../../core/errors.js'
import { read } from './board.js'
import { double, throwIt } from './functions.js'
import { exitOnFirstAttempt } from './functions-deadly.js'
import { answerOnAttempt, giveOnAttempt2, hold, succeedOnAttempt } from './functions-held.js'
import type { Group } from './scene.js'

export const retryCases: Group = (add, { separate }) => {
  add('tries a call that failed again, as often as `retries` says', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    assert.equal(await pool.with({ retries: 2 }).submit(succeedOnAttempt, b, 3), 3)
    assert.equal(read(b, 'calls'), 3)
    assert.equal(pool.stats.retried, 2)
  })

  add('fails with the last error when the attempts are used up', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    await assert.rejects(pool.with({ retries: 2 }).submit(succeedOnAttempt, b, 9), /attempt 3/)
    assert.equal(read(b, 'calls'), 3)
    await until('it is counted once', () => pool.stats.failed === 1 && pool.stats.done === 0)
  })

  if (separate) {
    add('gives each attempt what was submitted, whatever has become of it since', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1 })
      const given = { n: 1 }
      const future = pool
        .with({ retries: { limit: 2, backoff: { base: 20, cap: 20 } } })
        .submit(giveOnAttempt2<typeof given>, board(), given)
      await until('it has failed once', () => pool.stats.retried === 1)
      given.n = 2
      assert.deepEqual(await future, { n: 1 })
    })
  }

  add('tries once without retries, and with retries: 0', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    await assert.rejects(pool.submit(succeedOnAttempt, b, 2), /attempt 1/)
    await assert.rejects(pool.with({ retries: 0 }).submit(succeedOnAttempt, b, 2), /attempt 1/)
    assert.equal(read(b, 'calls'), 2)
  })

  add('asks `when` with the error and the attempt, and stops when it says no', async ({ open, board }) => {
    const b = board()
    const asked: unknown[] = []
    const when = (error: unknown, attempt: number): boolean => {
      asked.push([(error as Error).message, attempt])
      return attempt < 2
    }
    await assert.rejects(
      open()
        .with({ retries: { limit: 5, when } })
        .submit(succeedOnAttempt, b, 9),
      /attempt 2/,
    )
    assert.deepEqual(asked, [
      ['attempt 1', 1],
      ['attempt 2', 2],
    ])
  })

  add('can tell by `when` what is worth another attempt: a timeout is, a refusal is not', async ({ open, board }) => {
    const b = board()
    const when = (error: unknown): boolean => error instanceof TimeoutError
    const pool = open({ maxWorkers: 1 }).with({ timeout: 150, retries: { limit: 3, when } })
    assert.equal(await pool.submit(answerOnAttempt, b, 2), 2)
    await assert.rejects(pool.submit(throwIt, new RangeError('refused')), RangeError)
  })

  add('passes falsy reasons to `when` as they were thrown', async ({ open }) => {
    const asked: unknown[] = []
    const retries = { limit: 1, when: (error: unknown) => asked.push(error) > 0 }
    await open()
      .with({ retries })
      .submit(throwIt, undefined)
      .catch(() => {})
    assert.deepEqual(asked, [undefined])
  })

  add('settles the future also when `when` throws', async ({ open }) => {
    const retries = {
      limit: 1,
      when: (): boolean => {
        throw new Error('in when')
      },
    }
    await assert.rejects(open().with({ retries }).submit(throwIt, new RangeError('no')))
  })

  add('tries no further when `when` gives a promise, which would always count as true', async ({ open }) => {
    const pool = open()
    const when = (async () => false) as unknown as () => boolean
    await assert.rejects(pool.with({ retries: { limit: 3, when } }).submit(throwIt, new RangeError('no')))
    assert.equal(pool.stats.retried, 0)
  })

  add('runs `when` in the async context of the submitter', async ({ open }) => {
    const store = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const retries = { limit: 1, when: () => seen.push(store.getStore()) > 0 }
    const future = store.run('here', () => open().with({ retries }).submit(throwIt, 1))
    await future.exception()
    assert.deepEqual(seen, ['here'])
  })

  add('waits between attempts as `backoff` says', async ({ open, board }) => {
    const b = board()
    const started = performance.now()
    const retries = { limit: 2, backoff: { base: 30, jitter: 0 } }
    assert.equal(await open({ maxWorkers: 1 }).with({ retries }).submit(succeedOnAttempt, b, 3), 3)
    // 30 ms, then 60 ms; timers may be a millisecond early.
    assert.ok(performance.now() - started >= 87)
  })

  add('gives the worker to other calls during the pause', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const future = pool.with({ retries: { limit: 1, backoff: { base: 60_000, cap: 60_000, jitter: 0 } } }).submit(succeedOnAttempt, b, 2)
    await until('the first attempt is over', () => read(b, 'calls') === 1)
    assert.equal(await pool.submit(double, 1), 2)
    assert.equal(future.done, false)
    future.cancel()
    await assert.rejects(future, CancelledError)
  })

  add('is cancelled during a pause at once, and never tried again', async ({ open, board, until, settle }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const future = pool.with({ retries: { limit: 9, backoff: { base: 40, jitter: 0 } } }).submit(succeedOnAttempt, b, 9)
    await until('an attempt is over', () => read(b, 'calls') === 1)
    future.cancel()
    await assert.rejects(future, CancelledError)
    const tried = read(b, 'calls')
    await settle(60)
    assert.equal(read(b, 'calls'), tried)
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('never tries a cancelled call again', async ({ open, board, until, settle }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const future = pool.with({ retries: 5 }).submit(hold, b)
    await until('it runs', () => read(b, 'begun') === 1)
    future.cancel()
    await assert.rejects(future, CancelledError)
    assert.equal(await pool.submit(double, 1), 2)
    await settle()
    assert.equal(read(b, 'begun'), 1)
  })

  add('is waited for by shutdown() when there is no pause either', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const future = pool.with({ retries: 2 }).submit(succeedOnAttempt, board(), 3)
    await pool.shutdown()
    assert.equal(future.done, true)
    assert.equal(await future, 3)
  })

  add('is waited for by shutdown(), pauses and all', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const future = pool.with({ retries: { limit: 2, backoff: { base: 10, jitter: 0 } } }).submit(succeedOnAttempt, board(), 3)
    await pool.shutdown()
    assert.equal(future.done, true)
    assert.equal(await future, 3)
  })

  add('is cancelled by terminate() during a pause', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const future = pool.with({ retries: { limit: 1, backoff: { base: 60_000, cap: 60_000, jitter: 0 } } }).submit(succeedOnAttempt, b, 2)
    await until('the first attempt is over', () => read(b, 'calls') === 1)
    await pool.terminate()
    await assert.rejects(future, CancelledError)
  })

  add('tries items of a map again, each by itself', async ({ open, board }) => {
    const b = board()
    const items: [typeof b, number][] = [1, 2, 3].map((n) => [b, n])
    assert.deepEqual(await open({ maxWorkers: 2 }).starmap(succeedOnAttempt, items, { retries: 2 }).toArray(), [1, 2, 3])
    assert.equal(read(b, 'calls'), 6)
  })

  if (separate) {
    add('tries a call again whose worker died', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      assert.equal(await pool.with({ retries: 1 }).submit(exitOnFirstAttempt, 1), 2)
    })
  }
}
