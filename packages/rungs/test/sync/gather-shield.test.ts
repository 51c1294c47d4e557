import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest'
import { CancelledError, InvalidStateError } from '../../dist/core/errors.js'
import { Future } from '../../dist/core/future.js'
import { Event, gather, shield, sleep, type Task, TaskGroup, timeout, toThread, waitFor } from '../../dist/sync/index.js'
import { provideThreads } from '../../dist/sync/to-thread.js'
import { crashWhenCancelled, errorOf, jumpingClock, MyError, start, turn } from './support.js'

const crash = async (error: unknown = new MyError()): Promise<never> => {
  await turn()
  throw error
}

function collectWarnings(): Error[] {
  const warnings: Error[] = []
  const listener = (warning: Error) => void warnings.push(warning)
  process.on('warning', listener)
  onTestFinished(() => void process.off('warning', listener))
  return warnings
}

describe('gather', () => {
  it('gives the results in the order of the things, whatever they are', async () => {
    jumpingClock()
    const same = start(() => 'task')
    const results = await gather([() => sleep(20, { value: 'slow' }), () => 'quick', Promise.resolve(3), same, same])
    expect(results).toEqual(['slow', 'quick', 3, 'task', 'task'])
    expect(await gather([])).toEqual([])
    expect(await gather(new Set([() => 1]))).toEqual([1])
  })

  it('throws the first failure, once the others are cancelled and have ended', async () => {
    const log: string[] = []
    const { future } = Future.withResolvers()
    const error = await errorOf(
      gather([
        crash,
        async () => {
          try {
            await sleep(100_000)
          } finally {
            await turn(2)
            log.push('cleaned up')
          }
        },
        future,
      ]),
    )
    expect(error).toBeInstanceOf(MyError)
    expect([log, future.cancelled]).toEqual([['cleaned up'], true])
  })

  it('reports failures after the first', async () => {
    const warnings = collectWarnings()
    const error = await errorOf(gather([() => crash('first'), () => crash('second')]))
    await turn()
    expect(error).toBe('first')
    expect(warnings).toMatchObject([{ code: 'RUNGS_TASK', cause: 'second' }])
  })

  it('takes a failure for a result if told to', async () => {
    const { future } = Future.withResolvers()
    future.cancel()
    const results = await gather([crash, () => 1, future], { onError: 'settle' })
    expect(results).toEqual([
      { status: 'rejected', reason: expect.any(MyError) },
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: expect.any(CancelledError) },
    ])
  })

  it.each(['throw', 'settle'] as const)('cancels all when it is cancelled (%s)', async (onError) => {
    const inner = start(() => sleep(100_000))
    const outer = start(async () => await gather([() => sleep(100_000), inner, new Promise(() => {})], { onError: onError as 'throw' }))
    await turn(2)
    outer.cancel('why')
    expect(await errorOf(outer)).toMatchObject({ name: 'CancelledError', reason: 'why' })
    expect(inner.cancelled).toBe(true)
    const direct = gather([() => sleep(100_000)])
    await turn()
    direct.cancel()
    await expect(direct).rejects.toThrow(CancelledError)
  })

  it.each(['throw', 'settle'] as const)('that is cancelled lets all clean up, whoever ends first (%s)', async (onError) => {
    const log: string[] = []
    const job = (name: string, turns: number) => async (): Promise<void> => {
      try {
        await sleep(100_000)
      } finally {
        for (let i = 0; i < turns; i++) await sleep(0)
        log.push(name)
      }
    }
    const outer = start(() => gather([job('a', 1), job('b', 5)], { onError: onError as 'throw' }))
    await turn(2)
    outer.cancel('why')
    expect(await errorOf(outer)).toMatchObject({ name: 'CancelledError', reason: 'why' })
    expect(log).toEqual(['a', 'b'])
  })

  it('interrupts them again when it is cancelled again', async () => {
    const log: unknown[] = []
    const outer = start(() =>
      gather([
        async () => {
          for (let i = 0; i < 2; i++) log.push(((await errorOf(sleep(100_000))) as CancelledError).reason)
        },
      ]),
    )
    await turn(2)
    outer.cancel('first')
    await turn()
    outer.cancel('second')
    await errorOf(outer)
    expect(log).toEqual(['first', 'second'])
  })

  it('reports failures that a cancellation is stronger than', async () => {
    const warnings = collectWarnings()
    const outer = start(() => gather([() => crashWhenCancelled('in cleanup')]))
    await turn(2)
    outer.cancel()
    expect(await errorOf(outer)).toBeInstanceOf(CancelledError)
    await turn()
    expect(warnings).toMatchObject([{ code: 'RUNGS_TASK', cause: 'in cleanup' }])
  })

  const unhandled = (): unknown[] => {
    const reasons: unknown[] = []
    const listener = (reason: unknown) => void reasons.push(reason)
    process.on('unhandledRejection', listener)
    onTestFinished(() => void process.off('unhandledRejection', listener))
    return reasons
  }

  describe.each(['throw', 'settle'] as const)('that is cancelled in the turn of its call (%s)', (onError) => {
    const options = { onError: onError as 'throw' }

    it('starts no function, and cancels what it was given', async () => {
      const log: string[] = []
      const inner = start(async () => {
        try {
          await sleep(100_000)
        } finally {
          await turn(2)
          log.push('cleaned up')
        }
      })
      await turn()
      const { future } = Future.withResolvers()
      const gathering = gather([() => log.push('called'), future, inner], options)
      expect(gathering.cancel('why')).toBe(true)
      expect(await errorOf(gathering)).toMatchObject({ name: 'CancelledError', reason: 'why' })
      expect([log, future.cancelled, inner.cancelled]).toEqual([['cleaned up'], true, true])
    })

    it('reports the failure of a promise', async () => {
      const [warnings, reasons] = [collectWarnings(), unhandled()]
      const promise = new Promise((_, reject) => setTimeout(() => reject(new MyError()), 5))
      const gathering = gather([promise], options)
      gathering.cancel()
      expect(await errorOf(gathering)).toBeInstanceOf(CancelledError)
      await vi.waitFor(() => expect(warnings).toHaveLength(1))
      expect([warnings, reasons]).toMatchObject([[{ code: 'RUNGS_UNOBSERVED', cause: expect.any(MyError) }], []])
    })

    it('cancels also in a task that is cancelled then, and with its signal', async () => {
      const controller = new AbortController()
      const futures = [1, 2].map(() => Future.withResolvers().future)
      const outer = start(async () => await gather([futures[0]], options))
      const gathering = gather([futures[1]], { ...options, signal: controller.signal })
      await Promise.resolve()
      outer.cancel()
      controller.abort()
      expect([await errorOf(outer), await errorOf(gathering)]).toEqual([expect.any(CancelledError), expect.any(CancelledError)])
      expect(futures.map(({ cancelled }) => cancelled)).toEqual([true, true])
    })
  })

  // test_cancel_gather_1
  it('cannot be cancelled when all have ended, and gives their results', async () => {
    const { future, resolve } = Future.withResolvers<number>()
    const gathering = gather([future])
    await turn()
    resolve(42)
    expect([gathering.cancel(), await gathering, gathering.cancel()]).toEqual([false, [42], false])

    const early = gather([future])
    expect([early.cancel(), await early]).toEqual([false, [42]])

    const failing = Future.withResolvers<number>()
    const failed = gather([failing.future])
    await turn()
    failing.reject(new MyError())
    expect([failed.cancel(), await errorOf(failed)]).toEqual([false, expect.any(MyError)])
  })

  it('does not lose the cancellation of a task that waits for it when all have ended', async () => {
    const { future, resolve } = Future.withResolvers<number>()
    const outer = start(async () => await gather([future]))
    await turn()
    resolve(42)
    outer.cancel('why')
    expect(await errorOf(outer)).toMatchObject({ reason: 'why' })
  })

  it('does not leave a promise alone that it refuses', async () => {
    const [warnings, reasons] = [collectWarnings(), unhandled()]
    const failing = () => Promise.reject(new MyError())
    expect(() => gather([failing(), 5])).toThrow(TypeError)
    expect(() => gather([failing()], { signal: 5 as never })).toThrow(TypeError)
    expect(() => waitFor(failing(), Number.NaN)).toThrow(RangeError)
    expect(() => waitFor(failing(), 5, { timeout: 5 } as never)).toThrow(TypeError)
    await turn(2)
    expect(reasons).toEqual([])
    expect(warnings).toMatchObject(Array(4).fill({ code: 'RUNGS_UNOBSERVED', cause: expect.any(MyError) }))
  })

  it('refuses what it cannot wait for', () => {
    // @ts-expect-error not an iterable
    expect(() => gather(() => 1)).toThrow(TypeError)
    expect(() => gather([1])).toThrow(TypeError)
  })
})

