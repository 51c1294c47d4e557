// #region display-date
import { run, sleep } from 'rungs/sync'

async function displayDate(): Promise<void> {
  const end = performance.now() + 50
  for (;;) {
    console.log(new Date().toISOString())
    if (performance.now() + 10 >= end) break
    await sleep(10)
  }
}

await run(displayDate)
// #endregion
