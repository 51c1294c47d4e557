// #region failures
import { TaskPoolExecutor, TimeoutError } from 'rungs'
import { hosts, showVersion } from './troubled-devices.js'

await using pool = new TaskPoolExecutor()
const outcomes = pool.map(showVersion, hosts, {
  onError: 'settle', // a failure is an outcome too
  timeout: 500, // of each attempt
  retries: { limit: 1, when: (error) => error instanceof TimeoutError }, // a refused login is not tried again
})

const failures = new Map<string, string[]>()
for await (const outcome of outcomes) {
  if (outcome.status === 'fulfilled') console.log(outcome.value)
  else failures.set(String(outcome.reason), [...(failures.get(String(outcome.reason)) ?? []), outcome.input])
}
for (const [cause, hosts] of failures) console.log(`${cause}: ${hosts.join(', ')}`)
// #endregion
