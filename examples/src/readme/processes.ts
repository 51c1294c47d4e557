// #region processes
import { ProcessPoolExecutor } from 'rungs'
import { hosts, showVersion } from './devices.js'

await using pool = new ProcessPoolExecutor(3) // three hosts at a time
for await (const version of pool.map(showVersion, hosts)) {
  console.log(version)
}
// #endregion
