import { ProcessPoolExecutor, ThreadPoolExecutor } from 'rungs'
import { expect, it } from 'vitest'
import { attendOthers } from '../../dist/workers/blocked-thread.js'

it.each([ThreadPoolExecutor, ProcessPoolExecutor])(
  'a %o is looked after while it has something to do, and not for longer',
  async (Executor) => {
    const nobody = {}
    const answer = (): number => 42
    expect(attendOthers(nobody)).toBe(false)
    const [used, unused] = [new Executor(1), new Executor(1)]
    const future = used.submit(answer)
    expect(attendOthers(nobody)).toBe(true)
    expect(await future).toBe(42)
    await expect.poll(() => attendOthers(nobody)).toBe(false)
    // One that has never had a worker ends in the turn in which it is told to.
    await Promise.all([used.shutdown(), unused.shutdown()])
    expect(attendOthers(nobody)).toBe(false)
  },
)
