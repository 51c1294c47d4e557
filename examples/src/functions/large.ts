// #region large
import { share, ThreadPoolExecutor } from 'rungs'

process.on('warning', ({ name, message }) => console.log(`${name}: ${message}`))

await using pool = new ThreadPoolExecutor(1)
const big = new Uint8Array(2_000_000)
function lengthOfBig(): number {
  return big.length
}
console.log(await pool.submit(lengthOfBig))

const shared = share(big) // once per worker
console.log(await pool.submit(() => shared.get().length))
// #endregion
