import assert from 'node:assert/strict'
import { CancelledError, InvalidStateError, TimeoutError, WorkerDiedError } from '../../core/errors.js'
import type { Executor } from '../../core/executor.js'
import { Future } from '../../core/future.js'
import { DeviceError, double, kindHere, thenFunction, thenNever, thenThen } from './functions.js'
import { exitWith } from './functions-deadly.js'
import {
  failNested,
  fibonacci,
  fibonacciSync,
  futureOfWorker,
  futuresNested,
  leaveNestedStream,
  mapNested,
  nameOfNestedError,
  outliveNested,
  passNested,
  readAfterLeaving,
  returnNested,
  settledNested,
  streamNested,
  submitNested,
} from './functions-nested.js'
import { arrayOf } from './generators.js'
import type { Group } from './scene.js'

export const nestingCases: Group = (add, { separate, takesBack }) => {
  add('a call submits to its own pool, handed to it as an argument, on a single worker', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    assert.equal(await pool.submit(submitNested, pool, 20), 41)
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('many calls that each wait for a call of their own pool all end, on a single worker', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const futures = arrayOf(10).map((n) => pool.submit(submitNested, pool, n))
    assert.deepEqual(
      await Promise.all(futures),
      arrayOf(10).map((n) => n * 2 + 1),
    )
  })

  for (const maxWorkers of [1, 2]) {
    add(`calls wait for calls that wait for calls, with maxWorkers ${maxWorkers}`, async ({ open }) => {
      const pool = open({ maxWorkers })
      assert.equal(await pool.submit(fibonacci, pool, 6), 8)
    })
  }

  if (!separate) {
    add(
      'a call that awaits its own future gets InvalidStateError; what it does with it otherwise is its own business',
      async ({ open, until }) => {
        const pool = open({ maxWorkers: 1 })
        const given: Future<unknown> = pool.submit(() => given)
        await assert.rejects(given, InvalidStateError)
        const seen: unknown[] = []
        const futures: Future<unknown>[] = [0, 1, 2].map((index) =>
          pool.submit(async () => {
            await null
            void futures[index]?.then((value) => seen.push(value))
            const error: unknown = await (async () => await futures[index])().catch((reason: unknown) => reason)
            return error instanceof InvalidStateError && index
          }),
        )
        assert.deepEqual(await Promise.all(futures), [0, 1, 2])
        await until('the handlers have run', () => seen.length === 3)
        assert.deepEqual(seen, [0, 1, 2])
      },
    )
  }

  add('futures that a call has made are futures in what it gives', async ({ open }) => {
    const pool = open({ maxWorkers: 2 })
    const { value, failures, endless } = await pool.submit(futuresNested, pool)
    assert.ok(value instanceof Future)
    assert.equal(await value, 8)
    const [failure] = failures
    await assert.rejects(failure as Future<never>, DeviceError)
    assert.equal(endless.key, 'endless')
    assert.equal(endless.done, false)
    assert.equal(endless.cancel('enough'), true)
    await assert.rejects(endless, CancelledError)
    const [one, again] = await pool.submit(settledNested, pool)
    assert.equal(one, again)
    assert.equal(await one, 8)
  })

  add('a future that a call has made is an argument of another', async ({ open }) => {
    const pool = open({ maxWorkers: 2 })
    assert.equal(await pool.submit(passNested, pool, 20), 41)
  })

  if (separate) {
    add('a future that a call has made fails with WorkerDiedError when its worker ends before it', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const [future] = await pool.submit(futureOfWorker)
      await assert.rejects(pool.submit(exitWith, 3), WorkerDiedError)
      await assert.rejects(future as Future<never>, WorkerDiedError)
    })

    if (takesBack) {
      add('calls that block their threads for calls of their own pool all end, with several at once on a worker', async ({ open }) => {
        const pool = open({ maxWorkers: 1, callsPerWorker: 3 })
        const futures = [3, 3, 3, 3].map((n) => pool.submit(fibonacciSync, pool, n))
        assert.deepEqual(await Promise.all(futures), [2, 2, 2, 2])
      })
    }

    add('a call blocks its thread with resultSync() for calls of its own pool, which do the same, with maxWorkers 1', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      assert.equal(await pool.submit(fibonacciSync, pool, 4), 3)
    })

    add(
      'a call that blocks its thread with resultSync() gets the errors of this library, which never have to be imported',
      async ({ open }) => {
        for (const [way, name] of [
          ['exits', 'WorkerDiedError'],
          ['hangs', 'TimeoutError'],
          ['gives what cannot cross', 'NotShippableError'],
        ] as const) {
          const pool = open({ maxWorkers: 1 })
          assert.equal(await pool.submit(nameOfNestedError, pool, way), name)
        }
      },
    )
  }

  for (const maxWorkers of [1, 2]) {
    add(`a call gives a future of its own pool, with maxWorkers ${maxWorkers}`, async ({ open }) => {
      const pool = open({ maxWorkers })
      assert.equal(await pool.submit(returnNested, pool, 4), 8)
      assert.deepEqual(await Promise.all(arrayOf(4).map((n) => pool.submit(returnNested, pool, n))), [2, 4, 6, 8])
      for (const chunkSize of [1, 2]) {
        assert.deepEqual(
          await pool
            .starmap(
              returnNested,
              arrayOf(4).map((n) => [pool, n] as const),
              { chunkSize },
            )
            .toArray(),
          [2, 4, 6, 8],
        )
      }
    })
  }

  add('a call gives what has to be awaited again: it is awaited where the call runs, as a part of it', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const kind = await pool.submit(kindHere)
    for (const once of [false, true]) assert.equal(await pool.submit(thenThen, once), kind)
    assert.deepEqual(await pool.map(thenThen, [false, true], { chunkSize: 2 }).toArray(), [kind, kind])
    assert.equal(await pool.submit(thenFunction), kind)
    assert.deepEqual(await pool.map(thenFunction, [1, 2]).toArray(), [kind, kind])
    const never = pool.with({ timeout: 100, grace: 50 }).submit(thenNever)
    await assert.rejects(never.result(), TimeoutError)
  })

  if (separate) {
    add(
      'a call outlives one of its own pool that exits, or does not end in its time, when there may be another worker',
      async ({ open }) => {
        for (const [way, name] of [
          ['exits', 'WorkerDiedError'],
          ['hangs', 'TimeoutError'],
        ] as const) {
          const pool = open({ maxWorkers: 2 })
          assert.equal(await pool.submit(outliveNested, pool, way), name)
        }
      },
    )

    add('with one worker it does not, and is told why', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const error = await pool.submit(outliveNested, pool, 'hangs').exception()
      assert.ok(error instanceof WorkerDiedError)
      assert.match(error.message, /was ended by the pool .*: another call there .* did not end within its grace/)
      assert.equal(await pool.submit(double, 1), 2)
    })
  }

  if (separate) {
    add('a call waits for a call of its own pool when it is the last of its worker', async ({ open }) => {
      const pool = open({ maxWorkers: 1, maxTasksPerWorker: 1 })
      assert.equal(await pool.submit(submitNested, pool, 20), 41)
      assert.equal(await pool.submit(fibonacci, pool, 4), 3)
    })
  }

  add('a call maps over its own pool, on a single worker', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    assert.deepEqual(await pool.submit(mapNested, pool, [1, 2, 3]), [2, 4, 6])
  })

  add('calls read streams of their own pool, on a single worker', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    assert.deepEqual(await pool.submit(streamNested, pool, 20), arrayOf(20))
    const futures = arrayOf(5).map((n) => pool.submit(streamNested, pool, n))
    assert.deepEqual(await Promise.all(futures), arrayOf(5).map(arrayOf))
    assert.equal(pool.stats.running, 0)
  })

  add('a call leaves a stream of its own pool, on a single worker', async ({ open, until }) => {
    const pool = open({ maxWorkers: 1 })
    assert.equal(await pool.submit(leaveNestedStream, pool, 20), 1)
    assert.equal(await pool.submit(double, 1), 2)
    await until('the generator has ended', () => pool.stats.running === 0)
  })

  add('a call that has left a stream gets no more of it, also where it was waiting', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const over = { done: true, value: undefined }
    assert.deepEqual(await pool.submit(readAfterLeaving, pool), ['settled', over, over])
  })

  add('a call submits to another pool', async ({ open }) => {
    const outer = open({ maxWorkers: 1 })
    const inner = open({ maxWorkers: 1 })
    assert.equal(await outer.submit(submitNested, inner, 20), 41)
    assert.equal(inner.stats.done, 1)
  })

  if (separate) {
    add('a call submits to another pool while this thread is blocked by resultSync()', async ({ open }) => {
      const pools = [1, 2, 3].map(() => open({ maxWorkers: 1 })) as [Executor, Executor, Executor]
      const [outer, inner, third] = pools
      const limit = { timeout: 10_000 }
      // Of pools that have just been made, and of those that run.
      for (let round = 0; round < 3; round++) {
        assert.equal(outer.submit(submitNested, inner, 20).resultSync(limit), 41)
        const beside = third.submit(submitNested, outer, 1)
        assert.equal(inner.submit(submitNested, outer, round).resultSync(limit), 2 * round + 1)
        assert.equal(beside.resultSync(limit), 3)
      }
    })
  }

  add('a call sees the error of the call that it submitted, with its class', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    assert.equal(await pool.submit(failNested, pool), 'sw1')
  })

  add('shutdown() lets a running call submit what it needs to end, or tells it no, and does not hang', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const future = pool.submit(submitNested, pool, 20)
    const shutdown = pool.shutdown()
    const [ended] = await Promise.allSettled([future])
    await shutdown
    assert.ok(ended?.status === 'rejected' || ended?.value === 41)
  })
}
