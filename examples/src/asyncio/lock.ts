// #region lock
import { Lock, run } from 'rungs/sync'

await run(async () => {
  const lock = new Lock()
  {
    using _permit = await lock.acquire()
    console.log('access shared state', lock.locked)
  }
  console.log('and leave it', lock.locked)
})
// #endregion
