import { requireFunction, requireInteger, requireKnown } from '../core/options.js'
import { taskTree } from '../sync/print-tasks.js'
import { run } from '../sync/run.js'
import { allTasks, waitsOf } from '../sync/task.js'
import { SeededScheduler } from './seeded-scheduler.js'
import { VirtualClock } from './virtual-clock.js'
import { whenIdle } from './when-idle.js'

/** How many schedules {@link explore} tries, and which. */
export interface ExploreOptions {
  /** How many. Default 1,000, or 1 if `seed` is given. */
  readonly schedules?: number | undefined
  /** The seed of the first; the next ones follow it. Default: random. */
  readonly seed?: number | undefined
}

/** What the test of {@link explore} is given. */
export interface Schedule {
  /** What the order of this run is made from. */
  readonly seed: number
  /** The clock of this run, which jumps when every task is blocked. */
  readonly time: VirtualClock
}

/**
 * Runs a test many times, each time with another order among the tasks that are ready, and on a virtual clock that jumps when all of them
 * are blocked, so that no run waits. The first run that fails ends it, and its error names the seed that repeats the run.
 *
 * The test is the `main` task of a program: what it leaves over is cancelled. A run in which all tasks wait for each other fails, with the
 * tree of what each waits for. Not within itself: one exploration at a time on a thread.
 * @throws {Error} (as a rejection) for the first run that fails, with its seed; the error of the test is its `cause`. At once:
 *   {@link TypeError}, {@link RangeError} for a wrong argument.
 * @example
 * await explore(async () => {
 *   const counter = new Counter()
 *   await gather([() => counter.add(1), () => counter.add(1)])
 *   assert.equal(counter.value, 2)
 * })
 */
export function explore(test: (schedule: Schedule) => unknown, options: ExploreOptions = {}): Promise<void> {
  requireFunction('What is explored', test)
  requireKnown('The options of explore()', options, ['schedules', 'seed'])
  const { seed = Math.floor(Math.random() * 2 ** 31), schedules = options.seed === undefined ? 1_000 : 1 } = options
  requireInteger('seed', seed, 0)
  requireInteger('schedules', schedules, 1)
  return exploreFrom(test, seed, schedules)
}

/** How often a cleanup may wait after a deadlock before it is left behind. */
const cleanupRounds = 100

async function exploreFrom(test: (schedule: Schedule) => unknown, first: number, schedules: number): Promise<void> {
  for (let seed = first; seed < first + schedules; seed++) {
    try {
      await runOnce(test, seed)
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error)
      const count = seed - first + 1
      throw new Error(`Failed in schedule ${count} of ${schedules}; { seed: ${seed} } repeats it. ${what}`, { cause: error })
    }
  }
}

async function runOnce(test: (schedule: Schedule) => unknown, seed: number): Promise<void> {
  const time = new VirtualClock({ autojump: true })
  using _clock = time.install()
  using _scheduler = new SeededScheduler(seed).install()
  const end = new AbortController()
  let ended = false
  const running = run(() => test({ seed, time }), { signal: end.signal, handleSigint: false }).finally(() => {
    ended = true
  })
  // Looked at below, which may be later than it fails.
  running.catch(() => {})
  while (!ended) {
    await whenIdle()
    if (ended || time.nextDue !== undefined) continue
    if (isDeadlock()) {
      const tree = taskTree()
      end.abort()
      // Their cleanup runs, so that the next test finds none of them.
      for (let i = 0; i < cleanupRounds && !ended; i++) await whenIdle()
      throw new Error(`Every task is blocked, and no timer is set:\n${tree}`)
    }
    // Waits for the platform; no need to be busy meanwhile.
    await new Promise<void>((resolve) => setTimeout(resolve, 1))
  }
  await running
}

/** Whether there are tasks, and only tasks of this loop could wake any of them. */
function isDeadlock(): boolean {
  const tasks = allTasks()
  for (const task of tasks) {
    const waits = [...waitsOf(task)]
    if (waits.length === 0 || waits.some(({ external }) => external)) return false
  }
  return tasks.size > 0
}
