// #region condition
import { Condition, run, TaskGroup } from 'rungs/sync'

await run(async () => {
  const condition = new Condition()
  let ready = false
  await TaskGroup.run(async (group) => {
    group.spawn(async () => {
      using _permit = await condition.acquire()
      await condition.waitFor(() => ready)
      console.log('it is ready')
    })
    group.spawn(async () => {
      using _permit = await condition.acquire()
      ready = true
      condition.notifyAll()
    })
  })
})
// #endregion
