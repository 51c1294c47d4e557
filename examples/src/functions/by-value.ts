// #region by-value
import { byValue, ThreadPoolExecutor } from 'rungs'
import { convert, setRate } from './rates.js'

setRate(2)

await using pool = new ThreadPoolExecutor(1)
console.log(await pool.submit(convert, 10)) // by reference: the module of the thread, where nobody has set the rate
console.log(await pool.submit(byValue(convert), 10)) // by value: with the rate that it has here
// #endregion
