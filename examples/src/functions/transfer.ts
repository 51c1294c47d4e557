// #region transfer
import { ThreadPoolExecutor, transfer } from 'rungs'

function invert(pixels: Uint8Array): Uint8Array {
  for (let i = 0; i < pixels.length; i++) pixels[i] = 255 - (pixels[i] ?? 0)
  return transfer(pixels) // back without a copy as well
}

await using pool = new ThreadPoolExecutor(1)
const pixels = new Uint8Array(1_000_000)
const inverted = await pool.submit(invert, transfer(pixels))
console.log(inverted.length, inverted[0], `here: ${pixels.length}`)
// #endregion
