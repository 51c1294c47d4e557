// What an item of a map on tasks finds around it, although one loop runs many of them; see batch-runner.test.ts.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { currentCall, TaskPoolExecutor } from 'rungs'
import { describe, expect, it } from 'vitest'
import { numbers } from './gates.js'

describe('inside of an item', () => {
  it('currentCall() is its own, also after an await and in what it has left behind', async () => {
    await using pool = new TaskPoolExecutor({ maxWorkers: 2, name: 'tasks' })
    const seen: { n: number; calls: unknown[] }[] = []
    const left: Promise<void>[] = []
    await pool
      .map(async (n) => {
        const calls: unknown[] = [currentCall()]
        seen.push({ n, calls })
        left.push(
          new Promise((resolve) =>
            setTimeout(() => {
              calls.push(currentCall())
              resolve()
            }, 5),
          ),
        )
        if (n % 2 === 0) await turn()
        else await null
        calls.push(currentCall())
      }, numbers(10))
      .toArray()
    await Promise.all(left)
    for (const { calls } of seen) expect(new Set(calls).size).toBe(1)
    const ids = seen.map(({ calls }) => (calls[0] as { id: number }).id)
    expect(new Set(ids).size).toBe(10)
    expect(currentCall()).toBeUndefined()
  })

  it('currentCall() is no call for whoever awaits the results', async () => {
    await using pool = new TaskPoolExecutor(2)
    for await (const call of pool.map(async () => currentCall(), numbers(4))) {
      expect(call).toMatchObject({ key: undefined, attempt: 1, worker: { kind: 'task' } })
      expect(currentCall()).toBeUndefined()
    }
  })

  it('an AsyncLocalStorage holds what it held when map was called, whatever other items do', async () => {
    await using pool = new TaskPoolExecutor(2)
    const storage = new AsyncLocalStorage<string>()
    const see = async (n: number): Promise<unknown[]> => {
      const before = storage.getStore()
      return await storage.run(`item ${n}`, async () => {
        if (n % 3 === 0) await turn()
        return [before, storage.getStore()]
      })
    }
    const first = storage.run('first', () => pool.map(see, numbers(6)).toArray())
    const second = storage.run('second', () => pool.map(see, numbers(6)).toArray())
    expect(await first).toEqual(numbers(6).map((n) => ['first', `item ${n}`]))
    expect(await second).toEqual(numbers(6).map((n) => ['second', `item ${n}`]))
  })
})
