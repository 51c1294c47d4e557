import { AsyncLocalStorage } from 'node:async_hooks'
import { TaskPoolExecutor, ThreadPoolExecutor } from 'rungs'
import { describe, expect, it } from 'vitest'
import { defaultCallOptions } from '../../dist/core/call-options.js'
import type { MapOptions, MapResults, Progress } from '../../dist/core/executor.js'
import { mapArgs } from '../../dist/executors/map/args.js'
import { progressBar, progressLine } from '../../dist/executors/map/progress-bar.js'
import { runMap } from '../../dist/executors/map/run-map.js'
import { VirtualClock } from '../../dist/testing/virtual-clock.js'
import { failOrEnd } from '../fixtures/work.js'
import { FakeSubmitter, settle, WatchedSource } from './fake-submitter.js'

function mapOn(pool: FakeSubmitter, items: unknown, options: MapOptions): MapResults<unknown> {
  return runMap(pool, () => {}, items as Iterable<unknown>, mapArgs, options, defaultCallOptions)
}

describe('the progress of a map', () => {
  it.each([
    { name: 'tasks', Executor: TaskPoolExecutor },
    { name: 'threads', Executor: ThreadPoolExecutor },
  ])('counts an item as running only while it runs, not while it pauses before its next attempt: $name', async ({ Executor }) => {
    await using pool = new Executor(2)
    const pausing = pool.with({ retries: { limit: 1, backoff: { base: 60_000, cap: 60_000, jitter: 0 } } })
    const seen: Progress[] = []
    const items = ['fail', 'fail', 'fail', 'fail', 'end', 300] as const
    const results = pausing.map(failOrEnd, items, { progress: (progress) => seen.push(progress) })
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    const { running } = seen[0] ?? {}
    // Nobody wants the items any more: those that pause end, and one that is running is not tried again.
    await results.return()
    await pool.shutdown()
    expect(running).toBeLessThanOrEqual(2)
  })

  it('is told with the first item, then ten times a second at most, and at the end', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const pool = new FakeSubmitter()
    const seen: Progress[] = []
    const results = mapOn(pool, Array.from({ length: 100 }), { progress: (progress) => seen.push(progress) })
    await settle()
    expect(seen).toEqual([])
    pool.call(99).start()
    for (let i = 0; i < 50; i++) {
      await time.advance(10)
      pool.call(i).end(i)
    }
    // At 10, 110, … ms, each before the item that ends then; nobody iterates.
    expect(seen.map(({ done }) => done)).toEqual([1, 10, 20, 30, 40])
    expect(seen[1]).toMatchObject({ total: 100, failed: 0, running: 1 })
    expect(seen[4]?.ratePerSecond).toBeCloseTo(40 / 0.41)
    expect(seen[4]?.etaMs).toBeCloseTo(615)
    await time.advance(1_000)
    // What came after the last telling is told later.
    expect(seen.at(-1)?.done).toBe(50)
    const { length } = seen
    for (let i = 50; i < 100; i++) {
      if (i % 2 === 0) pool.call(i).fail(new Error('no'))
      else pool.call(i).end(i)
    }
    expect(seen.length).toBe(length + 2)
    expect(seen.at(-1)).toMatchObject({ done: 100, total: 100, failed: 25, running: 0, etaMs: 0 })
    await time.advance(1_000)
    expect(seen.length).toBe(length + 2)
    expect(time.pending).toBe(0)
    await results.return()
  })

  it('has no total while the source has not ended, and tells the last figures when it is left', async () => {
    const time = new VirtualClock()
    using _ = time.install()
    const pool = new FakeSubmitter()
    const seen: Progress[] = []
    const results = mapOn(pool, new WatchedSource('endless').sync, { bufferSize: 2, progress: (progress) => seen.push(progress) })
    await settle()
    pool.call(0).end(0)
    pool.call(1).end(1)
    await results.return()
    expect(seen.map(({ done, total, etaMs }) => [done, total, etaMs])).toEqual([
      [1, undefined, undefined],
      [2, undefined, undefined],
    ])
    expect(time.pending).toBe(0)
  })

  it('is told once for an empty source, after the call to map', async () => {
    const seen: Progress[] = []
    mapOn(new FakeSubmitter(), [], { progress: (progress) => seen.push(progress) })
    expect(seen).toEqual([])
    await settle()
    expect(seen).toMatchObject([{ done: 0, total: 0, running: 0, etaMs: 0 }])
  })

  it('is told in the async context of whoever called map, and reports what the callback throws', async () => {
    const store = new AsyncLocalStorage<string>()
    const pool = new FakeSubmitter()
    const seen: unknown[] = []
    const warnings: string[] = []
    const listen = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', listen)
    const results = store.run('here', () =>
      mapOn(pool, [0, 1], {
        progress: (progress) => {
          seen.push(store.getStore())
          if (progress.done === 2) return Promise.reject(new Error('later')) as never
          throw new Error('at once')
        },
      }),
    )
    await settle()
    store.run('there', () => {
      pool.call(0).end(0)
      pool.call(1).end(1)
    })
    expect(await results.toArray()).toEqual([0, 1])
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', listen)
    expect(seen).toEqual(['here', 'here'])
    expect(warnings.join()).toMatch(/at once[\s\S]*later/)
  })

  it('is not told when map throws', async () => {
    const pool = new FakeSubmitter()
    const seen: Progress[] = []
    const failing = (function* () {
      yield 0
      pool.call(0).end(0)
      throw new Error('source')
    })()
    expect(() => mapOn(pool, failing, { progress: (progress) => seen.push(progress) })).toThrow('source')
    await settle()
    expect(seen).toEqual([])
  })
})

