// What a map does, one behaviour at a time, over a pool that is driven by hand: what has failed, and mapTimeout.
import { describe, expect, it } from 'vitest'
import { CancelledError, TimeoutError } from '../../dist/core/errors.js'
import { VirtualClock } from '../../dist/testing/virtual-clock.js'
import { FakeSubmitter, settle, WatchedSource } from './fake-submitter.js'
import { collect, done, mapOn, value, warningsDuring } from './support.js'

describe('a failure', () => {
  it('is thrown after the results before it, once; what has not started is cancelled, what runs goes on', async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0, 1, 2, 3])
    pool.call(1).fail(new Error('one'))
    pool.call(2).start()
    const asked = [results.next(), results.next(), results.next()]
    expect(pool.calls.map(({ state }) => state)).toEqual(['pending', 'finished', 'running', 'pending'])
    pool.call(0).end('zero')
    expect(await asked[0]).toEqual(value('zero'))
    await expect(asked[1]).rejects.toThrow('one')
    expect(await asked[2]).toEqual(done)
    expect(pool.calls.map(({ state }) => state)).toEqual(['finished', 'finished', 'running', 'cancelled'])
    expect(await results.toArray()).toEqual([])
  })

  it('is thrown as it comes with ordered: false', async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0, 1, 2], { ordered: false })
    pool.call(2).end('two')
    pool.call(1).fail(new Error('one'))
    expect(await results.next()).toEqual(value('two'))
    await expect(results.next()).rejects.toThrow('one')
  })

  it('of a call that was cancelled by its pool is a CancelledError', async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0])
    pool.shutdown({ cancelFutures: true })
    await expect(results.next()).rejects.toThrow(CancelledError)
  })

  it('of the source comes after the results before it, also of those that have not started', async () => {
    const pool = new FakeSubmitter()
    for (const async of [false, true]) {
      pool.calls.length = 0
      const source = new WatchedSource([0, 1, 2])
      source.itemAt = (n) => {
        if (n === 1) throw new Error('source')
        return n
      }
      const results = mapOn(pool, async ? source.async : source.sync, { bufferSize: 3 })
      const asked = results.next()
      await settle()
      expect(pool.call(0).state).toBe('pending')
      pool.call(0).end('a')
      expect(await asked).toEqual(value('a'))
      await expect(results.next()).rejects.toThrow('source')
      // It has ended by itself: there is nothing to close.
      expect(source.returned).toBe(0)
    }
  })

  it('of a source that gives no iterator results names what it gave', async () => {
    const wrong = { next: () => 7 }
    const sync = { [Symbol.iterator]: () => wrong }
    const async = { [Symbol.asyncIterator]: () => wrong }
    expect(() => mapOn(new FakeSubmitter(), sync)).toThrow('gave 7')
    await expect(mapOn(new FakeSubmitter(), async).next()).rejects.toThrow('gave 7')
  })

  it('is not reported when it was thrown, given, or the map was left', async () => {
    const warnings = await warningsDuring(async () => {
      const pool = new FakeSubmitter()
      const thrown = mapOn(pool, [0, 1])
      pool.calls[0]?.fail(new Error('seen'))
      pool.calls[1]?.start()
      await thrown.next().catch(() => {})
      pool.calls[1]?.fail(new Error('late'))
      const settled = mapOn(pool, [0], { onError: 'settle' })
      pool.calls[2]?.fail(new Error('given'))
      await settled.next()
      const left = mapOn(pool, [0, 1])
      pool.calls[3]?.fail(new Error('left'))
      pool.calls[4]?.start()
      await left.return()
      pool.calls[4]?.fail(new Error('late'))
      pool.calls.length = 0
      await collect()
    })
    expect(warnings).toEqual([])
  })

  it('is reported once for a map that nobody iterated, with the place of the call', async () => {
    const warnings = await warningsDuring(async () => {
      const pool = new FakeSubmitter()
      ;(function placeOfTheCall() {
        mapOn(pool, [0, 1, 2], { key: 'the key' })
      })()
      for (const call of pool.calls.splice(0)) call.fail(new Error(`nobody saw ${call.index}`))
      await collect()
    })
    expect(warnings.length).toBe(1)
    expect(warnings[0]).toContain('nobody saw 0')
    expect(warnings[0]).toContain('the key')
    expect(warnings[0]).toContain('placeOfTheCall')
  })
})

describe('mapTimeout', () => {
  it('gives what is there, then TimeoutError; all else is cancelled, also what runs', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const pool = new FakeSubmitter()
    const source = new WatchedSource('endless')
    const results = mapOn(pool, source.sync, { bufferSize: 4, mapTimeout: 1_000 })
    pool.call(0).end('a')
    pool.call(1).start()
    pool.call(2).end('c')
    await time.advance(999)
    expect(pool.call(1).state).toBe('running')
    await time.advance(1)
    expect(pool.calls.map(({ state }) => state)).toEqual(['finished', 'cancelled', 'finished', 'cancelled'])
    expect(pool.call(1).aborted).toBe(true)
    expect(source.returned).toBe(1)
    expect(await results.next()).toEqual(value('a'))
    await expect(results.next()).rejects.toThrow(TimeoutError)
    expect(await results.next()).toEqual(done)
    expect(time.pending).toBe(0)
  })

  it('ends a wait, and leaves no timer when all has ended before', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const pool = new FakeSubmitter()
    const late = mapOn(pool, [0], { mapTimeout: 1_000 })
    const asked = expect(late.next()).rejects.toThrow('mapTimeout of 1000 ms')
    await time.advance(1_000)
    await asked
    const early = mapOn(pool, [0], { mapTimeout: 1_000 })
    pool.calls[1]?.end('a')
    expect(time.pending).toBe(0)
    expect(await early.toArray()).toEqual(['a'])
    const left = mapOn(pool, [0], { mapTimeout: 1_000 })
    await left.return()
    expect(time.pending).toBe(0)
  })

  it("is not taken for an item's own TimeoutError", async () => {
    const pool = new FakeSubmitter()
    const results = mapOn(pool, [0, 1], { mapTimeout: 60_000, onError: 'settle' })
    const mine = new TimeoutError('mine')
    pool.call(0).fail(mine)
    pool.call(1).end('b')
    expect(await results.toArray()).toMatchObject([{ reason: mine }, { value: 'b' }])
  })
})
