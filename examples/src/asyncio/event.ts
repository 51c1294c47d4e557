// #region event
import { Event, run, sleep, TaskGroup } from 'rungs/sync'

async function waiter(event: Event): Promise<void> {
  console.log('waiting for it ...')
  await event.wait()
  console.log('... got it!')
}

await run(async () => {
  const event = new Event()
  await TaskGroup.run(async (group) => {
    group.spawn(waiter, event)
    await sleep(10)
    event.set()
  })
})
// #endregion
