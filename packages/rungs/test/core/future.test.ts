import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidStateError } from '../../dist/core/errors.js'
import {
  createFuture,
  Future,
  type FutureState,
  failFuture,
  fulfilFuture,
  hasFailed,
  listen,
  outcomeOf,
  startFuture,
  unlisten,
} from '../../dist/core/future.js'
import { failed, pending } from './support.js'

describe('a future', () => {
  it('is pending, then running, then finished', () => {
    const { future, start, resolve } = pending()
    const facts = () => [future.state, future.done, future.running, future.cancelled]
    expect(facts()).toEqual(['pending', false, false, false])
    expect(start()).toBe(true)
    expect(facts()).toEqual(['running', false, true, false])
    resolve(1)
    expect(facts()).toEqual(['finished', true, false, false])
  })

  it('is finished when it has failed', () => {
    expect([failed(1).state, failed(1).done, failed(1).cancelled]).toEqual(['finished', true, false])
  })

  it.each(['pending', 'running'] as const)('is cancelled at once when it is %s', async (state) => {
    const { future, start } = pending()
    if (state === 'running') start()
    expect(future.cancel('enough')).toBe(true)
    expect([future.state, future.done, future.running, future.cancelled]).toEqual(['cancelled', true, false, true])
    await expect(future).rejects.toMatchObject({ reason: 'enough', code: 'ERR_RUNGS_CANCELLED' })
  })

  it('can be settled without being started, for what is done at once', async () => {
    const { future, resolve } = pending()
    resolve(1)
    expect(await future).toBe(1)
  })

  it('tells its executor of a cancel, once, with the reason, after it is done', () => {
    const told: unknown[] = []
    const { future } = Future.withResolvers<number>({ onCancel: (reason) => tell(reason) })
    const tell = (reason: unknown): void => void told.push([reason, future.state])
    future.cancel('enough')
    future.cancel('again')
    expect(told).toEqual([['enough', 'cancelled']])
  })

  it('does not tell its executor of a cancel that comes too late', () => {
    const told: unknown[] = []
    const { future, resolve } = Future.withResolvers<number>({ onCancel: (reason) => told.push(reason) })
    resolve(1)
    expect(future.cancel()).toBe(false)
    expect(told).toEqual([])
  })

  it('has ascending ids, and the key that it was given', () => {
    const [a, b] = [Future.withResolvers({ key: 'a' }).future, pending().future]
    expect(b.id).toBeGreaterThan(a.id)
    expect([a.key, b.key, 'key' in b]).toEqual(['a', undefined, false])
  })

  it('has no public constructor', () => {
    expect(() => Reflect.construct(Future, [])).toThrow(/withResolvers/)
  })

  it('keeps to its drawing, whatever is called in whatever order', () => {
    const action = fc.constantFrom('start', 'resolve', 'reject', 'cancel', 'callback')
    fc.assert(
      fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
        const { future, start, resolve, reject } = pending()
        const called: number[] = []
        let model: FutureState = 'pending'
        let callbacks = 0
        for (const [index, name] of actions.entries()) {
          const done: boolean = model === 'finished' || model === 'cancelled'
          if (name === 'callback') {
            future.addDoneCallback(() => called.push(index))
            callbacks++
          } else if (name === 'cancel') {
            expect(future.cancel()).toBe(model !== 'finished')
            if (!done) model = 'cancelled'
          } else if (name === 'start') {
            if (model === 'cancelled') expect(start()).toBe(false)
            else if (model === 'pending') {
              expect(start()).toBe(true)
              model = 'running'
            } else expect(start).toThrow(InvalidStateError)
          } else {
            const settle = () => (name === 'resolve' ? resolve(index) : reject(index))
            if (done) expect(settle).toThrow(InvalidStateError)
            else {
              settle()
              model = 'finished'
            }
          }
          expect(future.state).toBe(model)
          expect(future.done).toBe(model === 'finished' || model === 'cancelled')
        }
        expect(called.length).toBe(future.done ? callbacks : 0)
        expect(called).toEqual([...called].sort((a, b) => a - b))
        future.catch(() => {})
      }),
    )
  })
})

