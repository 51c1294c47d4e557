// #region terminate
import { run, sleep, TaskGroup } from 'rungs/sync'

async function job(id: number, ms: number): Promise<void> {
  console.log(`Task ${id}: start`)
  await sleep(ms)
  console.log(`Task ${id}: done`)
}

await run(async () => {
  await TaskGroup.run(async (group) => {
    group.spawn(job, 1, 10)
    group.spawn(job, 2, 3_600_000)
    await sleep(500)
    group.cancel()
  })
  console.log('left without an error')
})
// #endregion
