// #region autojump
import { run, sleep } from 'rungs/sync'
import { VirtualClock } from 'rungs/testing'

const time = new VirtualClock({ autojump: true })
using _ = time.install()

/** Tries again after an hour, two, four, … */
async function persistently<T>(fn: () => Promise<T>): Promise<T> {
  for (let pause = 3_600_000; ; pause *= 2) {
    try {
      return await fn()
    } catch {
      await sleep(pause)
    }
  }
}

let attempts = 0
const answer = await run(() =>
  persistently(async () => {
    if (++attempts < 5) throw new Error('no answer')
    return 'here I am'
  }),
)
console.log(`${answer}, after ${time.now() / 3_600_000} hours`)
// #endregion
