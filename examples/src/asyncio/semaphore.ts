// #region semaphore
import { run, Semaphore, sleep, TaskGroup } from 'rungs/sync'

await run(async () => {
  const semaphore = new Semaphore(10)
  let working = 0
  let most = 0
  await TaskGroup.run((group) => {
    for (let i = 0; i < 100; i++) {
      group.spawn(async () => {
        using _permit = await semaphore.acquire()
        most = Math.max(most, ++working)
        await sleep(0)
        working--
      })
    }
  })
  console.log(`at most ${most} at once`)
})
// #endregion
