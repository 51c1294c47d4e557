import assert from 'node:assert/strict'
import { CancelledError, WorkerDiedError } from '../../core/errors.js'
import { wait } from '../../core/wait.js'
import { logged, read, release } from './board.js'
import { double, doubleLater, workerId } from './functions.js'
import { hold, holdFirmly, holdSync, logValue, pollUntilAborted, spinForever } from './functions-held.js'
import type { Group } from './scene.js'

export const cancelCases: Group = (add, { separate, liveSignal }) => {
  add('cancels a queued call: it never starts, and its future is done at once', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the worker is busy', () => read(b, 'begun') === 1)
    const queued = pool.submit(logValue, b, 1)
    const after = pool.submit(logValue, b, 2)
    assert.equal(queued.cancel('not needed'), true)
    assert.deepEqual([queued.state, queued.done, queued.cancelled], ['cancelled', true, true])
    await assert.rejects(queued, (error) => error instanceof CancelledError && error.reason === 'not needed')
    release(b)
    await Promise.all([held, after])
    assert.deepEqual(logged(b), [2])
  })

  add('gives true when it was cancelled already, and the first reason stays', async ({ open, board }) => {
    const future = open().submit(hold, board())
    assert.equal(future.cancel('first'), true)
    assert.equal(future.cancel('second'), true)
    await assert.rejects(future, (error) => error instanceof CancelledError && error.reason === 'first')
  })

  add('gives false after the call has finished, and changes nothing', async ({ open }) => {
    const future = open().submit(double, 1)
    await future
    assert.equal(future.cancel(), false)
    assert.equal(future.state, 'finished')
    assert.equal(await future, 2)
  })

  for (const end of ['shutdown', 'terminate'] as const) {
    add(`settles all when a done-callback of a cancelled call calls ${end}()`, async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      await pool.submit(double, 1)
      const futures = Array.from({ length: 6 }, (_, n) => pool.submit(double, n))
      let ended: Promise<void> | undefined
      futures[3]?.addDoneCallback(() => {
        ended = end === 'shutdown' ? pool.shutdown({ cancelFutures: true }) : pool.terminate()
      })
      assert.equal(futures[3]?.cancel(), true)
      const settled = await Promise.allSettled(futures)
      assert.ok(settled.every((one, n) => (one.status === 'fulfilled' ? one.value === 2 * n : one.reason instanceof CancelledError)))
      await ended
      const { done, cancelled, queued, running } = pool.stats
      assert.deepEqual([done + cancelled, queued, running], [7, 0, 0])
    })
  }

  if (separate) {
    for (const which of ['runs', 'waits'] as const) {
      add(`lets a done-callback of a call that ${which} and is cancelled block until others have ended`, async ({ open, board, until }) => {
        const pool = open({ maxWorkers: 1 }).with({ grace: 100 })
        const b = board()
        const held = pool.submit(holdSync, b)
        await until('it runs', () => read(b, 'begun') === 1)
        const futures = Array.from({ length: 6 }, (_, n) => pool.submit(double, n))
        const values: number[] = []
        const chosen = which === 'runs' ? held : futures[2]
        chosen?.addDoneCallback(() => {
          if (which === 'waits') release(b)
          for (const future of [pool.submit(double, 21), futures[4]]) values.push(future?.resultSync({ timeout: 10_000 }) ?? -1)
        })
        chosen?.cancel()
        assert.deepEqual(values, [42, 8])
        const settled = await Promise.allSettled(futures)
        assert.deepEqual(
          settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason instanceof CancelledError)),
          [0, 2, which === 'waits' ? true : 4, 6, 8, 10],
        )
        if (which === 'runs') await assert.rejects(held, CancelledError)
        else await held
      })
    }

    add('gives what was told in the midst of much, while a done-callback blocks for it', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      await pool.submit(double, 1)
      for (let round = 0; round < 10; round++) {
        const futures = Array.from({ length: 1_500 }, (_, n) => pool.submit(double, n))
        const urgent = pool.with({ priority: 1 }).submit(double, 0)
        const values: number[] = []
        futures[3]?.addDoneCallback(() => values.push(pool.submit(double, 21).resultSync({ timeout: 10_000 })))
        assert.deepEqual(
          await Promise.all(futures),
          futures.map((_, n) => 2 * n),
        )
        assert.deepEqual([values, await urgent], [[42], 0])
      }
      assert.ok(pool.stats.busyMs >= 0)
    })
  }

  add('cancels a call in the very turn of its submission', async ({ open, board, settle }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    await pool.submit(double, 1)
    const future = pool.submit(logValue, b, 1)
    assert.equal(future.cancel(), true)
    await assert.rejects(future, CancelledError)
    assert.equal(await pool.submit(double, 2), 4)
    await settle()
    assert.equal(pool.stats.cancelled, 1)
  })

  add('wakes wait() for a cancelled call at once', async ({ open, board }) => {
    const future = open().submit(hold, board())
    const waited = wait([future])
    future.cancel()
    assert.equal((await waited).done.size, 1)
  })

  add('settles the future of a running call at once, aborts its signal, and drops what it gives later', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const future = pool.submit(holdFirmly, b, 7)
    await until('it runs', () => future.running && read(b, 'begun') === 1)
    assert.equal(future.cancel('enough'), true)
    assert.equal(future.state, 'cancelled')
    release(b)
    await assert.rejects(future, CancelledError)
    await until('its place is free', () => pool.stats.running === 0)
    assert.equal(future.state, 'cancelled')
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('lets a running call that listens end by itself: its worker stays', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const future = pool.submit(hold, b)
    await until('it runs', () => read(b, 'begun') === 1)
    future.cancel()
    await until('it saw its signal', () => read(b, 'aborted') === 1)
    assert.equal(await pool.submit(double, 1), 2)
    assert.equal(pool.stats.restarts, 0)
    await assert.rejects(future, CancelledError)
  })

  add('does not give the place of a cancelled call away before the call has ended', async ({ open, board, until, settle }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const future = pool.with({ grace: 60_000 }).submit(holdFirmly, b)
    await until('it runs', () => read(b, 'begun') === 1)
    const next = pool.submit(logValue, b, 1)
    future.cancel()
    await settle()
    assert.deepEqual(logged(b), [])
    assert.deepEqual([pool.stats.running, next.state], [1, 'pending'])
    release(b)
    assert.equal(await next, 1)
    await assert.rejects(future, CancelledError)
  })

  add('harms no other call', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 2 })
    const b = board()
    const sibling = pool.submit(hold, b, 1)
    const future = pool.submit(hold, b, 2)
    const queued = pool.submit(hold, b, 3)
    await until('two run', () => read(b, 'begun') === 2)
    future.cancel()
    await assert.rejects(future, CancelledError)
    await until('the queued one runs', () => read(b, 'begun') === 3)
    release(b)
    assert.deepEqual(await Promise.all([sibling, queued]), [1, 3])
  })

  add('cancels many of many, and the others go on', async ({ open }) => {
    const pool = open({ maxWorkers: 2 })
    const futures = Array.from({ length: 200 }, (_, n) => pool.submit(doubleLater, n))
    for (const [n, future] of futures.entries()) if (n % 3 === 0) future.cancel()
    const { done } = await wait(futures)
    assert.equal(done.size, 200)
    for (const [n, future] of futures.entries()) {
      if (future.cancelled) await assert.rejects(future, CancelledError)
      else assert.equal(await future, n * 2)
    }
    assert.equal(futures.filter(({ cancelled }) => cancelled).length, 67)
  })

  add('cancels when the `signal` of with() aborts, with its reason', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const stop = new AbortController()
    const some = pool.with({ signal: stop.signal })
    const [running, queued, other] = [some.submit(hold, b), some.submit(logValue, b, 1), pool.submit(double, 1)]
    await until('it runs', () => read(b, 'begun') === 1)
    const reason = new RangeError('enough')
    stop.abort(reason)
    for (const future of [running, queued]) {
      await assert.rejects(future, (error) => error instanceof CancelledError && error.reason === reason && error.cause === reason)
      assert.equal(future.state, 'cancelled')
    }
    assert.equal(await other, 2)
    assert.deepEqual(logged(b), [])
    await until('the running one saw it', () => read(b, 'aborted') === 1)
  })

  add('never starts a call whose signal was aborted before', async ({ open, board, settle }) => {
    const pool = open()
    const b = board()
    const future = pool.with({ signal: AbortSignal.abort('before') }).submit(logValue, b, 1)
    assert.equal(future.state, 'cancelled')
    await assert.rejects(future, (error) => error instanceof CancelledError && error.reason === 'before')
    await settle()
    assert.deepEqual(logged(b), [])
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('leaves nothing on a signal that many calls have used', async ({ open }) => {
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    const pool = open().with({ signal })
    await Promise.all(Array.from({ length: 50 }, (_, n) => pool.submit(double, n)))
    assert.ok(listeners <= 1, `${listeners} listeners are left`)
  })

  if (separate) {
    add('replaces the worker of a call that goes on for longer than `grace`; the pool goes on', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      const before = await pool.submit(workerId)
      const future = pool.with({ grace: 20 }).submit(spinForever, b)
      await until('it spins', () => read(b, 'begun') === 1)
      assert.equal(future.cancel(), true)
      await assert.rejects(future, CancelledError)
      assert.notEqual(await pool.submit(workerId), before)
      assert.equal(pool.stats.restarts, 1)
    })

    add('ends at once the worker of a cancelled call with `grace: 0` that goes on', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      const future = pool.with({ grace: 0 }).submit(spinForever, b)
      await until('it spins', () => read(b, 'begun') === 1)
      future.cancel()
      assert.equal(await pool.submit(double, 1), 2)
      await assert.rejects(future, CancelledError)
    })

    add('leaves calls on other workers alone when it replaces one', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 2 })
      const b = board()
      const sibling = pool.submit(holdSync, b, 5)
      const future = pool.with({ grace: 20 }).submit(spinForever, b)
      await until('both run', () => read(b, 'begun') === 2)
      future.cancel()
      await until('its worker is gone', () => pool.stats.running === 1)
      assert.equal(await pool.submit(double, 1), 2)
      assert.equal(pool.stats.restarts, 1)
      release(b)
      assert.equal(await sibling, 5)
      await assert.rejects(future, CancelledError)
    })

    add('fails what had begun beside it on the worker that is replaced, and runs the rest elsewhere', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1, callsPerWorker: 2 })
      const b = board()
      const begun = pool.submit(hold, b, 1)
      await until('it has begun', () => read(b, 'begun') === 1)
      const future = pool.with({ grace: 20 }).submit(spinForever, b)
      await until('the other spins', () => read(b, 'begun') === 2)
      const queued = pool.submit(double, 4)
      future.cancel()
      await assert.rejects(begun, WorkerDiedError)
      assert.equal(await queued, 8)
      await assert.rejects(future, CancelledError)
    })

    add('takes the longer `grace` of a call that needs it: its worker stays', async ({ open, board, until, settle }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      const future = pool.with({ grace: 60_000 }).submit(holdFirmly, b)
      await until('it runs', () => read(b, 'begun') === 1)
      future.cancel()
      await settle(50)
      assert.equal(pool.stats.restarts, 0)
      release(b)
      assert.equal(await pool.submit(double, 1), 2)
      assert.equal(pool.stats.restarts, 0)
      await assert.rejects(future, CancelledError)
    })
  } else {
    add(
      'cannot end a task that does not listen: its future is cancelled, its place stays taken until it ends',
      async ({ open, board, until, settle }) => {
        const pool = open({ maxWorkers: 1 })
        const b = board()
        const future = pool.with({ grace: 0 }).submit(holdFirmly, b)
        await until('it runs', () => read(b, 'begun') === 1)
        future.cancel()
        await assert.rejects(future, CancelledError)
        const next = pool.submit(double, 1)
        await settle()
        assert.equal(next.state, 'pending')
        release(b)
        assert.equal(await next, 2)
      },
    )
  }

  if (liveSignal) {
    add('shows a synchronous loop that it is cancelled, without its yielding', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      const future = pool.with({ grace: 8_000 }).submit(pollUntilAborted, b)
      await until('it runs', () => read(b, 'begun') === 1)
      future.cancel()
      await until('it saw it', () => read(b, 'aborted') === 1)
      assert.equal(await pool.submit(double, 1), 2)
      assert.equal(pool.stats.restarts, 0)
      await assert.rejects(future, CancelledError)
    })
  }
}
