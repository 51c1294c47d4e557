// #region hello
import { run, sleep } from 'rungs/sync'

await run(async () => {
  console.log('Hello ...')
  await sleep(10)
  console.log('... World!')
})
// #endregion
