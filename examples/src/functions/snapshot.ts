// #region snapshot
import { ThreadPoolExecutor } from 'rungs'

await using pool = new ThreadPoolExecutor(1)

let greeting = 'hello'
const first = pool.submit(() => greeting)
greeting = 'goodbye' // Too late for the first call: it has the value of its submit.
console.log(await first, await pool.submit(() => greeting))

let count = 0
await pool.submit(() => count++) // counts there
console.log(count)

count += await pool.submit(() => 1) // Instead: return what is new, and add it here.
console.log(count)
// #endregion
