// #region reschedule
import { run, sleep, TimeoutError, type TimeoutScope, timeout } from 'rungs/sync'

await run(async () => {
  let scope: TimeoutScope | undefined
  try {
    // We do not know the timeout when starting, so we pass null.
    await timeout(null, async (opened) => {
      scope = opened
      // We know the timeout now, so we reschedule it.
      scope.reschedule(performance.now() + 10)
      await sleep(3_600_000)
    })
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
  }
  if (scope?.expired) console.log("Looks like we haven't finished on time.")
})
// #endregion
