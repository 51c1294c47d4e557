import assert from 'node:assert/strict'
import { CancelledError, ExecutorShutdownError, TimeoutError } from '../../core/errors.js'
import type { Progress } from '../../core/executor.js'
import { logged, read, release } from './board.js'
import { double, doubleUnless3, echo, throwIt } from './functions.js'
import { hold, logThenHold, succeedOnAttempt } from './functions-held.js'
import { arrayOf } from './generators.js'
import { asyncly, counted } from './map.js'
import type { Group } from './scene.js'

function* failingAfter<T>(items: readonly T[], error: unknown): Generator<T> {
  yield* items
  throw error
}

/** What the iteration gives, and how it ends. */
async function drain<R>(results: AsyncIterable<R>): Promise<{ seen: R[]; error: unknown }> {
  const seen: R[] = []
  try {
    for await (const result of results) seen.push(result)
    return { seen, error: undefined }
  } catch (error) {
    return { seen, error }
  }
}

/** One item, and then none for ever. */
async function* stalling(): AsyncGenerator<number> {
  yield 1
  await new Promise(() => {})
}

export const mapFailureCases: Group = (add, { kind, separate }) => {
  for (const end of ['shutdown', 'terminate'] as const) {
    add(`ends when the pool does, and not when its source gives something (${end})`, async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const results = pool.map(double, stalling())
      assert.deepEqual(await results.next(), { done: false, value: 2 })
      const next = results.next()
      const ended = pool[end]()
      await assert.rejects(next, ExecutorShutdownError)
      await ended
    })
  }

  for (const chunkSize of [1, 5, 'auto'] as const) {
    add(`counts items, not messages (chunkSize ${chunkSize})`, async ({ open, until }) => {
      const pool = open({ maxWorkers: 2 })
      await pool.map(doubleUnless3, [3, 1, 3, 2, 3, 4, 5, 3], { chunkSize, onError: 'settle' }).toArray()
      await until('all have ended', () => pool.stats.running === 0)
      assert.deepEqual([pool.stats.done, pool.stats.failed], [4, 4])
    })
  }

  for (const chunkSize of separate ? ([1, 4, 'auto'] as const) : []) {
    add(`fails an item alone that cannot be read, whatever is thrown then (chunkSize ${chunkSize})`, async ({ open }) => {
      const bad = Object.defineProperty([1], 0, {
        enumerable: true,
        get() {
          throw new RangeError('not to be read')
        },
      })
      const records = await open()
        .map(echo<unknown>, [1, bad, 3, 4], { chunkSize, onError: 'settle' })
        .toArray()
      assert.deepEqual(
        records.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
      )
      const every3rd = await open()
        .map(
          echo<unknown>,
          arrayOf(120).map((n) => (n % 3 === 0 ? bad : n)),
          { chunkSize, onError: 'settle' },
        )
        .toArray()
      assert.equal(every3rd.filter(({ status }) => status === 'rejected').length, 40)
    })
  }

  add('says of an item whether it had begun when the pool was terminated', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const records = pool.starmap(hold, [[b], [b]], { onError: 'settle' })
    await until('the first one runs', () => read(b, 'begun') > 0)
    await pool.terminate()
    const seen = await records.toArray()
    assert.deepEqual(
      seen.map(({ attempts }) => attempts),
      [1, 0],
    )
  })

  for (const chunkSize of [1, 2, 4, 'auto'] as const) {
    add(`gives the results before the first item that failed, then its error (chunkSize ${chunkSize})`, async ({ open }) => {
      const { seen, error } = await drain(open({ maxWorkers: 2 }).map(doubleUnless3, [1, 2, 3, 4, 5], { chunkSize }))
      assert.deepEqual(seen, [2, 4])
      assert.ok(error instanceof RangeError)
    })
  }

  add('is over after it has thrown', async ({ open }) => {
    const results = open().map(doubleUnless3, [3, 4])
    await assert.rejects(results.next(), RangeError)
    assert.deepEqual(await results.next(), { done: true, value: undefined })
    assert.deepEqual(await results.toArray(), [])
  })

  add('cancels what has not started when an item has failed', async ({ open, board, until, features }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const results = pool.starmap(
      logThenHold,
      [1, 3, 11, 12, 13].map((n): [typeof b, number] => [b, n]),
    )
    const { seen, error } = await drain(results)
    assert.deepEqual(seen, [1])
    assert.ok(error instanceof RangeError)
    // A process has been given calls ahead, and hears of their end by a message.
    if (features.kind === 'process') await until('the process has heard of it', () => pool.stats.queued === 0)
    release(b)
    await until('all is counted', () => pool.stats.done + pool.stats.failed + pool.stats.cancelled === 5)
    // 11 may have started before anybody here knew of the failure.
    assert.ok(
      logged(b).every((n) => n <= 11),
      String(logged(b)),
    )
  })

  add('toArray() rejects with the error', async ({ open }) => {
    await assert.rejects(open().map(doubleUnless3, [1, 2, 3]).toArray(), RangeError)
  })

  add('treats a thrown undefined as a failure', async ({ open }) => {
    const results = open().map(throwIt, [undefined])
    const ended = await results.next().then(
      () => 'it went well',
      (reason: unknown) => ({ reason }),
    )
    assert.deepEqual(ended, { reason: undefined })
  })

  for (const chunkSize of [1, 3] as const) {
    add(`gives a record for each item with onError: 'settle' (chunkSize ${chunkSize})`, async ({ open }) => {
      const records = await open({ maxWorkers: 2 }).map(doubleUnless3, [2, 3, 4], { onError: 'settle', chunkSize }).toArray()
      assert.deepEqual(
        records.map((record) => ({ ...record, ms: typeof record.ms, reason: record.status === 'rejected' ? record.reason : 'none' })),
        [
          { status: 'fulfilled', value: 4, index: 0, input: 2, attempts: 1, ms: 'number', reason: 'none' },
          { status: 'rejected', reason: (records[1] as { reason: unknown }).reason, index: 1, input: 3, attempts: 1, ms: 'number' },
          { status: 'fulfilled', value: 8, index: 2, input: 4, attempts: 1, ms: 'number', reason: 'none' },
        ],
      )
      assert.ok(records[1]?.status === 'rejected' && records[1].reason instanceof RangeError)
      assert.ok(records.every(({ ms }) => ms >= 0))
    })
  }

  add("gives the tuple as `input` of a starmap's record", async ({ open }) => {
    const [record] = await open()
      .starmap(throwIt, [['no'] as [string]], { onError: 'settle' })
      .toArray()
    assert.deepEqual(record?.input, ['no'])
  })

  add('says in a record how often the item was tried', async ({ open, board }) => {
    const b = board()
    const [record] = await open()
      .starmap(succeedOnAttempt, [[b, 3] as [typeof b, number]], { onError: 'settle', retries: 5 })
      .toArray()
    assert.deepEqual([record?.status, record?.attempts], ['fulfilled', 3])
  })

  add('counts failures in its progress', async ({ open }) => {
    const seen: Progress[] = []
    await open()
      .map(doubleUnless3, [1, 2, 3, 3], { onError: 'settle', progress: (progress) => seen.push(progress) })
      .toArray()
    assert.deepEqual([seen.at(-1)?.done, seen.at(-1)?.failed], [4, 2])
  })

  add('throws from map() itself what reading an iterable throws, and cancels what it had submitted', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const held = pool.submit(hold, b)
    await until('the held call runs', () => read(b, 'begun') === 1)
    assert.throws(() => pool.map(double, failingAfter([1, 2], new RangeError('source'))), /source/)
    assert.equal(pool.stats.queued, 0)
    release(b)
    await held
    // Whether the items before count as cancelled or as never submitted is the pool's choice; none of them may run.
    await pool.shutdown()
    assert.equal(pool.stats.done, 1)
  })

  add('throws from the iteration what reading an async iterable throws, after the results before it', async ({ open }) => {
    const results = open({ maxWorkers: 1 }).map(double, asyncly(failingAfter([1, 2], new RangeError('source'))))
    const { seen, error } = await drain(results)
    assert.deepEqual(seen, [2, 4])
    assert.match(String(error), /source/)
  })

  add('throws from the iteration what reading an iterable throws that is read lazily', async ({ open }) => {
    const results = open({ maxWorkers: 1 }).map(double, failingAfter([1, 2, 3], new RangeError('source')), { bufferSize: 2 })
    const { seen, error } = await drain(results)
    assert.deepEqual(seen, [2, 4, 6])
    assert.match(String(error), /source/)
  })

  add(
    'ends with TimeoutError when mapTimeout has passed, after the results that are there; the rest is cancelled',
    async ({ open, board, until }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      const first = pool.map(double, [1])
      const results = pool.starmap(hold, [[b], [b]], { mapTimeout: 50 })
      assert.deepEqual(await first.toArray(), [2])
      const { seen, error } = await drain(results)
      assert.deepEqual(seen, [])
      assert.ok(error instanceof TimeoutError, String(error))
      await until('both are cancelled', () => pool.stats.cancelled === 2)
      assert.ok(read(b, 'begun') <= 1)
      assert.deepEqual(await results.next(), { done: true, value: undefined })
    },
  )

  add('gives results that are there also after mapTimeout has passed', async ({ open, until, settle }) => {
    const pool = open({ maxWorkers: 1 })
    await pool.submit(double, 0)
    const results = pool.map(double, [1, 2], { mapTimeout: 400 })
    await until('both are done', () => pool.stats.done === 3)
    await settle(430)
    assert.deepEqual(await results.toArray(), [2, 4])
  })

  add('counts mapTimeout from the call to map, for all items together', async ({ open, board }) => {
    const b = board()
    const pool = open({ maxWorkers: 1 })
    const held = pool.submit(hold, b)
    // It never gets a worker before its time is up.
    const { error } = await drain(pool.map(double, [1], { mapTimeout: 20 }))
    assert.ok(error instanceof TimeoutError)
    release(b)
    await held
  })

  add("takes a TimeoutError that the function throws as the item's error, not as the end of the map", async ({ open }) => {
    const records = await open()
      .map(throwIt, [new TimeoutError('mine'), 1], { onError: 'settle', mapTimeout: 10_000 })
      .toArray()
    assert.equal(records.length, 2)
    assert.ok(records[0]?.status === 'rejected' && records[0].reason instanceof TimeoutError)
  })

  add('gives each item the timeout of its own, and goes on after one that took too long', async ({ open, board }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const records = await pool.starmap(hold, [[b], [b]], { onError: 'settle', timeout: 30 }).toArray()
    assert.deepEqual(
      records.map((record) => record.status === 'rejected' && record.reason instanceof TimeoutError),
      [true, true],
    )
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('ends with CancelledError when its signal is aborted, and cancels all of it', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const stop = new AbortController()
    const ended = drain(pool.starmap(hold, [[b], [b]], { signal: stop.signal }))
    await until('the first runs', () => read(b, 'begun') === 1)
    stop.abort('enough')
    const { seen, error } = await ended
    assert.deepEqual(seen, [])
    assert.ok(error instanceof CancelledError)
    assert.equal(error.reason, 'enough')
    await until('both are cancelled', () => pool.stats.cancelled === 2 && read(b, 'aborted') === 1)
  })

  add('gives the results of what was submitted when the pool is shut down meanwhile, then ExecutorShutdownError', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const results = pool.map(double, arrayOf(5), { bufferSize: 2 })
    await pool.shutdown()
    const { seen, error } = await drain(results)
    assert.deepEqual(seen, [2, 4])
    assert.ok(error instanceof ExecutorShutdownError, String(error))
  })

  add('stops reading its source when an item has failed', async ({ open, settle }) => {
    const items = counted(arrayOf(1_000))
    const { error } = await drain(open({ maxWorkers: 1 }).map(doubleUnless3, asyncly(items.source)))
    assert.ok(error instanceof RangeError)
    const before = items.read()
    await settle()
    assert.equal(items.read(), before)
    assert.ok(items.ended(), 'the source was told to end')
  })

  add('raises nothing when the failures of a map are never looked at', async ({ open, until, settle }) => {
    const raised: unknown[] = []
    const listen = (reason: unknown): void => void raised.push(reason)
    process.on('unhandledRejection', listen)
    try {
      const pool = open({ maxWorkers: 2 })
      pool.map(throwIt, [1, 2, 3])
      await until('all have failed', () => pool.stats.failed + pool.stats.cancelled === 3)
      await settle()
      assert.deepEqual(raised, [])
    } finally {
      process.off('unhandledRejection', listen)
    }
  })

  if (kind === 'task') {
    add('ignores chunkSize for tasks, which send nothing: a slow item holds up no other', async ({ open, board }) => {
      const pool = open({ maxWorkers: 2 })
      const b = board()
      const held = pool.starmap(hold, [[b, 1]])
      assert.deepEqual(await pool.map(double, [1, 2, 3], { chunkSize: 100 }).toArray(), [2, 4, 6])
      release(b)
      assert.deepEqual(await held.toArray(), [1])
    })
  }
}
