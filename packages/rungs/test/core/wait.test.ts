import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Future } from '../../dist/core/future.js'
import { wait } from '../../dist/core/wait.js'
import { VirtualClock } from '../../dist/testing/virtual-clock.js'
import { futuresOf, make, type Resolvers, tick } from './support.js'

describe('wait', () => {
  it('of nothing gives two empty sets at once', async () => {
    for (const returnWhen of ['ALL_COMPLETED', 'FIRST_COMPLETED', 'FIRST_EXCEPTION'] as const) {
      const { done, notDone } = await wait([], { returnWhen })
      expect([done.size, notDone.size]).toEqual([0, 0])
    }
  })

  it('waits for all, by value, failure and cancel', async () => {
    const [a, b, c] = make(3) as [Resolvers, Resolvers, Resolvers]
    const waited = wait(futuresOf([a, b, c]))
    a.resolve(1)
    b.reject(new Error('no'))
    b.future.catch(() => {})
    let ended = false
    void waited.then(() => {
      ended = true
    })
    await tick()
    expect(ended).toBe(false)
    c.future.cancel()
    const { done, notDone } = await waited
    expect([...done]).toEqual(futuresOf([a, b, c]))
    expect(notDone.size).toBe(0)
  })

  it('returns at once when all are done', async () => {
    const all = make(2)
    for (const it of all) it.resolve(1)
    expect((await wait(futuresOf(all), { timeout: 0 })).done.size).toBe(2)
  })

  it('counts a future that is given twice once', async () => {
    const [a] = make(1) as [Resolvers]
    const waited = wait([a.future, a.future])
    a.resolve(1)
    expect((await waited).done.size).toBe(1)
  })

  it('takes any iterable, which it reads once', async () => {
    const all = make(2)
    function* futures() {
      for (const { future } of all) yield future
    }
    const waited = [wait(futures()), wait(new Set(futuresOf(all)))]
    for (const it of all) it.resolve(1)
    for (const { done } of await Promise.all(waited)) expect(done.size).toBe(2)
  })

  it('with FIRST_COMPLETED gives all that are done by then', async () => {
    const [a, b, c] = make(3) as [Resolvers, Resolvers, Resolvers]
    a.resolve(1)
    b.future.cancel()
    const { done, notDone } = await wait(futuresOf([a, b, c]), { returnWhen: 'FIRST_COMPLETED' })
    expect([...done]).toEqual(futuresOf([a, b]))
    expect([...notDone]).toEqual([c.future])
  })

  it.each([
    ['a value', (it: Resolvers) => it.resolve(1)],
    ['a failure', (it: Resolvers) => it.reject(1)],
    ['a cancel', (it: Resolvers) => it.future.cancel()],
  ])('with FIRST_COMPLETED returns at %s', async (_, end) => {
    const [a, b] = make(2) as [Resolvers, Resolvers]
    const waited = wait(futuresOf([a, b]), { returnWhen: 'FIRST_COMPLETED' })
    end(b)
    expect([...(await waited).done]).toEqual([b.future])
    b.future.catch(() => {})
  })

  it('gives also those that end in the turn of the one that was enough', async () => {
    for (const returnWhen of ['FIRST_COMPLETED', 'FIRST_EXCEPTION'] as const) {
      const [a, b, c] = make(3) as [Resolvers, Resolvers, Resolvers]
      const waited = wait(futuresOf([a, b, c]), { returnWhen })
      a.reject(new Error('enough'))
      b.resolve(2)
      const { done, notDone } = await waited
      expect([[...done], [...notDone]]).toEqual([[a.future, b.future], [c.future]])
      await a.future.exception()
    }
  })

  it('with FIRST_EXCEPTION returns at a failure, also a falsy one, not at a value or a cancel', async () => {
    const [a, b, c, d] = make(4) as [Resolvers, Resolvers, Resolvers, Resolvers]
    const waited = wait(futuresOf([a, b, c, d]), { returnWhen: 'FIRST_EXCEPTION' })
    let ended = false
    void waited.then(() => {
      ended = true
    })
    a.resolve(1)
    b.future.cancel()
    await tick()
    expect(ended).toBe(false)
    c.reject(undefined)
    c.future.catch(() => {})
    const { done, notDone } = await waited
    expect([[...done], [...notDone]]).toEqual([futuresOf([a, b, c]), [d.future]])
  })

  it('with FIRST_EXCEPTION returns at once when one has failed, and at the end when none fails', async () => {
    const [a, b] = make(2) as [Resolvers, Resolvers]
    a.reject(0)
    a.future.catch(() => {})
    expect((await wait(futuresOf([a, b]), { returnWhen: 'FIRST_EXCEPTION' })).notDone.size).toBe(1)
    b.resolve(1)
    const [c] = make(1) as [Resolvers]
    c.future.cancel()
    expect((await wait([b.future, c.future], { returnWhen: 'FIRST_EXCEPTION' })).done.size).toBe(2)
  })

  it('returns with what there is when time is up, never throws, and leaves no timer', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const [a, b] = make(2) as [Resolvers, Resolvers]
    const waited = wait(futuresOf([a, b]), { timeout: 1_000 })
    a.resolve(1)
    await time.advance(1_000)
    const { done, notDone } = await waited
    expect([[...done], [...notDone]]).toEqual([[a.future], [b.future]])
    expect(time.pending).toBe(0)
    b.resolve(1)
  })

  it('clears its timer when it returns in time, and sets none for Infinity', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const [a] = make(1) as [Resolvers]
    const waited = [wait([a.future], { timeout: 1_000 }), wait([a.future], { timeout: Number.POSITIVE_INFINITY })]
    expect(time.pending).toBe(1)
    a.resolve(1)
    await Promise.all(waited)
    expect(time.pending).toBe(0)
  })

  it.each(['before', 'during'])('rejects with CancelledError when its signal is aborted %s it, and cancels nothing', async (when) => {
    const stop = new AbortController()
    if (when === 'before') stop.abort('enough')
    const [a] = make(1) as [Resolvers]
    const waited = wait([a.future], { signal: stop.signal })
    if (when === 'during') stop.abort('enough')
    await expect(waited).rejects.toMatchObject({ code: 'ERR_RUNGS_CANCELLED', reason: 'enough' })
    expect(a.future.state).toBe('pending')
    a.resolve(1)
  })

  it.each([
    [[5], {}, /wait\(\) takes futures of an executor, got 5/],
    [[Promise.resolve()], {}, /got Promise/],
    [5, {}, /wait\(\) takes an iterable of futures, got 5/],
    [null, {}, /got null/],
    [[], { returnWhen: 'FIRST' }, /returnWhen must be 'FIRST_COMPLETED' or .* got 'FIRST'/],
    [[], { timeout: -1 }, /timeout .*-1/],
    [[], { timeout: '1' }, /timeout .*'1'/],
    [[], { signal: {} }, /AbortSignal/],
    [[], { return_when: 'ALL_COMPLETED' }, /Did you mean returnWhen/],
  ])('refuses %j, %j', (futures, options, message) => {
    expect(() => wait(futures as Future<number>[], options as object)).toThrow(message)
  })

  it('gives the same sets as a plain look at the futures, at the end of the turn in which it has to return', async () => {
    const plan = fc.record({
      endings: fc.array(fc.constantFrom('resolve', 'reject', 'cancel', 'never'), { minLength: 1, maxLength: 8 }),
      before: fc.nat(8),
      returnWhen: fc.constantFrom('ALL_COMPLETED', 'FIRST_COMPLETED', 'FIRST_EXCEPTION'),
    })
    await fc.assert(
      fc.asyncProperty(plan, async ({ endings, before, returnWhen }) => {
        const all = make(endings.length)
        const futures = futuresOf(all)
        const ended: number[] = []
        const end = (i: number): void => {
          if (endings[i] === 'resolve') all[i]?.resolve(i)
          else if (endings[i] === 'reject') all[i]?.reject(i)
          else if (endings[i] === 'cancel') all[i]?.future.cancel()
          if (endings[i] !== 'never') ended.push(i)
        }
        for (let i = 0; i < Math.min(before, endings.length); i++) end(i)
        const waited = wait(futures, { returnWhen, timeout: 0 })
        for (let i = before; i < endings.length; i++) end(i)
        const { done, notDone } = await waited
        expect(done.size + notDone.size).toBe(endings.length)
        expect([...done].map((future) => futures.indexOf(future)).sort()).toEqual(ended.sort())
        for (const future of futures) future.catch(() => {})
      }),
    )
  })
})
