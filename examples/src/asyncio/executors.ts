// #region executors
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'rungs'
import { run } from 'rungs/sync'

function cpuBound(n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += i * i
  return sum
}

await run(async () => {
  await using threads = new ThreadPoolExecutor()
  console.log('custom thread pool', await threads.submit(cpuBound, 1_000))
  await using processes = new ProcessPoolExecutor()
  console.log('custom process pool', await processes.submit(cpuBound, 1_000))
})
// #endregion
