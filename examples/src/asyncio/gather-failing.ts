// #region gather-failing
import { gather, run, sleep } from 'rungs/sync'

async function answer(): Promise<number> {
  await sleep(10)
  return 42
}

async function fail(): Promise<never> {
  throw new Error('no answer')
}

await run(async () => {
  for (const result of await gather([answer, fail], { onError: 'settle' })) {
    console.log(result.status === 'fulfilled' ? result.value : String(result.reason))
  }
})
// #endregion
