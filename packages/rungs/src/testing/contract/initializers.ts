import assert from 'node:assert/strict'
import { BrokenExecutorError } from '../../core/errors.js'
import { wait } from '../../core/wait.js'
import { read } from './board.js'
import { double, doubleLater, throwIt, throwLater } from './functions.js'
import { exitWith } from './functions-deadly.js'
import { meet } from './functions-held.js'
import { failToTearDown, recall, setUp, setUpBoard, tearDown } from './functions-stateful.js'
import { arrayOf } from './generators.js'
import type { Group } from './scene.js'

export const initializerCases: Group = (add, { separate }) => {
  const once = separate ? 'once in each worker' : 'once for all tasks, which share this thread'

  add(`runs the initializer ${once}, before the first call, with its arguments, and waits for its promise`, async ({ open, board }) => {
    const b = board()
    const pool = open({ maxWorkers: 2, initializer: setUp, initargs: [b, 'set up', 7] })
    const meeting = board()
    await Promise.all([pool.submit(meet, meeting, 2), pool.submit(meet, meeting, 2)])
    const values = await Promise.all(arrayOf(10).map(() => pool.submit(recall, 'set up')))
    assert.deepEqual(values, Array(10).fill(7))
    assert.equal(read(b, 'setUp'), separate ? 2 : 1)
  })

  add('runs no initializer when there is no call', async ({ open, board, settle }) => {
    const b = board()
    const pool = open({ initializer: setUp, initargs: [b, 'unused', 7] })
    await settle()
    await pool.shutdown()
    assert.equal(read(b, 'setUp'), 0)
  })

  for (const [how, initializer] of Object.entries({ throws: throwIt, rejects: throwLater })) {
    add(`breaks the pool when the initializer ${how}: all calls fail, each with an error of its own and the cause`, async ({ open }) => {
      const pool = open({ maxWorkers: 1, initializer, initargs: [new RangeError('no such host')] })
      const futures = arrayOf(3).map((n) => pool.submit(double, n))
      const errors = await Promise.all(futures.map((future) => future.exception()))
      for (const error of errors) {
        assert.ok(error instanceof BrokenExecutorError, String(error))
        assert.equal(error.code, 'ERR_RUNGS_BROKEN')
        assert.ok(error.cause instanceof RangeError && error.cause.message === 'no such host')
      }
      assert.equal(new Set(errors).size, 3)
    })

    add(`throws BrokenExecutorError from submit after the initializer ${how}; the end is in peace`, async ({ open }) => {
      const pool = open({ maxWorkers: 1, initializer, initargs: [new RangeError('no such host')] })
      await wait([pool.submit(double, 1)])
      assert.throws(
        () => pool.submit(double, 1),
        (error: unknown) => error instanceof BrokenExecutorError && error.cause instanceof RangeError,
      )
      assert.throws(() => pool.map(double, [1]), BrokenExecutorError)
      await pool.shutdown()
      await pool.terminate()
      assert.equal(pool.stats.workers, 0)
    })
  }

  add('treats an initializer that throws undefined as one that failed', async ({ open }) => {
    const pool = open({ maxWorkers: 1, initializer: throwIt, initargs: [undefined] })
    await assert.rejects(pool.submit(double, 1), BrokenExecutorError)
  })

  add('runs the finalizer once in each worker that ends in peace, and shutdown() waits for it', async ({ open, board }) => {
    const b = board()
    const pool = open({ maxWorkers: 2, initializer: setUpBoard, initargs: [b], finalizer: tearDown })
    const meeting = board()
    await Promise.all([pool.submit(meet, meeting, 2), pool.submit(meet, meeting, 2)])
    await pool.shutdown()
    assert.equal(read(b, 'tornDown'), separate ? 2 : 1)
    assert.equal(read(b, 'setUp'), read(b, 'tornDown'))
    await pool.shutdown()
    assert.equal(read(b, 'tornDown'), separate ? 2 : 1)
  })

  add('runs no finalizer where no call ran', async ({ open, board }) => {
    const b = board()
    const pool = open({ initializer: setUpBoard, initargs: [b], finalizer: tearDown })
    await pool.shutdown()
    assert.equal(read(b, 'tornDown'), 0)
  })

  add('reports a finalizer that fails, and the end comes all the same', async ({ open, warnings, until }) => {
    const pool = open({ maxWorkers: 1, finalizer: failToTearDown })
    await pool.submit(double, 1)
    await pool.shutdown()
    await until('the warning', () => warnings().some(({ message }) => message.includes('thrown in a finalizer')))
  })

  if (separate) {
    add('runs the initializer again in a worker that replaces another, and the finalizer in the one that goes', async ({ open, board }) => {
      const b = board()
      const pool = open({ maxWorkers: 1, maxTasksPerWorker: 1, initializer: setUpBoard, initargs: [b], finalizer: tearDown })
      await Promise.all(arrayOf(3).map((n) => pool.submit(doubleLater, n)))
      await pool.shutdown()
      assert.equal(read(b, 'setUp'), 3)
      assert.equal(read(b, 'tornDown'), 3)
    })

    add('runs the finalizer in a worker that ends in idleness', async ({ open, board, until }) => {
      const b = board()
      const pool = open({ maxWorkers: 1, idleTimeout: 10, initializer: setUpBoard, initargs: [b], finalizer: tearDown })
      await pool.submit(double, 1)
      await until('it has ended', () => pool.stats.workers === 0 && read(b, 'tornDown') === 1)
    })

    add('runs no finalizer in a worker that is terminated', async ({ open, board }) => {
      const b = board()
      const pool = open({ maxWorkers: 1, initializer: setUpBoard, initargs: [b], finalizer: tearDown })
      await pool.submit(double, 1)
      await pool.terminate()
      assert.equal(read(b, 'tornDown'), 0)
    })

    add('settles all calls when the initializer ends its worker', async ({ open }) => {
      const pool = open({ maxWorkers: 1, initializer: exitWith, initargs: [3] })
      const errors = await Promise.all(arrayOf(3).map((n) => pool.submit(double, n).exception()))
      for (const error of errors) assert.ok(error instanceof BrokenExecutorError, String(error))
    })

    add('settles all calls when an argument of the initializer cannot cross', async ({ openWith }) => {
      const started = (): unknown => openWith({ maxWorkers: 1, initializer: setUp, initargs: [new WeakMap()] })
      const pool = (() => {
        try {
          return started() as ReturnType<typeof openWith>
        } catch {
          return undefined // Refused at once: as good.
        }
      })()
      if (pool !== undefined) await assert.rejects(pool.submit(double, 1))
    })
  }
}
