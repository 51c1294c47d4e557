// #region sequence
import { run, sleep } from 'rungs/sync'

async function sayAfter(ms: number, what: string): Promise<void> {
  await sleep(ms)
  console.log(what)
}

await run(async () => {
  console.log('started')
  await sayAfter(10, 'hello')
  await sayAfter(20, 'world')
  console.log('finished')
})
// #endregion
