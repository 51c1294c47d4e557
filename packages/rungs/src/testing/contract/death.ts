import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { BrokenExecutorError, TimeoutError, WorkerDiedError } from '../../core/errors.js'
import { wait } from '../../core/wait.js'
import { read, release } from './board.js'
import { double, workerId } from './functions.js'
import {
  exitIf,
  exitOnceReleased,
  exitWith,
  killItself,
  leaveSomethingThatThrows,
  rejectAndNobodyListens,
  runOutOfMemory,
  throwInTimer,
  throwThisInTimer,
} from './functions-deadly.js'
import { hold, spinForever } from './functions-held.js'
import { arrayOf } from './generators.js'
import type { Group, Scene } from './scene.js'

function assertDied(error: unknown, about: { exitCode?: number; key?: string; worker?: string }): asserts error is WorkerDiedError {
  assert.ok(error instanceof WorkerDiedError, inspect(error))
  assert.equal(error.code, 'ERR_RUNGS_WORKER_DIED')
  for (const [name, value] of Object.entries(about)) assert.equal(error[name as keyof typeof about], value, name)
}

export const deathCases: Group = (add, { kind, separate, smallMemory }) => {
  if (!separate) return

  for (const code of [0, 1, 42]) {
    add(
      `a call that exits with ${code} fails with WorkerDiedError, which has the code, the worker and the key; the pool heals`,
      async ({ open }) => {
        const pool = open({ maxWorkers: 1, name: 'fleet' })
        const error = await pool.with({ key: 'sw1' }).submit(exitWith, code).exception()
        assertDied(error, { exitCode: code, key: 'sw1', worker: 'fleet-0' })
        assert.match(error.message, new RegExp(`\\b${code}\\b`))
        assert.equal(await pool.submit(double, 1), 2)
        assert.equal(pool.stats.restarts, 1)
      },
    )
  }

  for (const [what, fn] of Object.entries({
    'an error that nobody catches in a timer': throwInTimer,
    'a rejection that nobody handles': rejectAndNobodyListens,
  })) {
    add(`${what} ends the worker; the call that runs fails with WorkerDiedError and that error as its cause`, async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const error = await pool.submit(fn, 'out of the blue').exception()
      assertDied(error, {})
      assert.match(inspect(error), /out of the blue/)
      assert.equal(await pool.submit(double, 1), 2)
    })
  }

  for (const value of [new RangeError('of a class'), 'a string', undefined]) {
    add(`has ${inspect(value).split('\n')[0]} as it was thrown for its cause, when nobody caught it`, async ({ open }) => {
      const error = await open({ maxWorkers: 1 }).submit(throwThisInTimer, value).exception()
      assertDied(error, {})
      const { cause } = error
      if (!(value instanceof RangeError)) assert.equal(cause, value)
      else {
        assert.ok(cause instanceof RangeError)
        assert.equal(cause.message, value.message)
      }
    })
  }

  add(
    'resultSync() throws WorkerDiedError when the worker exits or is ended by an error, and the pool heals, all while this thread is blocked',
    async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const limit = { timeout: 10_000 }
      for (const [fn, exitCode] of [
        [exitWith, 3],
        [throwInTimer, 1],
      ] as const) {
        assert.throws(
          () => pool.submit(fn as (given: unknown) => unknown, exitCode === 3 ? 3 : 'out of the blue').resultSync(limit),
          (error) => {
            assertDied(error, { exitCode })
            if (exitCode === 1) assert.match(inspect(error), /out of the blue/)
            return true
          },
        )
        assert.equal(pool.submit(double, 1).resultSync(limit), 2)
      }
      assert.equal(pool.stats.restarts, 2)
    },
  )

  add('resultSync() goes on when a worker is replaced that does not end, or has had its number of calls', async ({ open, board }) => {
    const limit = { timeout: 10_000 }
    const pool = open({ maxWorkers: 1 })
    assert.throws(() => pool.with({ timeout: 50, grace: 10 }).submit(spinForever, board()).resultSync(limit), TimeoutError)
    assert.equal(pool.submit(double, 1).resultSync(limit), 2)
    const brief = open({ maxWorkers: 1, maxTasksPerWorker: 1 })
    for (const value of [1, 2, 3]) assert.equal(brief.submit(double, value).resultSync(limit), value * 2)
  })

  if (smallMemory !== undefined) {
    add(
      'a call that takes all memory fails with WorkerDiedError; the pool heals',
      async ({ open }) => {
        const pool = open({ maxWorkers: 1, ...smallMemory })
        const error = await pool.submit(runOutOfMemory).exception()
        assertDied(error, {})
        assert.match(inspect(error), /memory/i)
        assert.equal(await pool.submit(double, 1), 2)
        // Of a thread that this event loop has heard of it is found out without it.
        assert.throws(
          () => pool.submit(runOutOfMemory).resultSync({ timeout: 20_000 }),
          (error) => {
            assertDied(error, {})
            return true
          },
        )
      },
      30_000,
    )
  }

  if (kind === 'process') {
    add('a process that is killed fails its call with the signal', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const error = await pool.submit(killItself, 'SIGKILL').exception()
      assertDied(error, {})
      assert.equal(error.signal, 'SIGKILL')
      assert.equal(await pool.submit(double, 1), 2)
    })
  }

  add('calls that wait in the queue are run by the next worker', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const dying = pool.submit(exitOnceReleased, b, 1)
    await until('it runs', () => read(b, 'begun') === 1)
    const queued = arrayOf(5).map((n) => pool.submit(double, n))
    release(b)
    assert.deepEqual(await Promise.all(queued), [2, 4, 6, 8, 10])
    assertDied(await dying.exception(), { exitCode: 1 })
  })

  add('calls on other workers are unharmed', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 2 })
    const b = board()
    const sibling = pool.submit(hold, b, 5)
    await until('it runs', () => read(b, 'begun') === 1)
    assertDied(await pool.submit(exitWith, 1).exception(), { exitCode: 1 })
    assert.equal(sibling.state, 'running')
    release(b)
    assert.equal(await sibling, 5)
  })

  add('calls that had begun on the same worker fail too, each with an error of its own and its own key', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1, callsPerWorker: 3 })
    const b = board()
    const siblings = ['a', 'b'].map((key) => pool.with({ key }).submit(hold, b))
    await until('they run', () => read(b, 'begun') === 2)
    const dying = pool.with({ key: 'c' }).submit(exitWith, 9)
    const errors = await Promise.all([...siblings, dying].map((future) => future.exception()))
    for (const [i, error] of errors.entries()) assertDied(error, { exitCode: 9, key: ['a', 'b', 'c'][i] as string })
    assert.equal(new Set(errors).size, 3)
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('a worker that dies in idleness harms nobody', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const before = await pool.submit(leaveSomethingThatThrows, b)
    release(b)
    await until('it was noticed', () => pool.stats.restarts > 0 || pool.stats.workers === 0)
    assert.notEqual(await pool.submit(workerId), before)
    assert.deepEqual([pool.stats.done, pool.stats.failed], [2, 0])
  })

  add(
    'deaths again and again: every call settles, exactly those fail that exited',
    async ({ open }) => {
      const pool = open({ maxWorkers: 2 })
      const futures = arrayOf(30).map((n) => pool.submit(exitIf, n % 6 === 0 ? n : -1, n))
      const { done } = await wait(futures)
      assert.equal(done.size, 30)
      for (const [i, future] of futures.entries()) {
        const n = i + 1
        if (n % 6 === 0) assertDied(await future.exception(), { exitCode: 1 })
        else assert.equal(await future, n)
      }
      assert.deepEqual([pool.stats.done, pool.stats.failed], [25, 5])
    },
    30_000,
  )

  add('a death in a map is the failure of one item; the others have their results', async ({ open }) => {
    const items: [number, number][] = arrayOf(6).map((n) => [3, n])
    const records = await open({ maxWorkers: 2 }).starmap(exitIf, items, { onError: 'settle' }).toArray()
    assert.deepEqual(
      records.map((record) => (record.status === 'fulfilled' ? record.value : (record.reason as Error).constructor)),
      [1, 2, WorkerDiedError, 4, 5, 6],
    )
  })

  add('a death in a chunk is the failure of one item; those after it are run elsewhere', async ({ open }) => {
    const items: [number, number][] = arrayOf(6).map((n) => [1, n])
    const records = await open({ maxWorkers: 1 }).starmap(exitIf, items, { onError: 'settle', chunkSize: 3 }).toArray()
    assert.deepEqual(
      records.map((record) => (record.status === 'fulfilled' ? record.value : (record.reason as Error).constructor)),
      [WorkerDiedError, 2, 3, 4, 5, 6],
    )
  })

  add(
    'breaks as Python does with replaceDeadWorkers: false: all calls fail, each with an error of its own',
    async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1, replaceDeadWorkers: false })
      const b = board()
      const dying = pool.submit(exitOnceReleased, b, 4)
      await until('it runs', () => read(b, 'begun') === 1)
      const queued = arrayOf(3).map((n) => pool.submit(double, n))
      release(b)
      const errors = await Promise.all([dying, ...queued].map((future) => future.exception()))
      assertDied(errors[0], { exitCode: 4 })
      for (const error of errors) assert.ok(error instanceof BrokenExecutorError, inspect(error))
      assert.equal(new Set(errors).size, 4)
      assert.match(inspect(errors[1]), /\b4\b/, 'says with what the worker ended')
      assert.throws(() => pool.submit(double, 1), BrokenExecutorError)
      await pool.shutdown()
      assert.equal(pool.stats.workers, 0)
    },
  )

  add('shutdown() ends while workers die', async ({ open }) => {
    const pool = open({ maxWorkers: 2 })
    const futures = arrayOf(6).map((n) => pool.submit(exitIf, n % 2 === 0 ? n : -1, n))
    await pool.shutdown()
    assert.ok(futures.every(({ done }) => done))
    for (const future of futures) await future.exception()
  })

  add('a module that throws while it is loaded there fails the call with that error; the pool goes on', async (scene) => {
    const { open } = scene
    const { fn, rewrite } = await importedFunction(scene)
    rewrite(`throw new RangeError('not today')\nexport function computeTotal(n) { return n }\n`)
    const pool = open({ maxWorkers: 1 })
    const error = await pool.submit(fn, 1).exception()
    assert.match(inspect(error), /not today/)
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('an export that is missing there fails the call, with the name that was probably meant', async (scene) => {
    const { open } = scene
    const { fn, rewrite } = await importedFunction(scene)
    rewrite('export function computeTotals(n) { return n }\n')
    const pool = open({ maxWorkers: 1 })
    const error = await pool.submit(fn, 1).exception()
    assert.match(inspect(error), /computeTotal\b/)
    assert.match(inspect(error), /did you mean .*computeTotals/i)
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('a module that cannot be parsed there fails the call; the pool goes on', async (scene) => {
    const { open } = scene
    const { fn, rewrite } = await importedFunction(scene)
    rewrite('export function computeTotal(n) {')
    const pool = open({ maxWorkers: 1 })
    await assert.rejects(pool.submit(fn, 1))
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('a module that ends the worker while it is loaded fails the call with WorkerDiedError', async (scene) => {
    const { open } = scene
    const { fn, rewrite } = await importedFunction(scene)
    rewrite('process.exit(5)\nexport function computeTotal(n) { return n }\n')
    const pool = open({ maxWorkers: 1 })
    assertDied(await pool.submit(fn, 1).exception(), { exitCode: 5 })
    assert.equal(await pool.submit(double, 1), 2)
  })
}

/** A function of a module whose file is changed after it was sent once, and before another worker loads it. */
async function importedFunction({ module, open }: Scene): Promise<{ fn: (n: number) => number; rewrite(text: string): void }> {
  const { url, rewrite } = module('export function computeTotal(n) { return n }\n')
  const { computeTotal } = (await import(url)) as { computeTotal: (n: number) => number }
  assert.equal(await open({ maxWorkers: 1 }).submit(computeTotal, 1), 1)
  return { fn: computeTotal, rewrite }
}