describe('the progress bar', () => {
  const progress: Progress = { done: 250, total: 1_000, failed: 3, running: 4, ratePerSecond: 125, etaMs: 6_000 }

  it('is drawn on a terminal only', () => {
    expect(progressBar({ write: () => {} })).toBeUndefined()
    const written: string[] = []
    const bar = progressBar({ isTTY: true, columns: 60, write: (text) => written.push(text) })
    bar?.draw(progress)
    bar?.clear()
    expect(written).toEqual([`\r\x1b[K${progressLine(progress, 59)}`, '\r\x1b[K'])
  })

  it('fits into the width that there is', () => {
    expect(progressLine(progress, 79)).toBe(`[${'#'.repeat(9)}${'-'.repeat(28)}] 250/1000  25%  3 failed  125/s  6s left`)
    for (let width = 1; width < 120; width++) expect(progressLine(progress, width).length).toBeLessThanOrEqual(width)
    expect(progressLine(progress, 20)).toBe('250/1000  25%')
    expect(progressLine({ ...progress, total: undefined, etaMs: undefined }, 79)).toBe('250  3 failed  125/s')
  })

  it('shows long times and high rates short', () => {
    const line = progressLine({ ...progress, ratePerSecond: 2_500_000, etaMs: 3_723_000, failed: 0 }, 200)
    expect(line).toContain('2.5M/s')
    expect(line).toContain('1h02m left')
    expect(progressLine({ ...progress, etaMs: 61_000, ratePerSecond: 0.25 }, 200)).toMatch(/0\.3\/s {2}1m01s left/)
  })

  it('is drawn for `progress: true` when stderr is a terminal, and is gone at the end', async () => {
    const { isTTY, write } = process.stderr
    const written: string[] = []
    process.stderr.isTTY = true
    process.stderr.write = (text: string | Uint8Array) => {
      written.push(String(text))
      return true
    }
    try {
      const pool = new FakeSubmitter()
      const results = mapOn(pool, [0, 1], { progress: true })
      await settle()
      expect(written.length).toBe(1)
      pool.call(0).end(0)
      pool.call(1).end(1)
      await results.toArray()
      expect(written.at(-1)).toBe('\r\x1b[K')
      expect(written.at(-2)).toContain('2/2')
    } finally {
      process.stderr.isTTY = isTTY
      process.stderr.write = write
    }
  })
})
