// #region eternity
import { run, sleep, TimeoutError, waitFor } from 'rungs/sync'

async function eternity(): Promise<void> {
  await sleep(3_600_000)
  console.log('yay!')
}

await run(async () => {
  try {
    await waitFor(eternity, 10)
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
    console.log('timeout!')
  }
})
// #endregion
