// #region to-thread
import { sleepSync } from 'rungs'
import { gather, run, sleep, toThread } from 'rungs/sync'

function blockingIo(): void {
  console.log('start blocking_io')
  sleepSync(100) // Blocks the thread it is on.
  console.log('blocking_io complete')
}

await run(async () => {
  console.log('started main')
  await gather([toThread(blockingIo), () => sleep(10)])
  console.log('finished main')
})
// #endregion
