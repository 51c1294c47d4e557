import { CancelledError, ExecutorShutdownError, ProcessPoolExecutor, TaskPoolExecutor, ThreadPoolExecutor } from 'rungs'
import { executorContract, VirtualClock } from 'rungs/testing'
import { expect, it } from 'vitest'
import { runContract } from './fixtures/run-contract.js'

runContract(
  'TaskPoolExecutor',
  executorContract((options) => new TaskPoolExecutor(options), { kind: 'task' }),
)

it('takes a number for maxWorkers', async () => {
  await using pool = new TaskPoolExecutor(3)
  expect(pool.stats.maxWorkers).toBe(3)
  for (const wrong of [0, -1, 1.5, Number.NaN]) expect(() => new TaskPoolExecutor(wrong)).toThrow(RangeError)
})

it('sets no timer for a cancelled call, which nobody can end', async () => {
  const clock = new VirtualClock()
  using _ = clock.install()
  const pool = new TaskPoolExecutor(1)
  const future = pool.with({ grace: 4_000 }).submit(() => new Promise(() => {}))
  await expect.poll(() => future.running).toBe(true)
  future.cancel()
  await expect(future).rejects.toThrow(CancelledError)
  expect(clock.pending).toBe(0)
})

it('lets a call shut its pool down without waiting for it', async () => {
  await using pool = new TaskPoolExecutor(1)
  await pool.submit(() => pool.shutdown({ wait: false }))
  expect(() => pool.submit(() => 1)).toThrow(ExecutorShutdownError)
})

it.each([TaskPoolExecutor, ThreadPoolExecutor, ProcessPoolExecutor])('takes no options beside a number', (Executor) => {
  const Any = Executor as new (...args: unknown[]) => unknown // JavaScript may say so.
  const says = new RegExp(
    `${Executor.name} takes one argument.*got also \\{ name: 'x' \\}.*new ${Executor.name}\\(\\{ maxWorkers: 2, … \\}\\)`,
  )
  expect(() => new Any(2, { name: 'x' })).toThrow(says)
  expect(() => new Any({}, undefined)).toThrow(TypeError)
})
