import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { share } from '../../calls/held.js'
import { peak, read, release } from './board.js'
import { callInfo, double, doubleLater, lengthOfShared, workerId } from './functions.js'
import { hold, meet, visit, workerIdOnceMet } from './functions-held.js'
import { recall, remember, retain } from './functions-stateful.js'
import { arrayOf } from './generators.js'
import type { Group } from './scene.js'

export const workerCases: Group = (add, { kind, separate, idleMemory }) => {
  add('has a limit when none is given', async ({ open }) => {
    const expected = separate ? availableParallelism() : 20
    assert.equal(open().stats.maxWorkers, expected)
  })

  add('names its workers after itself, from 0', async ({ open, board }) => {
    const pool = open({ maxWorkers: 2, name: 'fleet' })
    const b = board()
    const both = [pool.submit(meet, b, 2), pool.submit(meet, b, 2)]
    const infos = [await pool.submit(callInfo), await pool.submit(callInfo)]
    await Promise.all(both)
    for (const info of infos) {
      assert.ok(info !== undefined && [0, 1].includes(info.worker.index))
      assert.equal(info.worker.name, `fleet-${info.worker.index}`)
      assert.equal(info.worker.kind, kind)
    }
    assert.equal(pool.name, 'fleet')
  })

  add('has a name of its own when none is given', async ({ open }) => {
    const names = [open().name, open().name]
    assert.ok(names.every((name) => name.length > 0))
    assert.equal(new Set(names).size, 2)
  })

  if (separate) {
    add('starts no worker before the first call, and uses an idle one before it starts another', async ({ open }) => {
      const pool = open({ maxWorkers: 4 })
      assert.equal(pool.stats.workers, 0)
      const ids = [await pool.submit(workerId), await pool.submit(workerId), await pool.submit(workerId)]
      assert.equal(new Set(ids).size, 1)
      assert.deepEqual([pool.stats.workers, pool.stats.idle], [1, 1])
    })

    add('starts no more workers than maxWorkers', async ({ open }) => {
      const pool = open({ maxWorkers: 2 })
      await Promise.all(arrayOf(20).map((n) => pool.submit(doubleLater, n)))
      assert.ok(pool.stats.workers <= 2)
    })

    add('runs calls elsewhere: not on this thread, and each worker on one of its own', async ({ open, board }) => {
      const pool = open({ maxWorkers: 2 })
      const b = board()
      const ids = await Promise.all([pool.submit(workerIdOnceMet, b, 2), pool.submit(workerIdOnceMet, b, 2)])
      assert.equal(new Set([...ids, workerId()]).size, 3)
    })

    add('keeps the state of a module once per worker', async ({ open }) => {
      const [one, other] = [open({ maxWorkers: 1 }), open({ maxWorkers: 1 })]
      await one.submit(remember, 'contract', 1)
      assert.equal(await one.submit(recall, 'contract'), 1)
      assert.equal(await other.submit(recall, 'contract'), undefined)
      assert.equal(recall('contract'), undefined)
    })

    add('keeps minWorkers ready before there is a call, and after calls', async ({ open, until }) => {
      const pool = open({ minWorkers: 2, maxWorkers: 3, idleTimeout: 30 })
      await until('two are ready', () => pool.stats.workers === 2 && pool.stats.idle === 2)
      await Promise.all(arrayOf(12).map((n) => pool.submit(doubleLater, n)))
      await until('two are left', () => pool.stats.workers === 2)
    })

    add('ends workers that have been idle for idleTimeout, and starts others when they are needed', async ({ open, until }) => {
      const pool = open({ maxWorkers: 2, idleTimeout: 20 })
      await Promise.all([pool.submit(doubleLater, 1), pool.submit(doubleLater, 2)])
      await until('none is left', () => pool.stats.workers === 0)
      assert.equal(await pool.submit(double, 2), 4)
      assert.equal(pool.stats.failed, 0)
    })

    add('loses no call to a worker that ends in idleness at that moment', async ({ open, settle }) => {
      const pool = open({ maxWorkers: 1, idleTimeout: 3 })
      for (let n = 0; n < 15; n++) {
        assert.equal(await pool.submit(double, n), n * 2)
        await settle(n % 5)
      }
    })

    add('keeps idle workers when there is no idleTimeout', async ({ open, settle }) => {
      const pool = open({ maxWorkers: 1 })
      const before = await pool.submit(workerId)
      await settle(50)
      assert.equal(await pool.submit(workerId), before)
    })

    add('runs callsPerWorker calls at once on a worker, and no more', async ({ open, board }) => {
      const pool = open({ maxWorkers: 1, callsPerWorker: 4 })
      const b = board()
      const ids = await Promise.all(arrayOf(4).map(() => pool.submit(workerIdOnceMet, b, 4)))
      assert.equal(new Set(ids).size, 1)
      const visits = board()
      await Promise.all(arrayOf(30).map((n) => pool.submit(visit, visits, n)))
      assert.ok(peak(visits) <= 4, `${peak(visits)} at the same time`)
    })

    add('runs at most maxWorkers × callsPerWorker calls at once', async ({ open, board }) => {
      const pool = open({ maxWorkers: 2, callsPerWorker: 3 })
      const b = board()
      await Promise.all(arrayOf(6).map(() => pool.submit(meet, b, 6)))
      assert.equal(peak(b), 6)
      const visits = board()
      await Promise.all(arrayOf(40).map((n) => pool.submit(visit, visits, n)))
      assert.ok(peak(visits) <= 6, `${peak(visits)} at the same time`)
    })

    add('tells calls apart that run beside each other on a worker', async ({ open }) => {
      const pool = open({ maxWorkers: 1, callsPerWorker: 4 })
      const futures = arrayOf(8).map((n) => pool.with({ key: `call ${n}` }).submit(callInfo))
      for (const [i, future] of futures.entries()) assert.equal((await future)?.key, `call ${i + 1}`)
    })

    add('replaces a worker after maxTasksPerWorker calls', async ({ open }) => {
      const pool = open({ maxWorkers: 1, maxTasksPerWorker: 2 })
      const ids: string[] = []
      for (let n = 0; n < 6; n++) ids.push(await pool.submit(workerId))
      assert.equal(new Set(ids).size, 3)
      assert.deepEqual([ids[0], ids[2], ids[4]], [ids[1], ids[3], ids[5]])
    })

    add('replaces workers also while many calls wait, without another submit', async ({ open }) => {
      const pool = open({ maxWorkers: 2, maxTasksPerWorker: 1 })
      const ids = await Promise.all(arrayOf(8).map(() => pool.submit(workerId)))
      assert.equal(new Set(ids).size, 8)
    })

    add('replaces workers also after shutdown, until all calls have run', async ({ open }) => {
      const pool = open({ maxWorkers: 1, maxTasksPerWorker: 1 })
      const futures = arrayOf(3).map((n) => pool.submit(double, n))
      await pool.shutdown({ wait: false })
      assert.deepEqual(await Promise.all(futures), [2, 4, 6])
      await pool.shutdown()
      assert.equal(pool.stats.workers, 0)
    })

    add('never ends a worker at its limit while another of its calls runs', async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1, callsPerWorker: 2, maxTasksPerWorker: 2 })
      const b = board()
      const held = pool.submit(hold, b, 5)
      await until('it runs', () => read(b, 'begun') === 1)
      assert.equal(await pool.submit(double, 1), 2)
      const next = pool.submit(workerId)
      release(b)
      assert.equal(await held, 5)
      assert.match(await next, /:/)
    })

    add('replaces a worker that holds more than maxMemoryPerWorker after a call; its result counts', async ({ open, until }) => {
      const pool = open({ maxWorkers: 1, maxMemoryPerWorker: idleMemory })
      const before = await pool.submit(workerId)
      assert.equal(await pool.submit(workerId), before)
      assert.equal(await pool.submit(retain, 'contract', 100), before)
      assert.notEqual(await pool.submit(workerId), before)
      await until('no call has failed', () => pool.stats.done === 4 && pool.stats.failed === 0)
    })

    add('keeps the index of a worker for the one that replaces it', async ({ open }) => {
      const pool = open({ maxWorkers: 1, maxTasksPerWorker: 1, name: 'fleet' })
      const infos = [await pool.submit(callInfo), await pool.submit(callInfo)]
      assert.deepEqual(
        infos.map((info) => info?.worker.name),
        ['fleet-0', 'fleet-0'],
      )
    })
  } else {
    add('runs tasks on this thread, with the state that is here', async ({ open }) => {
      remember('contract of tasks', 7)
      assert.equal(await open().submit(recall, 'contract of tasks'), 7)
      assert.equal(await open().submit(workerId), workerId())
    })

    add('runs 20 tasks at the same time when no limit is given', async ({ open, board }) => {
      const pool = open()
      const b = board()
      await Promise.all(arrayOf(20).map(() => pool.submit(meet, b, 20)))
      const visits = board()
      await Promise.all(arrayOf(100).map((n) => pool.submit(visit, visits, n)))
      assert.ok(peak(visits) <= 20)
    })
  }

  add('gives calls a handle to a value that was shared', async ({ open }) => {
    const handle = share(new Set([1, 2, 3]))
    const pool = open({ maxWorkers: 2 })
    assert.deepEqual(await Promise.all(arrayOf(6).map(() => pool.submit(lengthOfShared, handle))), Array(6).fill(3))
  })
}
