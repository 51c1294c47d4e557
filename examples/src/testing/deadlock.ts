// #region deadlock
import { Lock, sleep, TaskGroup } from 'rungs/sync'
import { explore } from 'rungs/testing'

async function transfer(from: Lock, to: Lock): Promise<void> {
  using _from = await from.acquire()
  await sleep(1)
  using _to = await to.acquire()
}

async function twoTransfers(): Promise<void> {
  const [anna, ben] = [new Lock(), new Lock()]
  await TaskGroup.run((group) => {
    group.with({ name: 'anna to ben' }).spawn(transfer, anna, ben)
    group.with({ name: 'ben to anna' }).spawn(transfer, ben, anna)
  })
}

await explore(twoTransfers, { seed: 1 }).catch((error) => console.log(error.message))
// #endregion
