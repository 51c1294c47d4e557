// #region as-completed
import { asCompleted } from 'rungs'
import { run, sleep, TaskGroup } from 'rungs/sync'

async function openConnection(address: string, ms: number): Promise<string> {
  await sleep(ms)
  return address
}

await run(() =>
  TaskGroup.run(async (group) => {
    const ipv4 = group.spawn(openConnection, '127.0.0.1', 20)
    const ipv6 = group.spawn(openConnection, '::1', 10)
    for await (const earliest of asCompleted([ipv4, ipv6])) {
      console.log(earliest === ipv6 ? 'IPv6 connection established:' : 'IPv4 connection established:', await earliest)
    }
  }),
)
// #endregion
