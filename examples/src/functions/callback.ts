// #region callback
import { callback, ThreadPoolExecutor } from 'rungs'

const seen: string[] = []
const report = callback((step: string) => {
  seen.push(step) // runs here: it sees the array of this thread
})

await using pool = new ThreadPoolExecutor(1)
await pool.submit(async () => {
  await report('loaded')
  await report('sorted')
})
console.log(seen)
// #endregion
