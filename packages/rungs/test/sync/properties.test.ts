// Random histories: what is asked, cancelled and given back, with or without a pause in between. fast-check prints the seed of one that fails.
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { CancelledError } from '../../dist/core/errors.js'
import { allTasks, Condition, Lock, type Permit, Queue, Semaphore, sleep, type Task, TaskGroup } from '../../dist/sync/index.js'
import { undelivered } from '../../dist/sync/scope.js'
import { SeededScheduler, whenIdle } from '../../dist/testing/index.js'
import { MyError, start, turn } from './support.js'

type Step =
  | { readonly do: 'ask'; readonly how: 'task' | 'signal' | 'plain' | 'try' }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'give' }
  | { readonly do: 'pause'; readonly turns: number }

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), how: fc.constantFrom('task', 'signal', 'plain', 'try') }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(30) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('give' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pause' as const), turns: fc.nat(1) }) },
  ),
  { minLength: 3, maxLength: 40 },
) as fc.Arbitrary<Step[]>

/** Waits until all that can go on has. */
type Settle = () => Promise<void>

const pause = (turns: number): Promise<void> => (turns === 0 ? Promise.resolve() : turn())

/** Somebody who asked, in whichever way. */
interface Asker {
  readonly promise: Promise<unknown>
  cancel(): void
  state: 'waiting' | 'got' | 'cancelled'
  cancelRequested: boolean
}

function ask(how: 'task' | 'signal' | 'plain', act: (signal?: { signal: AbortSignal }) => Promise<void>): Asker {
  const controller = new AbortController()
  const task: Task<void> | undefined = how === 'task' ? start(() => act()) : undefined
  const promise = task ?? (how === 'signal' ? act({ signal: controller.signal }) : act())
  const asker: Asker = {
    state: 'waiting',
    cancelRequested: false,
    cancel() {
      if (how === 'plain') return
      asker.cancelRequested = true
      if (task === undefined) controller.abort()
      else task.cancel()
    },
    promise: promise.then(
      () => {
        asker.state = 'got'
      },
      (error) => {
        if (!(error instanceof CancelledError)) throw error
        asker.state = 'cancelled'
      },
    ),
  }
  return asker
}

/** One of those who still wait. */
function oneOf(askers: Asker[], which: number): Asker | undefined {
  const waiting = askers.filter(({ state }) => state === 'waiting')
  return waiting[which % Math.max(1, waiting.length)]
}

interface Limiter {
  acquire(options?: { signal: AbortSignal }): Promise<Permit>
  tryAcquire(): Permit | undefined
}

