import { setImmediate } from 'node:timers'
import { turnsAwaited } from '../sync/after.js'
import { readyCount } from '../sync/ready.js'

/** So many turns in which nobody of the library went on: a promise of the platform may need one or two to get here. */
const quietTurns = 4

/** A turn of the event loop: what was ready has run after it, microtasks included. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * Waits until every task is blocked: all that was ready has gone on, and so has what that made ready. Trio calls it
 * `wait_all_tasks_blocked`. A test uses it where it would otherwise sleep and hope: start a task, wait until it waits, look.
 *
 * Timers do not count, and what waits for a disk, a network or another thread counts as blocked. It does not return while a task keeps
 * calling `sleep(0)`.
 * @example
 * const task = group.spawn(() => lock.acquire())
 * await whenIdle()
 * assert.equal(lock.stats.waiting, 1)
 */
export async function whenIdle(): Promise<void> {
  for (let quiet = 0; quiet < quietTurns; ) {
    await turn()
    quiet = readyCount() + turnsAwaited === 0 ? quiet + 1 : 0
  }
}
