// The program blocks the thread of a pool until a call has run. In the middle of the pool's own work: what was decided before is performed before code
// of the program runs, and what that submits goes at once. And after it has submitted calls that wait for one another.
import { callback, currentCall, type Executor, type Future, ThreadPoolExecutor } from 'rungs'
import { describe, expect, it } from 'vitest'

/** Milliseconds: never reached, unless the call does not run. */
const tooLong = 10_000

const mark = (word: Int32Array): void => {
  Atomics.store(word, 0, 1)
  Atomics.notify(word, 0)
}
const nothing = (): void => {}
const fails = (): never => {
  throw new Error('again')
}

function scene(transport: 'ring' | 'port', callsPerWorker = 1) {
  const before = process.env.RUNGS_TRANSPORT
  process.env.RUNGS_TRANSPORT = transport // Read when an executor is made.
  try {
    const word = new Int32Array(new SharedArrayBuffer(4))
    const seen: boolean[] = []
    /** Blocks until `mark` has run. */
    const block = (): void => {
      if (seen.length === 0) seen.push(Atomics.wait(word, 0, 0, tooLong) !== 'timed-out')
    }
    return { pool: new ThreadPoolExecutor({ maxWorkers: 1, callsPerWorker }), word, seen, block }
  } finally {
    if (before === undefined) delete process.env.RUNGS_TRANSPORT
    else process.env.RUNGS_TRANSPORT = before
  }
}

describe.each(['ring', 'port'] as const)('on threads, over the %s, code that blocks its thread', (transport) => {
  const ways: [string, (pool: Executor) => Executor][] = [
    ['without options', (pool) => pool],
    ['with options', (pool) => pool.with({ key: 'second', timeout: 60_000 })],
  ]

  it.each(ways)('as a done-callback may wait for the next call %s', async (_, way) => {
    const { pool, word, seen, block } = scene(transport)
    await using _pool = pool
    const first = pool.submit(nothing)
    const second = way(pool).submit(mark, word)
    first.addDoneCallback(block)
    await Promise.all([first, second])
    expect(seen).toEqual([true])
  })

  it('as a done-callback may wait for a call that it has submitted', async () => {
    const { pool, word, seen, block } = scene(transport)
    await using _pool = pool
    await pool.submit(nothing)
    const first = pool.submit(nothing)
    first.addDoneCallback(() => {
      pool.submit(mark, word)
      block()
    })
    await first
    expect(seen).toEqual([true])
  })

  it('as the condition of retries may wait for the next call', async () => {
    const { pool, word, seen, block } = scene(transport)
    await using _pool = pool
    const when = (): boolean => {
      block()
      return false
    }
    const first = pool.with({ retries: { limit: 1, when } }).submit(fails)
    const second = pool.submit(mark, word)
    await expect(first).rejects.toThrow('again')
    await second
    expect(seen).toEqual([true])
  })

  it('as a reader of progress may wait for a call that it has submitted', async () => {
    const { pool, word, seen, block } = scene(transport, 2)
    await using _pool = pool
    const onProgress = (): void => {
      pool.submit(mark, word)
      block()
    }
    await pool.with({ onProgress }).submit(async () => {
      currentCall()?.progress(1)
      await new Promise((resolve) => setTimeout(resolve, 1))
    })
    expect(seen).toEqual([true])
  })

  it('as a callback may wait for a call that it has submitted', async () => {
    const { pool, word, seen, block } = scene(transport, 2)
    await using _pool = pool
    const here = callback(() => {
      pool.submit(mark, word)
      block()
    })
    await pool.submit(async (there) => await there(), here)
    expect(seen).toEqual([true])
  })

  it('as a reader of the progress of a map may wait for the next call', async () => {
    const { pool, word, seen, block } = scene(transport)
    await using _pool = pool
    const progress = ({ done }: { done: number }): void => {
      if (done === 1) block()
    }
    const results = pool.map(nothing, [0], { chunkSize: 1, progress }).toArray()
    const next = pool.submit(mark, word)
    await Promise.all([results, next])
    expect(seen).toEqual([true])
  })

  it('as the source of a map may wait for the next call', async () => {
    const { pool, word, seen, block } = scene(transport)
    await using _pool = pool
    await pool.submit(nothing)
    function* items() {
      for (let item = 0; item < 10; item++) {
        // The first are read before anything has ended.
        if (item > 2) block()
        yield item
      }
    }
    const results = pool.map(nothing, items(), { chunkSize: 1, bufferSize: 1 }).toArray()
    const next = pool.submit(mark, word)
    await Promise.all([results, next])
    expect(seen).toEqual([true])
  })
})

describe('calls that wait for one another in memory that they share', () => {
  type Kind = 'nothing' | 'wait' | 'come'
  const meet = (kind: Kind, words: Int32Array): void => {
    if (kind === 'wait') Atomics.wait(words, 0, 0)
    if (kind !== 'come') return
    for (const index of [0, 1]) {
      Atomics.store(words, index, 1)
      Atomics.notify(words, index)
    }
  }
  const whenBoth = (words: Int32Array): void => {
    if (Atomics.add(words, 2, 1) === 0) Atomics.wait(words, 2, 1)
    else Atomics.notify(words, 2)
  }
  const meetIn = (kind: Kind, { words }: { words: Int32Array }): void => meet(kind, words)
  type Submit = (pool: Executor, kind: Kind, words: Int32Array) => Future<void>
  const ways: [string, Submit][] = [
    ['an argument', (pool, kind, words) => pool.submit(meet, kind, words)],
    ['a part of an argument', (pool, kind, words) => pool.submit(meetIn, kind, { words })],
  ]

  it.each(ways)('as %s go to different workers, also when the thread of the pool is blocked', async (_, submit) => {
    const words = new Int32Array(new SharedArrayBuffer(12))
    await using pool = new ThreadPoolExecutor(2)
    // Both are there.
    await Promise.all([pool.submit(whenBoth, words), pool.submit(whenBoth, words)])
    for (let round = 0; round < 50; round++) {
      await Promise.all(Array.from({ length: 2 + (round % 20) * 10 }, () => submit(pool, 'nothing', words)))
      words.fill(0)
      const calls = [submit(pool, 'wait', words), submit(pool, 'come', words)]
      const waited = Atomics.wait(words, 1, 0, tooLong)
      await Promise.all(calls)
      expect(waited).not.toBe('timed-out')
    }
  })
})