async function limiterHistory(make: () => Limiter, limit: number, history: Step[], checksOrder: boolean, settle: Settle): Promise<void> {
  const limiter = make()
  const askers: Asker[] = []
  const held: Permit[] = []
  /** Who has called acquire and neither got a permit nor was asked to leave, in the order of the calls. */
  const line: number[] = []
  const hold = (permit: Permit): void => {
    held.push(permit)
    expect(held.length).toBeLessThanOrEqual(limit)
  }
  let arrivals = 0
  /** Those who were asked to leave may stand in line for a moment more. */
  const leaving = new Set<number>()
  const numbers = new Map<Asker, { number: number }>()
  for (const step of history) {
    if (step.do === 'pause') await pause(step.turns)
    else if (step.do === 'give') held.shift()?.release()
    else if (step.do === 'cancel') {
      const asker = oneOf(askers, step.which)
      if (asker === undefined) continue
      leaving.add(numbers.get(asker)?.number ?? -1)
      asker.cancel()
    } else if (step.how === 'try') {
      const permit = limiter.tryAcquire()
      if (permit !== undefined) hold(permit)
    } else {
      const me = { number: -1 }
      const asker = ask(step.how, async (options) => {
        const number = arrivals++
        line.push(number)
        me.number = number
        try {
          const permit = await limiter.acquire(options)
          // Nobody who came before is still in line, unless asked to leave.
          if (checksOrder) expect(line.filter((other) => other < number && !leaving.has(other))).toEqual([])
          hold(permit)
        } finally {
          line.splice(line.indexOf(number), 1)
        }
      })
      numbers.set(asker, me)
      askers.push(asker)
    }
  }
  await settle()
  while (held.length > 0 || askers.some(({ state }) => state === 'waiting')) {
    const before = held.length
    held.shift()?.release()
    await settle()
    // Somebody waits, a permit was given back, and nobody got it: a lost wake-up.
    if (before === 0 && held.length === 0) throw new Error(`Lost: ${askers.map(({ state }) => state)}`)
  }
  await Promise.all(askers.map(({ promise }) => promise))
  for (const asker of askers) if (!asker.cancelRequested) expect(asker.state).toBe('got')
  // All permits are back.
  for (let i = 0; i < limit; i++) expect(limiter.tryAcquire()).toBeDefined()
  expect(limiter.tryAcquire()).toBeUndefined()
}
async function queueHistory(maxSize: number, history: Step[], checksOrder: boolean, settle: Settle): Promise<void> {
  const queue = new Queue<number>({ maxSize })
  const putters: Asker[] = []
  const getters: Asker[] = []
  const got: number[] = []
  const put = new Set<number>()
  let next = 0
  let turnsTaken = 0
  for (const step of history) {
    if (step.do === 'pause') await pause(step.turns)
    else if (step.do === 'cancel') {
      oneOf(step.which % 2 === 0 ? putters : getters, step.which >> 1)?.cancel()
    } else if (step.do === 'give') {
      getters.push(
        ask(
          (['task', 'signal', 'plain'] as const)[turnsTaken++ % 3] ?? 'plain',
          async (options) => void got.push(await queue.get(options)),
        ),
      )
    } else if (step.how === 'try') {
      const item = next++
      if (queue.tryPut(item)) put.add(item)
    } else {
      putters.push(
        ask(step.how, async (options) => {
          const item = next++
          await queue.put(item, options)
          put.add(item)
        }),
      )
    }
    if (maxSize > 0) expect(queue.size).toBeLessThanOrEqual(maxSize)
  }
  await settle()
  // Nobody waits for what there is.
  if (getters.some(({ state }) => state === 'waiting')) expect([queue.size, queue.stats.putting]).toEqual([0, 0])
  if (putters.some(({ state }) => state === 'waiting')) expect(queue.full).toBe(true)
  while (queue.size > 0 || putters.some(({ state }) => state === 'waiting')) {
    const item = queue.tryGet()
    if (item !== undefined) got.push(item.value)
    await settle()
  }
  for (const asker of getters) if (asker.state === 'waiting') asker.cancel()
  // Those without a way to cancel them are sent home.
  const rest = Promise.allSettled(getters.map(({ promise }) => promise))
  queue.shutdown()
  await rest
  // Every item that was put was given once, and no other.
  expect([...got].sort((a, b) => a - b)).toEqual([...put].sort((a, b) => a - b))
  // An item that does not wait goes past those of who has been woken and puts next.
  if (checksOrder && !history.some((step) => step.do === 'ask' && step.how === 'try')) expect(got).toEqual([...got].sort((a, b) => a - b))
  expect(queue.stats).toMatchObject({ size: 0, getting: 0, putting: 0, unfinished: put.size })
}

/** Items are produced one by one, each with one notification; consumers are cancelled at any moment. None may be left while one waits. */
async function conditionHistory(history: Step[], settle: Settle): Promise<void> {
  const condition = new Condition()
  let stock = 0
  let consumed = 0
  const consumers: Asker[] = []
  let produced = 0
  const producers: Promise<unknown>[] = []
  /** Nobody waits for what there is: later notifications would hide a lost one. */
  const check = async (): Promise<void> => {
    await Promise.all(producers)
    await settle()
    if (consumers.some(({ state }) => state === 'waiting')) expect(stock).toBe(0)
  }
  for (const step of history) {
    if (step.do === 'pause') await (step.turns === 0 ? pause(0) : check())
    else if (step.do === 'cancel') {
      oneOf(consumers, step.which)?.cancel()
    } else if (step.do === 'give' || step.how === 'try') {
      producers.push(
        (async () => {
          using _permit = await condition.acquire()
          stock++
          produced++
          condition.notify()
          // Some keep the lock, so that who was notified is in line for it for a while.
          if (step.do !== 'give' || produced % 2 === 0) await turn()
        })(),
      )
    } else {
      consumers.push(
        ask(step.how, async (options) => {
          using _permit = await condition.acquire(options)
          await condition.waitFor(() => stock > 0, options)
          expect(condition.locked).toBe(true)
          stock--
          consumed++
        }),
      )
    }
  }
  await check()
  expect(consumed + stock).toBe(produced)
  expect(condition.locked).toBe(false)
  {
    using _permit = await condition.acquire()
    stock = 1_000
    condition.notifyAll()
  }
  await Promise.all(consumers.map(({ promise }) => promise))
  expect(condition.stats).toEqual({ locked: false, waiting: 0 })
}

