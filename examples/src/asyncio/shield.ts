// #region shield
import { CancelledError, run, shield, sleep, TaskGroup } from 'rungs/sync'

async function something(): Promise<void> {
  await sleep(20)
  console.log('something is complete')
}

await run(async () => {
  await TaskGroup.run(async (group) => {
    const inner = group.spawn(something)
    const outer = group.spawn(async () => {
      try {
        return await shield(inner)
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error
        console.log('the wait is cancelled')
      }
    })
    await sleep(0)
    outer.cancel()
  })
})
// #endregion
