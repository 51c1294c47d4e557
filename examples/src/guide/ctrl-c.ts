// Ctrl-C once: what runs may end. Twice: it is told to end. Three times: it is ended. Started with how its calls behave.
import { CancelledError, currentCall, ProcessPoolExecutor } from 'rungs'

const [how = 'end'] = process.argv.slice(2)

// #region ctrl-c
const stop = new AbortController()
const pool = new ProcessPoolExecutor({ maxWorkers: 2 })
let pressed = 0
process.on('SIGINT', () => {
  pressed++
  // What runs goes on to its end, what waits does not begin.
  if (pressed === 1) void pool.shutdown({ cancelFutures: true })
  // What runs sees its signal abort, and is ended when it goes on for longer than its grace.
  else if (pressed === 2) stop.abort()
  // All processes are gone at once.
  else void pool.terminate({ kill: true })
})
// #endregion ctrl-c
process.on('SIGINT', () => console.error(`pressed ${pressed}`))

/** Ends after a while, or when it is told to, or never. */
async function step(name: number, how: string): Promise<string> {
  console.log(`${name} begins`)
  const { signal } = currentCall() ?? {}
  if (how === 'ignore') for (;;);
  if (how === 'listen') while (signal?.aborted === false) await new Promise((resolve) => setTimeout(resolve, 5))
  else await new Promise((resolve) => setTimeout(resolve, 1_500))
  console.log(`${name} ends, ${signal?.aborted ? 'aborted' : 'undisturbed'}`)
  return `${name} is done`
}

const calls = pool.with({ signal: stop.signal, grace: 60_000 })
const futures = [1, 2, 3, 4].map((name) => calls.submit(step, name, how))
for (const future of futures) {
  const error = await future.exception().catch((reason: unknown) => reason)
  console.log(error === undefined ? await future : error instanceof CancelledError ? 'cancelled' : error)
}
