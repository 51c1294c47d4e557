import { ProcessPoolExecutor } from 'rungs'
import { executorContract } from 'rungs/testing'
import { expect, it } from 'vitest'
import { runContract } from './fixtures/run-contract.js'

runContract(
  'ProcessPoolExecutor',
  executorContract((options) => new ProcessPoolExecutor(options), { kind: 'process', liveSignal: true }),
)

it('takes a number for maxWorkers', async () => {
  await using pool = new ProcessPoolExecutor(3)
  expect(pool.stats.maxWorkers).toBe(3)
  for (const wrong of [0, -1, 1.5, Number.NaN]) expect(() => new ProcessPoolExecutor(wrong)).toThrow(RangeError)
})
