// #region state
import { ThreadPoolExecutor } from 'rungs'
import { countWords } from './text.js'

await using pool = new ThreadPoolExecutor(1)

// A module is loaded once on each thread, and its variables are those of that thread.
console.log((await pool.submit(countWords, 'one')).call, (await pool.submit(countWords, 'two')).call, countWords('here').call)
// #endregion
