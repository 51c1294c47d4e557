// #region timeout-at
import { run, sleep, TimeoutError, timeoutAt } from 'rungs/sync'

await run(async () => {
  const deadline = performance.now() + 10
  try {
    await timeoutAt(deadline, () => sleep(3_600_000))
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
    console.log('The long operation timed out, but we have handled it.')
  }
})
// #endregion
