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

it('leaves out variables of its environment that are undefined', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1, env: { RUNGS_TEST_SET: 'yes', RUNGS_TEST_UNSET: undefined } })
  expect(await pool.submit(() => [process.env.RUNGS_TEST_SET, 'RUNGS_TEST_UNSET' in process.env])).toEqual(['yes', false])
})