type Plan = { readonly turns: number; readonly end: 'return' | 'throw' | 'throw when cancelled' | 'ignore'; readonly children: Plan[] }

const { plan } = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.record({
    turns: fc.nat(3),
    end: fc.oneof({ weight: 4, arbitrary: fc.constant('return') }, fc.constantFrom('throw', 'throw when cancelled', 'ignore')),
    children: fc.oneof({ maxDepth: 2 }, fc.constant([]), fc.array(tie('plan'), { maxLength: 3 })),
  }) as fc.Arbitrary<Plan>,
}))

/** Runs a tree of groups; gives what was thrown. */
async function runPlan({ turns, end, children }: Plan, thrown: MyError[], alive: { count: number }): Promise<void> {
  const fail = (): never => {
    const error = new MyError(`${thrown.length}`)
    thrown.push(error)
    throw error
  }
  alive.count++
  try {
    await TaskGroup.run(async (group) => {
      for (const child of children) group.spawn(runPlan, child, thrown, alive)
      try {
        for (let i = 0; i < turns; i++) await sleep(0)
      } catch (error) {
        if (end === 'throw when cancelled') {
          await sleep(0)
          fail()
        }
        if (end !== 'ignore') throw error
      }
      if (end === 'throw') fail()
    })
  } finally {
    alive.count--
  }
}

function leaves(error: unknown): unknown[] {
  return error instanceof AggregateError ? error.errors.flatMap(leaves) : [error]
}

afterEach(() => {
  expect(undelivered).toBe(0)
})

const runs = 2_000

describe.each([false, true])('in a random order of the ready ones: %s', (shuffled) => {
  const seeded = fc.integer({ min: 1 })
  const within = async (seed: number, history: (settle: Settle) => Promise<void>): Promise<void> => {
    using _ = shuffled ? new SeededScheduler(seed).install() : undefined
    await history(whenIdle)
  }

  it('a Lock has one holder, is fair, and never lost', async () => {
    await fc.assert(
      fc.asyncProperty(steps, seeded, (history, seed) =>
        within(seed, (settle) => limiterHistory(() => new Lock(), 1, history, !shuffled, settle)),
      ),
      { numRuns: runs },
    )
  }, 120_000)

  it('a Semaphore has as many holders as permits, is fair, and loses none', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), seeded, (history, limit, seed) =>
        within(seed, (settle) => limiterHistory(() => new Semaphore(limit), limit, history, !shuffled, settle)),
      ),
      { numRuns: runs },
    )
  }, 120_000)

  it('a Queue gives every item once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(3), seeded, (history, maxSize, seed) =>
        within(seed, (settle) => queueHistory(maxSize, history, !shuffled, settle)),
      ),
      { numRuns: runs },
    )
  }, 120_000)

  it('a Condition loses no notification', async () => {
    await fc.assert(
      fc.asyncProperty(steps, seeded, (history, seed) => within(seed, (settle) => conditionHistory(history, settle))),
      { numRuns: runs },
    )
  }, 120_000)

  it('a TaskGroup loses no child and no error', async () => {
    await fc.assert(
      fc.asyncProperty(plan, fc.option(fc.nat(6)), seeded, (tree, cancelAfter, seed) =>
        within(seed, async () => {
          const thrown: MyError[] = []
          const alive = { count: 0 }
          const task = start(runPlan, tree, thrown, alive)
          if (cancelAfter !== null) {
            await turn(cancelAfter)
            task.cancel()
          }
          const outcome = await task.then(
            () => undefined,
            (error) => error,
          )
          expect(alive.count).toBe(0)
          expect(allTasks().size).toBe(0)
          if (thrown.length > 0) expect(new Set(leaves(outcome))).toEqual(new Set(thrown))
          else if (outcome !== undefined) expect([outcome instanceof CancelledError, cancelAfter !== null]).toEqual([true, true])
        }),
      ),
      { numRuns: runs },
    )
  }, 120_000)
})
