// #region link
import { link, ThreadPoolExecutor } from 'rungs'

// The module is loaded on the threads only; here there are its types, and nothing else of it.
const text = link<typeof import('./text.js')>(new URL('./text.js', import.meta.url))

await using pool = new ThreadPoolExecutor(1)
console.log(await pool.submit(text.countWords, 'if music be the food of love'))
// #endregion
