import { setImmediate as turn } from 'node:timers/promises'
import { versionOf } from '../versions.js'
import { type LockKind, lockKinds, type Section } from './lock-kinds.js'
import type { Subject } from './subject.js'

/** How many loops share a lock that is contended, and how many permits a semaphore has. */
export const LOOPS = 100
export const PERMITS = 10

export async function setUp(contestant: string): Promise<Subject> {
  const kind = lockKinds[contestant]
  if (kind === undefined) throw new Error(`no locks of ${contestant}`)
  return {
    version: versionOf(kind.package) ?? '-',
    verify: () => verify(kind),
    run: async (what, count) => ({ 'ns per operation': await nanoseconds(kind, what, count) }),
    end: async () => {},
  }
}

async function nanoseconds(kind: LockKind, what: string, count: number): Promise<number> {
  const start = await loopsOf(kind, what, count)
  const started = performance.now()
  await start()
  return ((performance.now() - started) * 1e6) / count
}

/** What is timed, made ready before. */
async function loopsOf({ lock, semaphore, queue }: LockKind, what: string, count: number): Promise<() => Promise<unknown>> {
  if (what === 'queue') {
    const loop = await queue?.()
    if (loop === undefined) throw new Error('it has no queue')
    return async () => {
      const sum = await loop(count)
      if (sum !== (count * (count - 1)) / 2) throw new Error(`wrong results: ${sum}`)
    }
  }
  const section = await (what.endsWith('lock') ? lock?.() : semaphore?.(PERMITS))
  if (section === undefined) throw new Error(`it has no ${what}`)
  if (what.startsWith('free')) return () => section.loop(count)
  return () => Promise.all(Array.from({ length: LOOPS }, () => section.loop(count / LOOPS)))
}

/** As many at once as there are permits, and all of them get their turn. */
async function verify({ lock, semaphore }: LockKind): Promise<void> {
  const check = async (section: Section | undefined, permits: number): Promise<void> => {
    if (section === undefined) return
    let [inside, peak, turns] = [0, 0, 0]
    const enter = async (): Promise<void> => {
      peak = Math.max(peak, ++inside)
      await turn()
      inside--
      turns++
    }
    await Promise.all(Array.from({ length: 5 * PERMITS }, () => section.within(enter)))
    if (peak !== permits || turns !== 5 * PERMITS) throw new Error(`${peak} at once, not ${permits}, and ${turns} turns`)
  }
  await check(await lock?.(), 1)
  await check(await semaphore?.(PERMITS), PERMITS)
}
