// #region futures
import { asCompleted, ThreadPoolExecutor, wait } from 'rungs'
import { hosts, showVersion } from './devices.js'

await using pool = new ThreadPoolExecutor(3)

const future = pool.submit(showVersion, 'ams-1') // returns at once
future.addDoneCallback(({ state }) => console.log(`the first is ${state}`))
console.log(await future)

const futures = hosts.map((host) => pool.submit(showVersion, host))
const { done, notDone } = await wait(futures, { returnWhen: 'FIRST_COMPLETED' })
console.log(`${done.size + notDone.size} futures, ${done.size > 0 ? 'at least one' : 'none'} is done`)

for await (const completed of asCompleted(futures)) console.log(await completed) // each as it ends
// #endregion
