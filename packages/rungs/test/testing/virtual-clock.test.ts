import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clock, realClock, useClock } from '../../dist/core/clock.js'
import { Event, gather, sleep, timeout } from '../../dist/sync/index.js'
import { VirtualClock, whenIdle } from '../../dist/testing/index.js'
import { start } from '../sync/support.js'

describe('useClock', () => {
  it('puts a clock in the place of the real one until it is disposed, also one over another', () => {
    expect(clock()).toBe(realClock)
    const [a, b] = [new VirtualClock(), new VirtualClock()]
    {
      using _a = useClock(a)
      expect(clock()).toBe(a)
      {
        using _b = b.install()
        expect(clock()).toBe(b)
      }
      expect(clock()).toBe(a)
    }
    expect(clock()).toBe(realClock)
  })
})

describe('the real clock', () => {
  it('never goes back, and takes a wait of months for one of weeks rather than of 1 ms', async () => {
    const before = realClock.now()
    let fired = false
    const long = realClock.setTimeout(() => {
      fired = true
    }, 1e12)
    await new Promise<void>((resolve) => void realClock.setTimeout(resolve, 5))
    realClock.clearTimeout(long)
    expect(fired).toBe(false)
    expect(realClock.now()).toBeGreaterThan(before)
  })
})

describe('VirtualClock', () => {
  it('stands still until it is moved', async () => {
    const time = new VirtualClock(100)
    await new Promise((resolve) => setTimeout(resolve, 2))
    expect(time.now()).toBe(100)
    await time.advance(50)
    expect(time.now()).toBe(150)
  })

  it('fires what is due, in the order of time and of setting, each at its own moment, and nothing else', async () => {
    const delays = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(delays, fc.integer({ min: 0, max: 60 }), async (all, ms) => {
        const time = new VirtualClock()
        const fired: [number, number][] = []
        for (const [i, delay] of all.entries()) time.setTimeout(() => fired.push([i, time.now()]), delay)
        await time.advance(ms)
        const due = all.map((delay, i) => [i, delay] as [number, number]).filter(([, delay]) => delay <= ms)
        expect(fired).toEqual(due.sort((a, b) => a[1] - b[1] || a[0] - b[0]))
        expect(time.pending).toBe(all.length - due.length)
        expect(time.now()).toBe(ms)
      }),
      { numRuns: 50 },
    )
  })

  it('fires timers that were set by timers and by promises meanwhile', async () => {
    const time = new VirtualClock()
    const fired: number[] = []
    time.setTimeout(() => {
      fired.push(time.now())
      void Promise.resolve().then(() => time.setTimeout(() => fired.push(time.now()), 10))
    }, 10)
    await time.advance(25)
    expect(fired).toEqual([10, 20])
  })

  it('does not fire what was cleared', async () => {
    const time = new VirtualClock()
    let fired = false
    const timer = time.setTimeout(() => {
      fired = true
    }, 5)
    time.clearTimeout(timer)
    time.clearTimeout(timer)
    expect(time.pending).toBe(0)
    await time.advance(10)
    expect(fired).toBe(false)
  })

  it('gives timers that can be ref-ed and unref-ed as those of Node', () => {
    const timer = new VirtualClock().setTimeout(() => {}, 1)
    if (typeof timer === 'number') throw new Error('an object, as in Node')
    expect(timer.unref?.()).toBe(timer)
    expect(timer.ref?.()).toBe(timer)
  })

  it('runAll() goes to the last timer, and gives up on one that sets itself again', async () => {
    const time = new VirtualClock()
    const fired: number[] = []
    for (const ms of [30, 10, 20]) time.setTimeout(() => fired.push(ms), ms)
    time.setTimeout(() => fired.push(-1), Number.POSITIVE_INFINITY)
    await time.runAll()
    expect([fired, time.now(), time.pending]).toEqual([[10, 20, 30], 30, 1])
  })

  it('fails advance() when a timer throws, at its moment', async () => {
    const time = new VirtualClock()
    time.setTimeout(() => {
      throw new RangeError('in a timer')
    }, 5)
    await expect(time.advance(10)).rejects.toThrow('in a timer')
    expect([time.now(), time.pending]).toEqual([5, 0])
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses advance(%d)', async (ms) => {
    await expect(new VirtualClock().advance(ms)).rejects.toThrow(RangeError)
  })
})

