import { ThreadPoolExecutor } from 'rungs'
import { executorContract } from 'rungs/testing'
import { expect, it } from 'vitest'
import { runContract } from './fixtures/run-contract.js'

runContract(
  'ThreadPoolExecutor',
  executorContract((options) => new ThreadPoolExecutor(options), { kind: 'thread' }),
)

it('takes a number for maxWorkers', async () => {
  await using pool = new ThreadPoolExecutor(3)
  expect(pool.stats.maxWorkers).toBe(3)
  for (const wrong of [0, -1, 1.5, Number.NaN]) expect(() => new ThreadPoolExecutor(wrong)).toThrow(RangeError)
})
