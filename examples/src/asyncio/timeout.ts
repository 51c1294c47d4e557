// #region timeout
import { run, sleep, TimeoutError, timeout } from 'rungs/sync'

const longRunningTask = (): Promise<void> => sleep(3_600_000)

await run(async () => {
  try {
    await timeout(10, longRunningTask)
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
    console.log('The long operation timed out, but we have handled it.')
  }
  console.log('This statement will run regardless.')
})
// #endregion
