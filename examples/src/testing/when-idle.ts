// #region when-idle
import { strict as assert } from 'node:assert'
import { Lock, run, TaskGroup } from 'rungs/sync'
import { whenIdle } from 'rungs/testing'

await run(() =>
  TaskGroup.run(async (group) => {
    const lock = new Lock()
    const permit = await lock.acquire()
    const waiting = group.spawn(() => lock.acquire().then((permit) => permit.release()))
    await whenIdle()
    assert.deepEqual([waiting.running, lock.stats.waiting], [true, 1])
    permit.release()
    await waiting
  }),
)
console.log('it waits for the lock')
// #endregion
