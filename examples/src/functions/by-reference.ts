// #region by-reference
import { byReference, ThreadPoolExecutor } from 'rungs'
import { countWords } from './text.js'

// A decorator has made a function that no module exports. The worker is told where to find one that does the same.
const logged = (text: string): ReturnType<typeof countWords> => countWords(text)
byReference(logged, { module: new URL('./text.js', import.meta.url), export: 'countWords' })

await using pool = new ThreadPoolExecutor(1)
console.log(await pool.submit(logged, 'the rest is silence'))
// #endregion
