// #region advance
import { strict as assert } from 'node:assert'
import { TaskPoolExecutor, TimeoutError } from 'rungs'
import { VirtualClock } from 'rungs/testing'

const time = new VirtualClock()
using _ = time.install()
await using pool = new TaskPoolExecutor()

const never = pool.submit(() => new Promise<void>(() => {}))
const late = assert.rejects(never.result({ timeout: 60_000 }), TimeoutError)
await time.advance(59_999) // not yet
await time.advance(1) // now
await late
console.log(`gave up after ${time.now()} ms`)
// #endregion
await pool.terminate()
