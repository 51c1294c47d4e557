// Many replies that come at once leave room for everything else on the pool's thread: a timer that is due does not wait for all of them.

import { ThreadPoolExecutor } from 'rungs'
import { expect, it } from 'vitest'
import { echo } from '../../fixtures/work.js'

/** So many settle at one look (hub.ts). Between two turns of this test there may be some: a worker that wakes the pool makes it look as well. */
const atMost = 8 * 256

it('settles a bounded number of calls in one turn of the event loop, in a burst of 100,000', { timeout: 60_000 }, async () => {
  await using pool = new ThreadPoolExecutor(2)
  await pool.submit(echo, 0)
  const count = 100_000
  let settled = 0
  let most = 0
  let turns = 0
  let timers = 0
  const futures = Array.from({ length: count }, (_, n) => pool.submit(echo, n))
  for (const future of futures) future.addDoneCallback(() => settled++)
  const timer = setInterval(() => timers++, 1)
  for (let before = 0; settled < count; before = settled) {
    await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, settled - before)
    turns++
  }
  clearInterval(timer)
  expect(most).toBeLessThanOrEqual(atMost)
  expect(turns).toBeGreaterThan(count / atMost)
  expect(timers).toBeGreaterThan(0)
  const values = await Promise.all(futures)
  expect(values.reduce((sum, n) => sum + n, 0)).toBe((count * (count - 1)) / 2)
})
