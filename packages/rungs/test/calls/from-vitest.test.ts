// This very file is a caller: Vitest rewrites its imports and runs it in a context that no worker can import.
import { basename } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { perWorker, share } from '../../dist/calls/index.js'
import { NotShippableError } from '../../dist/core/errors.js'
import { Account, double, limit, settings, TaskError } from './fixtures/tasks.js'
import { TinyPool } from './fixtures/tiny-pool.js'

const pool = new TinyPool()
const submit = pool.submit as <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => Promise<Awaited<R>>
afterAll(() => pool.end())

const factor: number = 3
let changing = 0
const scale = (x: number): number => x * factor
class Local {
  readonly n: number
  constructor(n: number) {
    this.n = n
  }
  scaled(): number {
    return scale(this.n)
  }
}
class LocalError extends Error {
  readonly details = { here: true }
}
const handle = perWorker(() => ({ calls: 0 }))
const shared = share({ big: true })

describe('a test file of Vitest as the caller', () => {
  it('submits arrows, closures and classes of its own', async () => {
    changing = 4
    expect(await submit((x: number) => scale(x) + changing, 2)).toBe(10)
    expect(await submit(() => new Local(2).scaled())).toBe(6)
    const back = await submit((x: Local) => new Local(x.n + 1), new Local(1))
    expect(back).toBeInstanceOf(Local)
    expect(back.n).toBe(2)
  })

  it('uses its imports there', async () => {
    expect(await submit(() => double(limit) + settings.list.length)).toBe(16)
    expect(await submit(() => basename('/a/b'))).toBe('b')
    expect(await submit(() => Account.open(4).balance)).toBe(4)
    expect(await submit(double, 21)).toBe(42)
  })

  it('gets its errors back', async () => {
    await expect(
      submit(() => {
        throw new LocalError('m')
      }),
    ).rejects.toBeInstanceOf(LocalError)
    await expect(
      submit(() => {
        throw new TaskError('m')
      }),
    ).rejects.toMatchObject({ name: 'TaskError', code: 'E_TASK', details: { retry: true } })
  })

  it('uses handles', async () => {
    expect(await submit(() => ++handle.get().calls)).toBe(1)
    expect(await submit(() => ++handle.get().calls)).toBe(2)
    expect(await submit(() => shared.get())).toEqual({ big: true })
  })

  it('is refused by name', async () => {
    const pending = Promise.resolve()
    await expect(submit(() => pending)).rejects.toThrow(NotShippableError)
    await expect(submit(() => pending)).rejects.toThrow(/captured variable pending of an arrow function \(.*from-vitest\.test\.ts:\d+\)/)
  })
})
