// #region references-only
import { ThreadPoolExecutor } from 'rungs'
import { countWords } from './text.js'

await using pool = new ThreadPoolExecutor({ maxWorkers: 1, code: 'references-only' })
console.log(await pool.submit(countWords, 'by name'))

const error = await pool.submit(() => countWords('as text')).exception()
console.log(error instanceof Error && error.name)
// #endregion
