import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { pending, warningsDuring } from './support.js'

describe('a done-callback', () => {
  const endings: [string, (it: ReturnType<typeof pending>) => void][] = [
    ['a value', (it) => it.resolve(1)],
    ['a failure', (it) => it.reject(new Error('no'))],
    ['a cancel', (it) => void it.future.cancel()],
  ]

  it.each(endings)('is called in order, once, at the end by %s', (_, end) => {
    const it = pending()
    const seen: unknown[] = []
    for (let n = 0; n < 5; n++) it.future.addDoneCallback((future) => seen.push([n, future === it.future, future.done]))
    expect(seen).toEqual([])
    end(it)
    expect(seen).toEqual([0, 1, 2, 3, 4].map((n) => [n, true, true]))
    it.future.addDoneCallback(() => seen.push('late'))
    expect(seen.at(-1)).toBe('late')
    it.future.catch(() => {})
  })

  it('may be the same function twice, and is then called twice', () => {
    const { future, resolve } = pending()
    let count = 0
    const callback = (): void => void count++
    future.addDoneCallback(callback)
    future.addDoneCallback(callback)
    resolve(1)
    expect(count).toBe(2)
  })

  it('that throws, or rejects, is reported, and the others are called', async () => {
    const { future, resolve } = pending()
    const seen: string[] = []
    const warnings = await warningsDuring(async () => {
      future.addDoneCallback(() => {
        throw new RangeError('thrown in a callback')
      })
      future.addDoneCallback(async () => {
        throw new RangeError('rejected by a callback')
      })
      future.addDoneCallback(() => seen.push('third'))
      resolve(1)
      await future
    })
    expect(seen).toEqual(['third'])
    expect(warnings.map((warning) => [warning.name, (warning as { code?: string }).code])).toEqual([
      ['RungsWarning', 'RUNGS_CALLBACK'],
      ['RungsWarning', 'RUNGS_CALLBACK'],
    ])
    expect(warnings.map(({ message }) => /(thrown in|rejected by) a callback/.exec(message)?.[1]).sort()).toEqual([
      'rejected by',
      'thrown in',
    ])
  })

  it('that throws something falsy is reported too', async () => {
    const warnings = await warningsDuring(() => {
      const { future, resolve } = pending()
      resolve(1)
      future.addDoneCallback(() => {
        throw undefined
      })
    })
    expect(warnings.length).toBe(1)
  })

  it('may add another, which is called too', () => {
    const { future, resolve } = pending()
    const seen: number[] = []
    future.addDoneCallback(() => {
      seen.push(1)
      future.addDoneCallback(() => seen.push(2))
    })
    resolve(1)
    expect(seen.sort()).toEqual([1, 2])
  })

  it('may cancel the future: nothing happens, as it is done', () => {
    const { future, resolve } = pending()
    const seen: unknown[] = []
    future.addDoneCallback((it) => seen.push(it.cancel(), it.state))
    resolve(1)
    expect(seen).toEqual([false, 'finished'])
  })

  it('runs in the context in which it was added, whoever made the future and ends it', () => {
    const store = new AsyncLocalStorage<string>()
    const it = store.run('maker', pending)
    const seen: unknown[] = []
    store.run('other', () => it.future.addDoneCallback(() => seen.push(store.getStore())))
    store.run('third', () => it.resolve(1))
    store.run('fourth', () => it.future.addDoneCallback(() => seen.push(store.getStore())))
    expect(seen).toEqual(['other', 'fourth'])
  })

  it.each([[undefined], [null], [5], ['log'], [{}]])('is refused when it is %j', (wrong) => {
    expect(() => pending().future.addDoneCallback(wrong as unknown as () => void)).toThrow(TypeError)
  })
})
