// #region share
import { share, ThreadPoolExecutor } from 'rungs'

const dictionary = share(new Map(Array.from({ length: 10_000 }, (_, i) => [`word-${i}`, i])))

await using pool = new ThreadPoolExecutor(2)
const words = ['word-7', 'word-9999', 'wurd-1']
const found = await pool.map((word) => dictionary.get().get(word) ?? 'unknown', words).toArray()
console.log(found)
// #endregion
