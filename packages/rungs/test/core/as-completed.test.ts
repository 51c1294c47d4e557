import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CancelledError, TimeoutError } from '../../dist/core/errors.js'
import { Future } from '../../dist/core/future.js'
import { asCompleted } from '../../dist/core/wait.js'
import { VirtualClock } from '../../dist/testing/virtual-clock.js'
import { futuresOf, make, type Resolvers, tick } from './support.js'

/** By hand, since `for await` in a test that stops early would call `return`. */
async function collect(completed: AsyncIterator<Future<number>>): Promise<{ seen: Future<number>[]; error?: unknown }> {
  const seen: Future<number>[] = []
  try {
    for (;;) {
      const next = await completed.next()
      if (next.done) return { seen }
      seen.push(next.value)
    }
  } catch (error) {
    return { seen, error }
  }
}

describe('asCompleted', () => {
  it('of nothing is over at once', async () => {
    expect(await asCompleted([]).next()).toEqual({ done: true, value: undefined })
  })

  it('gives first what is done, then each as it ends, once', async () => {
    const [a, b, c, d] = make(4) as [Resolvers, Resolvers, Resolvers, Resolvers]
    b.resolve(1)
    const collected = collect(asCompleted([a.future, b.future, c.future, d.future, a.future, b.future]))
    await tick()
    d.future.cancel()
    c.reject('no')
    c.future.catch(() => {})
    await tick()
    a.resolve(1)
    expect((await collected).seen).toEqual([b.future, d.future, c.future, a.future])
  })

  it('gives futures in for await, and does not unwrap them', async () => {
    const [a] = make(1) as [Resolvers]
    a.resolve(1)
    const seen: unknown[] = []
    for await (const future of asCompleted([a.future])) seen.push(future)
    expect(seen).toEqual([a.future])
  })

  it('takes a generator, which it reads at the call', async () => {
    const all = make(3)
    let read = 0
    function* futures() {
      for (const { future } of all) {
        read++
        yield future
      }
    }
    const completed = asCompleted(futures())
    expect(read).toBe(3)
    for (const it of all) it.resolve(1)
    expect((await collect(completed)).seen.length).toBe(3)
  })

  it('serves several next() that wait at once, in order, and ends those too many', async () => {
    const [a, b] = make(2) as [Resolvers, Resolvers]
    const completed = asCompleted(futuresOf([a, b]))
    const nexts = [completed.next(), completed.next(), completed.next()]
    b.resolve(2)
    a.resolve(1)
    expect(await Promise.all(nexts)).toEqual([
      { done: false, value: b.future },
      { done: false, value: a.future },
      { done: true, value: undefined },
    ])
  })

  it('throws TimeoutError with the count when time is up, counted from the call, then is over', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const [a, b, c, d] = make(4) as [Resolvers, Resolvers, Resolvers, Resolvers]
    const completed = asCompleted(futuresOf([a, b, c, d]), { timeout: 1_000 })
    a.resolve(1)
    await time.advance(999)
    b.resolve(1)
    await time.advance(1)
    const { seen, error } = await collect(completed)
    expect(seen).toEqual(futuresOf([a, b]))
    expect(error).toBeInstanceOf(TimeoutError)
    expect((error as Error).message).toBe('2 (of 4) futures unfinished')
    expect(await completed.next()).toEqual({ done: true, value: undefined })
    expect(time.pending).toBe(0)
    c.resolve(1)
    d.resolve(1)
  })

  it('throws TimeoutError to the next() that waits, and ends the others', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const completed = asCompleted(futuresOf(make(2)), { timeout: 10 })
    const nexts = [completed.next(), completed.next()].map((next) => next.catch((error: unknown) => error))
    await time.advance(10)
    const [first, second] = await Promise.all(nexts)
    expect(first).toBeInstanceOf(TimeoutError)
    expect(second).toEqual({ done: true, value: undefined })
  })

  it('leaves no timer when all are done in time, and when the loop is left', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const all = make(2)
    const first = asCompleted(futuresOf(all), { timeout: 1_000 })
    const second = asCompleted(futuresOf(all), { timeout: 1_000 })
    expect(time.pending).toBe(2)
    await second.return?.()
    expect(time.pending).toBe(1)
    for (const it of all) it.resolve(1)
    expect(time.pending).toBe(0)
    expect((await collect(first)).seen.length).toBe(2)
    expect((await collect(second)).seen.length).toBe(0)
  })

  it('cancels nothing when the loop is left', async () => {
    const [a, b] = make(2) as [Resolvers, Resolvers]
    a.resolve(1)
    for await (const _ of asCompleted(futuresOf([a, b]))) break
    expect(b.future.state).toBe('pending')
    b.resolve(1)
    expect(await b.future).toBe(1)
  })

  it('is over after return(), also for a next() that waits', async () => {
    const [a] = make(1) as [Resolvers]
    const completed = asCompleted([a.future])
    const next = completed.next()
    await completed.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
    a.resolve(1)
    expect(await completed.next()).toEqual({ done: true, value: undefined })
  })

  it('is over after return(), also when time was up before', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const completed = asCompleted(futuresOf(make(1)), { timeout: 10 })
    await time.advance(10)
    await completed.return?.()
    expect(await completed.next()).toEqual({ done: true, value: undefined })
  })

  it('is over after return(), also when a done-callback calls it in the turn in which a future ends', async () => {
    const [a, b] = make(2) as [Resolvers, Resolvers]
    let completed: AsyncIterableIterator<unknown> | undefined
    a.future.addDoneCallback(() => void completed?.return?.())
    completed = asCompleted(futuresOf([a, b]))
    a.resolve(1)
    expect(await completed.next()).toEqual({ done: true, value: undefined })
    b.resolve(1)
  })

  it.each(['before', 'during', 'between'])('ends with CancelledError when its signal is aborted %s', async (when) => {
    const stop = new AbortController()
    const [a, b] = make(2) as [Resolvers, Resolvers]
    if (when === 'before') stop.abort('enough')
    const completed = asCompleted(futuresOf([a, b]), { signal: stop.signal })
    const next = when === 'between' ? undefined : completed.next().catch((error: unknown) => error)
    if (when !== 'before') stop.abort('enough')
    const error = await (next ?? completed.next().catch((error: unknown) => error))
    expect(error).toBeInstanceOf(CancelledError)
    expect((error as CancelledError).reason).toBe('enough')
    expect(await completed.next()).toEqual({ done: true, value: undefined })
    expect(a.future.state).toBe('pending')
  })

  it.each([
    [[5], {}, /asCompleted\(\) takes futures/],
    [5, {}, /asCompleted\(\) takes an iterable/],
    [[], { timeout: -1 }, /timeout .*-1/],
    [[], { timeOut: 1 }, /Did you mean timeout/],
    [[], { signal: 1 }, /AbortSignal/],
  ])('refuses %j, %j', (futures, options, message) => {
    expect(() => asCompleted(futures as Future<number>[], options as object)).toThrow(message)
  })

  it('gives every future once, in the order in which they end, for any order and any duplicates', async () => {
    const plan = fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 12 }).chain((order) =>
      fc.record({
        order: fc.constant(order),
        before: fc.nat(order.length),
        duplicates: fc.array(fc.nat(order.length - 1), { maxLength: 4 }),
        eager: fc.boolean(),
      }),
    )
    await fc.assert(
      fc.asyncProperty(plan, async ({ order, before, duplicates, eager }) => {
        const all = order.map(() => Future.withResolvers<number>())
        // Futures by rank: the ones that end before the call come in the order in which they are given.
        const byRank = [...all]
        for (const it of byRank.slice(0, before)) it.resolve(1)
        const given = [...all, ...duplicates.map((i) => all[i] as Resolvers)]
        const completed = asCompleted(futuresOf(given))
        const collected = eager ? collect(completed) : undefined
        if (eager) await tick()
        const rest = byRank.slice(before).reverse()
        for (const it of rest) it.resolve(1)
        const { seen } = await (collected ?? collect(completed))
        expect(seen).toEqual(futuresOf([...byRank.slice(0, before), ...rest]))
      }),
      { numRuns: 60 },
    )
  })
})
