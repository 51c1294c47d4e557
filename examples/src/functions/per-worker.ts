// #region per-worker
import { perWorker, ThreadPoolExecutor } from 'rungs'

// A formatter is native and cannot cross. What makes it can.
const money = perWorker(() => {
  console.log('makes a formatter')
  return new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' })
})

await using pool = new ThreadPoolExecutor(1)
const lines = await pool.map((amount) => money.get().format(amount), [1, 20.5, 300]).toArray()
console.log(lines.join(' '))
// #endregion
