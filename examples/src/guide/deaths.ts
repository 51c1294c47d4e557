// #region deaths
import { ProcessPoolExecutor, WorkerDiedError } from 'rungs'

await using pool = new ProcessPoolExecutor({ maxWorkers: 2 })
const calls = [
  pool.with({ key: 'fine' }).submit(() => 42),
  pool.with({ key: 'exits' }).submit(() => process.exit(3)),
  pool.with({ key: 'is killed' }).submit(() => process.kill(process.pid, 'SIGKILL')),
  pool.with({ key: 'never ends', timeout: 200, grace: 100 }).submit(() => {
    for (;;);
  }),
]
for (const future of calls) {
  const error = await future.exception()
  if (error instanceof WorkerDiedError) console.log(`${error.key}: exit code ${error.exitCode}, signal ${error.signal}`)
  else console.log(`${future.key}: ${error instanceof Error ? error.name : await future}`)
}
// #endregion
