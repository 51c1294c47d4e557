// #region polite
import { Lock, rateLimit, run, Semaphore, sleep, TaskGroup, timeout } from 'rungs/sync'

const connections = new Semaphore(2)
const polite = rateLimit({ limit: 100, per: 1_000 })
const log = new Lock()

async function ask(device: string): Promise<void> {
  await polite.acquire()
  using _connection = await connections.acquire()
  const answer = await timeout(5_000, async () => {
    await sleep(10)
    return `${device} is up`
  })
  using _turn = await log.acquire()
  console.log(answer)
}

await run(() =>
  TaskGroup.run((group) => {
    for (const device of ['ams-1', 'ber-1', 'cdg-1']) group.with({ name: `ask ${device}` }).spawn(ask, device)
  }),
)
// #endregion