describe('withResolvers', () => {
  it('refuses options that are of another kind, and shows them', () => {
    const wrong: [unknown, RegExp][] = [
      [{ onCancel: 5 }, /onCancel must be a function, got 5/],
      [{ key: 5 }, /key must be a string, got 5/],
      [{ onCancelled() {} }, /'onCancelled'.*onCancel/],
      [null, /withResolvers\(\) must be an object with options, got null/],
    ]
    for (const [options, message] of wrong) {
      expect(() => Future.withResolvers(options as object)).toThrow(TypeError)
      expect(() => Future.withResolvers(options as object)).toThrow(message)
    }
  })

  it.each([
    ['resolve', (it: ReturnType<typeof pending>) => it.resolve(2)],
    ['reject', (it: ReturnType<typeof pending>) => it.reject(2)],
    ['start', (it: ReturnType<typeof pending>) => it.start()],
  ])('throws InvalidStateError from %s on a future that has finished, and says what it is', async (_, act) => {
    const it = pending()
    it.resolve(1)
    expect(() => act(it)).toThrow(InvalidStateError)
    expect(() => act(it)).toThrow(`Future ${it.future.id} { 1 }`)
    expect(await it.future).toBe(1)
  })

  it('throws InvalidStateError from a second start', () => {
    const { start } = pending()
    start()
    expect(start).toThrow(/running/)
  })

  it('gives false from start after a cancel, so that the call is left out, and settling throws', () => {
    const { future, start, resolve, reject } = pending()
    future.cancel()
    expect(start()).toBe(false)
    expect(() => resolve(1)).toThrow(InvalidStateError)
    expect(() => reject(1)).toThrow(InvalidStateError)
    expect(future.state).toBe('cancelled')
  })
})

describe('what inspect shows', () => {
  it('is the state, and the outcome if there is one', () => {
    const it = Future.withResolvers<unknown>({ key: 'sw1' })
    const id = it.future.id
    expect(inspect(it.future)).toBe(`Future ${id} "sw1" { <pending> }`)
    it.start()
    expect(inspect(it.future)).toBe(`Future ${id} "sw1" { <running> }`)
    it.resolve({ a: 1 })
    expect(inspect(it.future)).toBe(`Future ${id} "sw1" { { a: 1 } }`)
    const cancelled = pending().future
    cancelled.cancel()
    expect(inspect(cancelled)).toBe(`Future ${cancelled.id} { <cancelled> }`)
    const bad = failed(undefined)
    expect(inspect(bad)).toBe(`Future ${bad.id} { <failed> undefined }`)
  })

  it('ends at the depth that was asked for, and does not count as looking', () => {
    const it = Future.withResolvers<unknown>()
    it.resolve({ deep: { deeper: it.future } })
    expect(inspect({ a: { b: { c: it.future } } }, { depth: 1 })).not.toContain('deeper')
    expect(inspect(it.future)).toContain('deep')
  })
})

describe('for the layers above', () => {
  it('listeners are told once, at once if it is done, and can be taken away', () => {
    const { future, resolve } = pending()
    const seen: string[] = []
    const [a, b, c] = ['a', 'b', 'c'].map((name) => () => void seen.push(name)) as [() => void, () => void, () => void]
    for (const listener of [a, b, c]) listen(future, listener)
    unlisten(future, b)
    resolve(1)
    listen(future, b)
    expect(seen).toEqual(['a', 'c', 'b'])
    const other = pending()
    listen(other.future, a)
    unlisten(other.future, a)
    unlisten(other.future, a)
    other.resolve(1)
    expect(seen.length).toBe(3)
  })

  it('settling says false when it is done already', () => {
    const future = createFuture<number>({})
    expect([startFuture(future), startFuture(future)]).toEqual([true, false])
    expect([fulfilFuture(future, 1), fulfilFuture(future, 2), failFuture(future, 3), startFuture(future)]).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(outcomeOf(future)).toEqual({ status: 'fulfilled', value: 1 })
    expect(hasFailed(future)).toBe(false)
    const bad = failed(undefined)
    expect([hasFailed(bad), outcomeOf(bad)]).toEqual([true, { status: 'rejected', reason: undefined }])
  })

  it('the driver is asked whether a pending call runs, and is let go at the end', () => {
    let runs = false
    let asked = 0
    const future = createFuture<number>({
      driver: {
        isRunning: () => {
          asked++
          return runs
        },
      },
    })
    expect(future.state).toBe('pending')
    runs = true
    expect([future.running, future.state]).toEqual([true, 'running'])
    fulfilFuture(future, 1)
    const before = asked
    expect(future.state).toBe('finished')
    expect(asked).toBe(before)
  })
})
