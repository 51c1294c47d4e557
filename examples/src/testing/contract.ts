// #region contract
import { TaskPoolExecutor } from 'rungs'
import { executorContract } from 'rungs/testing'

const contract = executorContract((options) => new TaskPoolExecutor(options), { kind: 'task' })
for (const { name, run } of contract.slice(0, 3)) {
  await run()
  console.log(`ok: ${name}`)
}
// #endregion
