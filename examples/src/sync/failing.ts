// #region failing
import { run, sleep, TaskGroup } from 'rungs/sync'

await run(async () => {
  try {
    await TaskGroup.run(async (group) => {
      group.with({ name: 'fetch' }).spawn(async () => {
        await sleep(10)
        throw new Error('the line is cut')
      })
      group.with({ name: 'save' }).spawn(async () => {
        try {
          await sleep(3_600_000) // Is cancelled when fetch fails,
        } catch {
          throw new Error('the disk is full') // and fails in its cleanup: neither error is lost.
        }
      })
    })
  } catch (error) {
    console.log(error instanceof AggregateError ? error.message : error)
  }
})
// #endregion
