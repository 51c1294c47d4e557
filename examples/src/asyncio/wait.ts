// #region wait
import { wait } from 'rungs'
import { run, sleep, TaskGroup } from 'rungs/sync'

await run(() =>
  TaskGroup.run(async (group) => {
    const tasks = [group.spawn(sleep, 10), group.spawn(sleep, 3_600_000)]
    const { done, notDone } = await wait(tasks, { returnWhen: 'FIRST_COMPLETED' })
    console.log(`${done.size} done, ${notDone.size} pending`)
    for (const task of notDone) task.cancel()
  }),
)
// #endregion
