import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { ExecutorShutdownError } from '../../core/errors.js'
import type { Progress } from '../../core/executor.js'
import { logged, peak, read, release } from './board.js'
import { double, doubleLater, itemAndIndex, power, sum } from './functions.js'
import { hold, logThenHold, logValue, visit, waitIfFirst } from './functions-held.js'
import { arrayOf } from './generators.js'
import type { Group } from './scene.js'

/** Counts how many of its items were taken, and whether it was told to end. */
export function counted<T>(items: Iterable<T>): {
  readonly source: Generator<T>
  readonly read: () => number
  readonly ended: () => boolean
} {
  let read = 0
  let ended = false
  function* source(): Generator<T> {
    try {
      for (const item of items) {
        read++
        yield item
      }
    } finally {
      ended = true
    }
  }
  return { source: source(), read: () => read, ended: () => ended }
}

export function* endless(): Generator<number> {
  for (let n = 0; ; n++) yield n
}

export async function* asyncly<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await turn()
    yield item
  }
}

export const mapCases: Group = (add) => {
  add('gives the results in the order of the items, whichever ends first', async ({ open, board }) => {
    const pool = open({ maxWorkers: 2 })
    assert.deepEqual(await pool.map(double, [1, 2, 3]).toArray(), [2, 4, 6])
    const b = board()
    const seen: number[] = []
    for await (const n of pool.starmap(waitIfFirst, [
      [b, 0],
      [b, 1],
    ]))
      seen.push(n)
    assert.deepEqual(seen, [0, 1])
  })

  add('gives the results as they come with ordered: false', async ({ open, board }) => {
    const b = board()
    // The first item is held until the result of the second is here.
    const items = [2, 1].map((n): [typeof b, number] => [b, n])
    const results = open({ maxWorkers: 2 }).starmap(logThenHold, items, { ordered: false })
    assert.deepEqual(await results.next(), { done: false, value: 1 })
    release(b)
    assert.deepEqual(await results.toArray(), [2])
  })

  add('gives all results once with ordered: false', async ({ open }) => {
    const results = await open({ maxWorkers: 3 }).map(doubleLater, arrayOf(50), { ordered: false }).toArray()
    assert.deepEqual(
      results.sort((a, b) => a - b),
      arrayOf(50).map((n) => n * 2),
    )
  })

  add('calls the function with the item and its index', async ({ open }) => {
    assert.deepEqual(await open().map(itemAndIndex, ['a', 'b']).toArray(), ['0:a', '1:b'])
    assert.deepEqual(
      await open()
        .map(itemAndIndex, asyncly(['a', 'b']))
        .toArray(),
      ['0:a', '1:b'],
    )
    assert.deepEqual(await open().map(itemAndIndex, ['a', 'b', 'c'], { chunkSize: 2 }).toArray(), ['0:a', '1:b', '2:c'])
  })

  add('starmap() calls the function with the arguments of each tuple', async ({ open }) => {
    const pool = open()
    const pairs: [number, number][] = [
      [2, 3],
      [3, 2],
    ]
    assert.deepEqual(await pool.starmap(power, pairs).toArray(), [8, 9])
    assert.deepEqual(await pool.starmap(sum, [[], [1], [1, 2, 3]]).toArray(), [0, 1, 6])
    assert.deepEqual(await pool.starmap(power, asyncly(pairs), { chunkSize: 2 }).toArray(), [8, 9])
  })

  for (const [what, items] of Object.entries({
    'an array': () => [1, 2, 3],
    'a Set': () => new Set([1, 2, 3]),
    'a generator': () => arrayOf(3).values(),
    'an async generator': () => asyncly([1, 2, 3]),
    'a ReadableStream': () => ReadableStream.from([1, 2, 3]) as unknown as AsyncIterable<number>,
  })) {
    add(`takes ${what}`, async ({ open }) => {
      assert.deepEqual(await open().map(double, items()).toArray(), [2, 4, 6])
    })
  }

  add('of nothing gives nothing', async ({ open }) => {
    const pool = open()
    assert.deepEqual(await pool.map(double, []).toArray(), [])
    assert.deepEqual(await pool.map(double, asyncly<number>([])).toArray(), [])
    assert.deepEqual(await pool.map(double, [], { chunkSize: 'auto', ordered: false }).toArray(), [])
  })

  add('submits all items of an iterable before it returns, and runs them though nobody iterates', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const items = counted(arrayOf(5))
    const results = pool.starmap(
      logValue,
      (function* () {
        for (const n of items.source) yield [b, n] as [typeof b, number]
      })(),
    )
    assert.equal(items.read(), 5)
    await until('all have run', () => read(b, 'logged') >= 5 && pool.stats.done === 5)
    assert.deepEqual(await results.toArray(), arrayOf(5))
  })

  add('reads no more than bufferSize items that have not been given, of an iterable without an end', async ({ open, settle }) => {
    const items = counted(endless())
    const results = open({ maxWorkers: 2 }).map(double, items.source, { bufferSize: 3 })
    await settle()
    assert.equal(items.read(), 3)
    for (let given = 1; given <= 10; given++) {
      assert.deepEqual(await results.next(), { done: false, value: (given - 1) * 2 })
      await settle(2)
      assert.ok(items.read() <= given + 3, `${items.read()} read, ${given} given`)
    }
    await results.return()
    assert.ok(items.ended(), 'the source was told to end')
  })

  add('reads no more than bufferSize items of an async iterable, also with ordered: false and chunkSize', async ({ open, settle }) => {
    for (const options of [{}, { ordered: false }, { chunkSize: 2 }]) {
      const items = counted(endless())
      const results = open({ maxWorkers: 2 }).map(double, asyncly(items.source), { bufferSize: 4, ...options })
      await settle()
      assert.ok(items.read() <= 4, `${items.read()} read`)
      for (let given = 1; given <= 5; given++) await results.next()
      await settle(5)
      assert.ok(items.read() <= 9, `${items.read()} read, 5 given`)
      await results.return()
    }
  })

  add('reads 2 × maxWorkers items ahead of an async iterable', async ({ open, until, settle }) => {
    const items = counted(endless())
    const results = open({ maxWorkers: 2 }).map(double, asyncly(items.source))
    await until('4 are read', () => items.read() >= 4)
    await settle(10)
    assert.equal(items.read(), 4)
    await results.return()
  })

  add('works with bufferSize 1, and with one larger than there are items', async ({ open }) => {
    const pool = open({ maxWorkers: 2 })
    assert.deepEqual(await pool.map(doubleLater, [1, 2, 3], { bufferSize: 1 }).toArray(), [2, 4, 6])
    assert.deepEqual(await pool.map(doubleLater, asyncly([1, 2, 3]), { bufferSize: 1 }).toArray(), [2, 4, 6])
    assert.deepEqual(await pool.map(doubleLater, [1, 2, 3], { bufferSize: 100 }).toArray(), [2, 4, 6])
  })

  for (const chunkSize of [1, 2, 3, 7, 100, 'auto'] as const) {
    add(`gives the same with chunkSize ${chunkSize}`, async ({ open }) => {
      const pool = open({ maxWorkers: 2 })
      const expected = arrayOf(20).map((n) => n * 2)
      assert.deepEqual(await pool.map(double, arrayOf(20), { chunkSize }).toArray(), expected)
      assert.deepEqual(await pool.map(doubleLater, asyncly(arrayOf(20)), { chunkSize }).toArray(), expected)
      const unordered = await pool.map(double, arrayOf(20), { chunkSize, ordered: false }).toArray()
      assert.deepEqual(
        unordered.sort((a, b) => a - b),
        expected,
      )
    })
  }

  add('never runs more items at the same time than there are workers, also beside other calls', async ({ open, board }) => {
    const pool = open({ maxWorkers: 3 })
    const b = board()
    const items: [typeof b, number][] = arrayOf(20).map((n) => [b, n])
    const others = items.map((item) => pool.submit(visit, ...item))
    await Promise.all([pool.starmap(visit, items).toArray(), pool.starmap(visit, items, { ordered: false }).toArray(), ...others])
    assert.ok(peak(b) <= 3, `${peak(b)} at the same time`)
  })

  add('cancels what has not started when the loop is left', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const items = [1, 2, 4, 5, 6].map((n): [typeof b, number] => [b, n])
    const results = pool.starmap(logThenHold, items)
    for await (const _ of results) break
    assert.deepEqual(await results.next(), { done: true, value: undefined })
    release(b)
    await until('all is counted', () => pool.stats.done + pool.stats.cancelled === 5)
    // 2 may have started before the loop was left.
    assert.ok(
      logged(b).every((n) => n <= 2),
      String(logged(b)),
    )
  })

  add('leaves running calls alone when the loop is left: they are not aborted', async ({ open, board, until }) => {
    const pool = open({ maxWorkers: 1 })
    const b = board()
    const results = pool.starmap(hold, [[b], [b], [b]])
    await until('the first runs', () => read(b, 'begun') === 1)
    await results.return()
    await until('the others are cancelled', () => pool.stats.cancelled === 2)
    release(b)
    await until('the first has ended', () => read(b, 'ended') === 1 && pool.stats.running === 0)
    assert.deepEqual([read(b, 'begun'), read(b, 'aborted')], [1, 0])
  })

  add('serves several next() that were called at once, in order', async ({ open }) => {
    const results = open({ maxWorkers: 2 }).map(doubleLater, [1, 2])
    const three = await Promise.all([results.next(), results.next(), results.next()])
    assert.deepEqual(three, [
      { done: false, value: 2 },
      { done: false, value: 4 },
      { done: true, value: undefined },
    ])
  })

  add('toArray() gives what has not been given yet', async ({ open }) => {
    const results = open().map(double, [1, 2, 3])
    assert.equal((await results.next()).value, 2)
    assert.deepEqual(await results.toArray(), [4, 6])
    assert.deepEqual(await results.toArray(), [])
  })

  add('tells its progress callback how far it is; at the end all items are done', async ({ open }) => {
    const seen: Progress[] = []
    await open({ maxWorkers: 2 })
      .map(doubleLater, arrayOf(10), { progress: (progress) => seen.push(progress) })
      .toArray()
    const last = seen.at(-1)
    assert.deepEqual([last?.done, last?.total, last?.failed, last?.running], [10, 10, 0, 0])
    assert.ok(seen.every((progress, i) => i === 0 || progress.done >= (seen[i - 1]?.done ?? 0)))
    assert.ok(seen.every(({ ratePerSecond }) => ratePerSecond >= 0))
  })

  add('runs its progress callback in the async context of whoever called map()', async ({ open }) => {
    const store = new AsyncLocalStorage<string>()
    const seen = new Set<string | undefined>()
    const results = store.run('here', () => open().map(doubleLater, arrayOf(4), { progress: () => seen.add(store.getStore()) }))
    await results.toArray()
    assert.deepEqual([...seen], ['here'])
  })

  add('runs two maps beside each other, as both have begun at the call', async ({ open, board }) => {
    const pool = open({ maxWorkers: 2 })
    const b = board()
    const first = pool.starmap(waitIfFirst, [[b, 0]])
    const second = pool.starmap(waitIfFirst, [[b, 1]])
    // The first waits for the second, which nobody has iterated.
    assert.deepEqual(await first.toArray(), [0])
    assert.deepEqual(await second.toArray(), [1])
  })

  add('throws from map() itself after shutdown', async ({ open }) => {
    const pool = open()
    await pool.shutdown()
    assert.throws(() => pool.map(double, [1]), ExecutorShutdownError)
    assert.throws(() => pool.starmap(sum, [[1]]), ExecutorShutdownError)
    assert.throws(() => pool.map(double, asyncly([1])), ExecutorShutdownError)
  })
}