describe('types', () => {
  it('follow what is called', async () => {
    const results = await gather([() => Math.abs(1), async () => 'two', Promise.resolve(true)])
    expectTypeOf(results).toEqualTypeOf<[number, string, boolean]>()
    const settled = await gather([() => 1], { onError: 'settle' })
    expectTypeOf(settled[0]).toExtend<{ status: 'fulfilled'; value: number } | { status: 'rejected'; reason: unknown }>()
    expectTypeOf(await gather(new Set([async () => 1]))).toEqualTypeOf<number[]>()
    expectTypeOf(start((a: number, b?: string) => `${a}${b}`, 1)).toEqualTypeOf<Task<string>>()
    expectTypeOf(await timeout(1_000, () => start(async () => 5))).toEqualTypeOf<number>()
    expectTypeOf(await waitFor(Promise.resolve('x'), 1_000)).toEqualTypeOf<string>()
    expectTypeOf(sleep(0)).toEqualTypeOf<Promise<void>>()
    expectTypeOf(sleep(0, { value: 1 })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(await TaskGroup.run(async () => 'value')).toEqualTypeOf<string>()
    expectTypeOf(shield(async () => 1)).toEqualTypeOf<Future<number>>()
  })
})

describe('shield', () => {
  it('gives what is inside', async () => {
    expect(await shield(async () => 1)).toBe(1)
    expect(await shield(Promise.resolve(2))).toBe(2)
    expect(await shield(start(() => 3))).toBe(3)
    await expect(shield(crash)).rejects.toThrow(MyError)
    // @ts-expect-error neither a function nor a promise
    expect(() => shield(4)).toThrow(TypeError)
  })

  it('lets what is inside go on when the waiting task is cancelled', async () => {
    jumpingClock()
    let saved = false
    const outer = start(async () => {
      await shield(async () => {
        await sleep(10)
        saved = true
      })
    })
    await turn(2)
    outer.cancel()
    await expect(outer).rejects.toThrow(CancelledError)
    expect(saved).toBe(false)
    await sleep(20)
    expect(saved).toBe(true)
  })

  it('is cancelled with what is inside', async () => {
    const inner = start(() => sleep(100_000))
    const outer = shield(inner)
    await turn()
    inner.cancel('why')
    expect(await errorOf(outer)).toMatchObject({ name: 'CancelledError', reason: 'why' })
    expect(outer.cancelled).toBe(true)
  })

  it('reports a failure that nobody waits for any more, once', async () => {
    const warnings = collectWarnings()
    const outer = shield(crash)
    outer.cancel()
    await turn(3)
    expect(warnings).toMatchObject([{ code: 'RUNGS_UNOBSERVED', cause: expect.any(MyError) }])
  })

  it('reports it once also if many have waited, and gives it to who still does', async () => {
    const warnings = collectWarnings()
    const inner = start(crash)
    const outers = [1, 2, 3].map(() => shield(inner))
    outers[0]?.cancel()
    outers[1]?.cancel()
    await expect(outers[2]).rejects.toThrow(MyError)
    await turn(2)
    expect(warnings).toHaveLength(1)
  })

  it.each(['task', 'promise'])('keeps nothing of those who wait no more for a %s', async (what) => {
    const go = new Event()
    const inner = what === 'task' ? start(() => go.wait()) : go.wait()
    const outers = Array.from({ length: 10 }, () => {
      const outer = shield(inner)
      outer.cancel()
      return new WeakRef(outer)
    })
    await vi.waitFor(() => {
      collectGarbage()
      expect(outers.filter((outer) => outer.deref() !== undefined)).toEqual([])
    })
    go.set()
    await inner
    await shield(inner)
  })
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

describe('toThread', () => {
  it('says what is missing, and uses what it is handed', async () => {
    provideThreads(undefined)
    expect(() => toThread(() => 1)).toThrow(InvalidStateError)
    const calls: unknown[] = []
    provideThreads((fn, ...args) => {
      calls.push(args)
      return start(fn, ...args)
    })
    expect(await toThread((a: number, b: number) => a + b, 20, 22)).toBe(42)
    expect(calls).toEqual([[20, 22]])
    // @ts-expect-error not a function
    expect(() => toThread(5)).toThrow(TypeError)
  })
})