describe('VirtualClock with autojump', () => {
  it('jumps to the next timer when every task is blocked, and no further', async () => {
    const time = new VirtualClock({ start: 5, autojump: true })
    using _ = time.install()
    const woken: [string, number][] = []
    const wake = async (name: string, ms: number): Promise<void> => {
      await sleep(ms)
      woken.push([name, time.now()])
    }
    await gather([() => wake('day', 86_400_000), () => wake('hour', 3_600_000), () => wake('never', 0)])
    expect(woken).toEqual([
      ['never', 5],
      ['hour', 3_600_005],
      ['day', 86_400_005],
    ])
    expect([time.now(), time.pending, time.nextDue]).toEqual([86_400_005, 0, undefined])
  })

  it('waits for those who go on, however many turns they take', async () => {
    const time = new VirtualClock({ autojump: true })
    using _ = time.install()
    const busy = async (): Promise<number> => {
      for (let i = 0; i < 50; i++) await sleep(0)
      return time.now()
    }
    expect(await timeout(1, busy)).toBe(0)
  })

  it('does not move for a sleep that has no end', async () => {
    const time = new VirtualClock({ autojump: true })
    using _ = time.install()
    const task = start(() => sleep(Number.POSITIVE_INFINITY))
    await whenIdle()
    await whenIdle()
    expect([time.now(), time.pending, time.nextDue]).toEqual([0, 1, undefined])
    task.cancel()
    await expect(task).rejects.toThrow('cancelled')
    expect(time.pending).toBe(0)
  })

  it('fires what fell due while the loop was blocked late, in one go', async () => {
    const time = new VirtualClock({ autojump: true })
    using _ = time.install()
    const fired: [number, number][] = []
    for (const ms of [10, 20, 30]) time.setTimeout(() => fired.push([ms, time.now()]), ms)
    time.block(25)
    await whenIdle()
    await whenIdle()
    expect(fired).toEqual([
      [10, 25],
      [20, 25],
      [30, 30],
    ])
    expect(() => time.block(-1)).toThrow(RangeError)
  })

  it('with a number waits for so much real quiet first', async () => {
    const time = new VirtualClock({ autojump: 20 })
    using _ = time.install()
    const answered = new Event()
    // The platform answers after some real time, in which the clock stands still.
    realClock.setTimeout(() => answered.set(), 1)
    expect(await timeout(1_000, () => answered.wait().then(() => time.now()))).toBe(0)
    await sleep(1_000)
    expect(time.now()).toBe(1_000)
  })

  it('refuses options that are none', () => {
    // @ts-expect-error a typing mistake
    expect(() => new VirtualClock({ autoJump: true })).toThrow('autoJump')
    expect(() => new VirtualClock({ start: Number.NaN })).toThrow(RangeError)
    expect(() => new VirtualClock({ autojump: -1 })).toThrow(RangeError)
  })
})

describe('whenIdle', () => {
  it('returns when those who were ready have gone on, and what that made ready', async () => {
    const [first, second] = [new Event(), new Event()]
    const log: string[] = []
    const tasks = [
      start(async () => {
        await first.wait()
        for (let i = 0; i < 20; i++) await sleep(0)
        second.set()
        log.push('first')
      }),
      start(async () => {
        await second.wait()
        log.push('second')
      }),
    ]
    await whenIdle()
    expect(log).toEqual([])
    first.set()
    await whenIdle()
    expect(log).toEqual(['first', 'second'])
    await Promise.all(tasks)
  })
})
