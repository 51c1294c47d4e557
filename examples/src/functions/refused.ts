// #region refused
import { NotShippableError, ThreadPoolExecutor } from 'rungs'

await using pool = new ThreadPoolExecutor(1)

const pending = Promise.resolve(21)
const refused = pool.submit(async () => (await pending) * 2)
const other = pool.submit(() => 'unharmed')

const error = await refused.exception()
console.log(error instanceof NotShippableError && messageOf(error))
console.log(await other)

const value = await pending // Instead: wait for it here, and send what it gave.
console.log(await pool.submit(() => value * 2))
// #endregion

/** Without the place, which is that of the compiled program here. */
function messageOf(error: Error): string {
  return error.message.replace(/\(\S+refused\.js:\d+\)/, '(refused.js)')
}
