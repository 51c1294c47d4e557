// #region cancel
import { ThreadPoolExecutor } from 'rungs'
import { countWhileWanted, double, spinForEver } from './counting.js'

await using pool = new ThreadPoolExecutor(2)
const limited = pool.with({ timeout: 300, grace: 300 })

// First the call is told: currentCall().signal is aborted. A call that looks at it ends by itself.
const polite = limited.submit(countWhileWanted)
console.log(String(await polite.exception()))

// A call that does not look loses its thread after `grace`. A new one takes its place; the calls beside it do not notice.
const deaf = limited.submit(spinForEver)
console.log(String(await deaf.exception()))

const unwanted = pool.submit(spinForEver)
console.log(unwanted.cancel(), unwanted.state) // now, whether it waits or runs
console.log(await pool.submit(double, 21))
// #endregion
