// #region barrier
import { Barrier, run, sleep, TaskGroup } from 'rungs/sync'

await run(() =>
  TaskGroup.run(async (group) => {
    const barrier = new Barrier(3)
    group.spawn(() => barrier.wait())
    group.spawn(() => barrier.wait())
    await sleep(0)
    console.log(barrier)
    // The third wait() passes the barrier.
    await barrier.wait()
    console.log('barrier passed')
    console.log(barrier)
  }),
)
// #endregion
