// #region cancel-me
import { CancelledError, run, sleep, TaskGroup } from 'rungs/sync'

async function cancelMe(): Promise<void> {
  console.log('cancelMe(): before sleep')
  try {
    await sleep(3_600_000)
  } catch (error) {
    console.log('cancelMe(): cancel sleep')
    throw error
  } finally {
    await sleep(1) // Cleanup can wait: a cancellation is thrown once.
    console.log('cancelMe(): after sleep')
  }
}

await run(async () => {
  await TaskGroup.run(async (group) => {
    const task = group.spawn(cancelMe)
    await sleep(10)
    task.cancel()
    try {
      await task
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error
      console.log('main(): cancelMe is cancelled now')
    }
  })
})
// #endregion
