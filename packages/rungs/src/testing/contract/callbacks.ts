import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Callback, callback } from '../../calls/marks.js'
import { InvalidStateError } from '../../core/errors.js'
import { double } from './functions.js'
import { type ReadingLike, readingModule, tellReadings } from './readings.js'
import type { Group } from './scene.js'

function callIt(told: Callback<[number], unknown>, value: number): Promise<unknown> {
  return told(value)
}

export const callbackCases: Group = (add, { separate }) => {
  if (!separate) return

  add('a callback runs in the async context of whoever made it', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const request = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const see = (): Callback<[number], void> => callback(() => void seen.push(request.getStore()))
    await request.run('a', () => pool.submit(callIt, see(), 1))
    await request.run('b', () => pool.submit(callIt, see(), 1))
    await pool.submit(callIt, see(), 1)
    assert.deepEqual(seen, ['a', 'b', undefined])
  })

  add('resultSync() waits for a call that calls back, if the callback gives no promise', ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    assert.equal(pool.submit(callIt, callback(double), 21).resultSync({ timeout: 10_000 }), 42)
    const error = new RangeError('thrown in a callback')
    const failing = callback((): never => {
      throw error
    })
    assert.throws(() => pool.submit(callIt, failing, 1).resultSync({ timeout: 10_000 }), /thrown in a callback/)
    return Promise.resolve()
  })

  add('… and fails with InvalidStateError if it gives one, which could never end', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    const later = callback(async (n: number) => n)
    assert.throws(
      () => pool.submit(callIt, later, 1).resultSync({ timeout: 10_000 }),
      (error) => error instanceof InvalidStateError && error.message.includes('resultSync()'),
    )
    assert.equal(await pool.submit(callIt, later, 1), 1)
  })

  add('a callback gets what it is called with in order, though a module has to be loaded here first', async ({ open, module }) => {
    const { url } = module(readingModule)
    const seen: number[] = []
    const told = callback((value: ReadingLike | number) => void seen.push(typeof value === 'number' ? value : value.value))
    await open().submit(tellReadings, told, url)
    assert.deepEqual(seen, [3, 1, 2])
  })
}
