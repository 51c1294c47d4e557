import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type CurrentCall, currentCall, runInCall, setCurrentCall } from '../../dist/core/current-call.js'
import { sleepSync } from '../../dist/core/sleep.js'

function call(id: number): CurrentCall {
  return {
    id,
    key: undefined,
    attempt: 1,
    signal: new AbortController().signal,
    worker: { name: 'w-0', index: 0, kind: 'task' },
    progress: () => {},
  }
}

describe('currentCall', () => {
  it('is undefined outside of a call', () => {
    expect(currentCall()).toBeUndefined()
  })

  it('is the call during its synchronous part, and not after it', () => {
    const one = call(1)
    expect(runInCall(one, () => currentCall())).toBe(one)
    expect(currentCall()).toBeUndefined()
  })

  it('is the call after an await, in timers, and in what the call has started', async () => {
    const one = call(1)
    const seen = await runInCall(one, async () => {
      const first = currentCall()
      await pause(1)
      const inTimer = new Promise((resolve) => setTimeout(() => resolve(currentCall()), 1))
      const inMicrotask = Promise.resolve().then(currentCall)
      return [first, currentCall(), await inTimer, await inMicrotask]
    })
    expect(seen).toEqual([one, one, one, one])
    expect(currentCall()).toBeUndefined()
  })

  it('tells calls apart that run beside each other', async () => {
    const seen = await Promise.all(
      [1, 2, 3].map((id) =>
        runInCall(call(id), async () => {
          await pause(4 - id)
          return currentCall()?.id
        }),
      ),
    )
    expect(seen).toEqual([1, 2, 3])
  })

  it('is the inner call within a call, and the outer one after it, also when it throws', () => {
    runInCall(call(1), () => {
      expect(runInCall(call(2), () => currentCall()?.id)).toBe(2)
      expect(() =>
        runInCall(call(3), () => {
          throw new Error('no')
        }),
      ).toThrow('no')
      expect(currentCall()?.id).toBe(1)
      expect(runInCall(undefined, currentCall)).toBeUndefined()
      expect(currentCall()?.id).toBe(1)
    })
  })

  it('is the one that was set for the synchronous part of a worker that runs one call at a time', () => {
    const one = call(1)
    expect(setCurrentCall(one)).toBeUndefined()
    expect(currentCall()).toBe(one)
    runInCall(call(2), () => expect(currentCall()?.id).toBe(2))
    expect(currentCall()).toBe(one)
    expect(setCurrentCall(undefined)).toBe(one)
    expect(currentCall()).toBeUndefined()
  })
})

describe('sleepSync', () => {
  it('blocks this thread for at least that long', () => {
    const started = performance.now()
    sleepSync(20)
    expect(performance.now() - started).toBeGreaterThanOrEqual(19)
    sleepSync(0)
  })

  it.each([
    [-1, RangeError],
    [Number.NaN, RangeError],
    ['5', TypeError],
    [undefined, TypeError],
  ])('refuses %j', (ms, Class) => {
    expect(() => sleepSync(ms as number)).toThrow(Class)
  })
})
