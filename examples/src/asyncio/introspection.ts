// #region introspection
import { allTasks, currentTask, run, sleep, TaskGroup } from 'rungs/sync'

await run(() =>
  TaskGroup.run(async (group) => {
    group.with({ name: 'watch' }).spawn(async () => {
      console.log('current:', currentTask()?.name)
      console.log('all:', [...allTasks()].map((task) => task.name).join(', '))
    })
    group.with({ name: 'sleeper' }).spawn(sleep, 10)
  }),
)
// #endregion
