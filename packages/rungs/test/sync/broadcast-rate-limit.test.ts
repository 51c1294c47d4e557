import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clock } from '../../dist/core/clock.js'
import { CancelledError } from '../../dist/core/errors.js'
import { Broadcast, QueueShutDownError, rateLimit, sleep, TaskGroup } from '../../dist/sync/index.js'
import { jumpingClock, start, turn } from './support.js'

const collect = async <T>(values: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

describe('Broadcast', () => {
  it('gives every value to every reader, from when it has subscribed', async () => {
    const values = new Broadcast<number>()
    await values.send(0)
    const a = start(collect, values.subscribe())
    await values.send(1)
    const b = start(collect, values.subscribe())
    await values.send(2)
    values.close()
    expect([await a, await b, await collect(values.subscribe())]).toEqual([[1, 2], [2], []])
    await expect(values.send(3)).rejects.toThrow(QueueShutDownError)
  })

  it('waits for a slow reader, and goes on when that leaves', async () => {
    const values = new Broadcast<number>({ bufferSize: 2 })
    const slow = values.subscribe()
    const fast = start(collect, values.subscribe())
    const sent: number[] = []
    const sender = start(async () => {
      for (const n of [1, 2, 3, 4]) {
        await values.send(n)
        sent.push(n)
      }
      values.close()
    })
    await turn()
    expect(sent).toEqual([1, 2])
    expect(await slow.next()).toEqual({ done: false, value: 1 })
    await turn()
    expect(sent).toEqual([1, 2, 3])
    slow[Symbol.dispose]()
    expect(values.readers).toBe(1)
    await sender
    expect(await fast).toEqual([1, 2, 3, 4])
  })

  it('drops the oldest for a slow reader if told to', async () => {
    const values = new Broadcast<number>({ bufferSize: 2, onLag: 'drop' })
    using reader = values.subscribe()
    for (const n of [1, 2, 3, 4, 5]) await values.send(n)
    values.close()
    expect([await collect(reader), reader.missed]).toEqual([[4, 5], 3])
  })

  it('drops the oldest also for a reader that has been woken for it and has not gone on', async () => {
    const values = new Broadcast<number>({ bufferSize: 2, onLag: 'drop' })
    const reader = values.subscribe()
    const reading = start(collect, reader)
    await turn()
    for (const n of [1, 2, 3, 4]) void values.send(n)
    values.close()
    expect(await reading).toEqual([3, 4])
    expect(reader.missed).toBe(2)
  })

  it.each([true, false])('loses no value that it does not count, whenever the reader reads; it is cancelled: %s', async (cancels) => {
    const values = new Broadcast<number>({ bufferSize: 1, onLag: 'drop' })
    const reader = values.subscribe()
    const first = start(() => reader.next())
    await turn()
    for (const n of [1, 2, 3]) void values.send(n)
    if (cancels) first.cancel()
    const got = await first.then(
      ({ value }) => [value],
      () => [],
    )
    values.close()
    expect([...got, ...(await collect(reader))]).toEqual([3])
    expect(reader.missed).toBe(2)
  })

  it('gives nobody the value of a send that is cancelled', async () => {
    const values = new Broadcast<number>({ bufferSize: 1 })
    const reader = values.subscribe()
    await values.send(1)
    const sender = start(() => values.send(2))
    const next = start(() => values.send(3))
    await turn()
    expect(inspect(values)).toBe('Broadcast { readers: 1, sending: 2 }')
    sender.cancel()
    await expect(sender).rejects.toThrow(CancelledError)
    expect([await reader.next(), await reader.next()]).toMatchObject([{ value: 1 }, { value: 3 }])
    await next
    for await (const _ of (async function* () {})()) expect.unreachable()
  })

  it('is left by the end of a loop', async () => {
    const values = new Broadcast<number>()
    const reader = values.subscribe()
    await values.send(1)
    for await (const _ of reader) break
    expect(values.readers).toBe(0)
    expect(() => new Broadcast({ bufferSize: 0 })).toThrow(RangeError)
  })
})

describe('rateLimit', () => {
  it('lets through so many in any stretch of time, in order', async () => {
    jumpingClock()
    const limit = rateLimit({ limit: 3, per: 1_000 })
    const times: [number, number][] = []
    const begin = clock().now()
    await TaskGroup.run((group) => {
      for (let n = 0; n < 8; n++) {
        group.spawn(async () => {
          await limit.acquire()
          times.push([n, clock().now() - begin])
        })
      }
    })
    expect(times).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 1_000],
      [4, 1_000],
      [5, 1_000],
      [6, 2_000],
      [7, 2_000],
    ])
  })

  it('does not use up the turn of one who is cancelled', async () => {
    const time = jumpingClock()
    const limit = rateLimit({ limit: 1, per: 1_000 })
    expect([limit.tryAcquire(), limit.tryAcquire()]).toEqual([true, false])
    const waiting = start(() => limit.acquire())
    await turn()
    expect([limit.waiting, time.pending]).toEqual([1, 1])
    waiting.cancel()
    await expect(waiting).rejects.toThrow(CancelledError)
    expect([limit.waiting, time.pending]).toEqual([0, 0])
    await sleep(1_000)
    expect(limit.tryAcquire()).toBe(true)
    expect(inspect(limit)).toBe('RateLimit { 1 per 1000 ms, waiting: 0 }')
  })

  it('counts stretches that begin anywhere', async () => {
    jumpingClock()
    const limit = rateLimit({ limit: 2, per: 1_000 })
    const begin = clock().now()
    const times: number[] = []
    await limit.acquire()
    await sleep(900)
    for (let n = 0; n < 3; n++) {
      await limit.acquire()
      times.push(clock().now() - begin)
    }
    expect(times).toEqual([900, 1_000, 1_900])
  })

  it('takes no memory for turns that nobody has taken', async () => {
    jumpingClock()
    const limit = rateLimit({ limit: Number.MAX_SAFE_INTEGER, per: 1_000 })
    for (let n = 0; n < 1_000; n++) expect(limit.tryAcquire()).toBe(true)
    await limit.acquire()
  })

  it('keeps to the limit in any stretch, whatever the pauses', async () => {
    jumpingClock()
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat({ max: 700 }), { maxLength: 30 }), async (limit, pauses) => {
        const rate = rateLimit({ limit, per: 1_000 })
        const times: number[] = []
        for (const pause of pauses) {
          await sleep(pause)
          if (pause % 2 === 0) await rate.acquire()
          else if (!rate.tryAcquire()) continue
          times.push(clock().now())
        }
        for (const [n, time] of times.entries()) expect(time - (times[n - limit] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(1_000)
      }),
      { numRuns: 50 },
    )
  })

  it('refuses what is no limit', () => {
    expect(() => rateLimit({ limit: 0, per: 1 })).toThrow(RangeError)
    expect(() => rateLimit({ limit: 1, per: -1 })).toThrow(RangeError)
  })
})
