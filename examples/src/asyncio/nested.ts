// #region nested
import { run, TaskGroup } from 'rungs/sync'

async function nested(): Promise<number> {
  return 42
}

await run(async () => {
  // Calling it starts it: there is no coroutine that was never awaited and never ran.
  console.log(await nested())
  const task = await TaskGroup.run((group) => group.spawn(nested))
  console.log(await task)
})
// #endregion
