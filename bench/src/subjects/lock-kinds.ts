// What each library has for waiting within one event loop, and a loop over it that is written as its documentation shows.
import type { Lock, Semaphore } from 'rungs/sync'

export interface Section {
  /** Enters and leaves, so many times, one after the other; several of these loops share one lock. */
  loop(count: number): Promise<unknown>
  /** Runs a function inside, for a look at whether it is alone there. */
  within(fn: () => Promise<void>): Promise<unknown>
}

export interface LockKind {
  readonly package: string
  readonly lock?: () => Promise<Section>
  readonly semaphore?: (permits: number) => Promise<Section>
  /** A loop that puts an item and gets it again. Gives the sum of what it got. */
  readonly queue?: () => Promise<(count: number) => Promise<number>>
}

async function nothing(): Promise<void> {}

export const lockKinds: Record<string, LockKind> = {
  rungs: { package: 'rungs', lock: rungsLock, semaphore: rungsSemaphore, queue: rungsQueue },
  'rungs (using)': {
    package: 'rungs',
    lock: async () => withUsing(await newLock()),
    semaphore: async (permits) => withUsing(await newSemaphore(permits)),
  },
  'rungs (in tasks)': {
    package: 'rungs',
    lock: async () => inTasks(await rungsLock()),
    semaphore: async (permits) => inTasks(await rungsSemaphore(permits)),
  },
  'async-mutex': { package: 'async-mutex', lock: asyncMutex, semaphore: asyncMutexSemaphore },
  'async-sema': { package: 'async-sema', lock: () => asyncSema(1), semaphore: asyncSema },
  'p-limit': { package: 'p-limit', lock: () => pLimit(1), semaphore: pLimit },
  'p-queue': { package: 'p-queue', lock: () => pQueue(1), semaphore: pQueue },
  effect: { package: 'effect', lock: () => effectSemaphore(1), semaphore: effectSemaphore, queue: effectQueue },
}

async function rungsLock(): Promise<Section> {
  return section(await newLock())
}

async function rungsSemaphore(permits: number): Promise<Section> {
  return section(await newSemaphore(permits))
}

async function newLock(): Promise<Lock> {
  const { Lock } = await import('rungs/sync')
  return new Lock()
}

async function newSemaphore(permits: number): Promise<Semaphore> {
  const { Semaphore } = await import('rungs/sync')
  return new Semaphore(permits)
}

function section(lock: Lock | Semaphore): Section {
  return {
    async loop(count) {
      for (let i = 0; i < count; i++) {
        const permit = await lock.acquire()
        permit.release()
      }
    },
    async within(fn) {
      const permit = await lock.acquire()
      await fn()
      permit.release()
    },
  }
}

/** As in the documentation. Until all versions of Node know `using`, it is compiled to a try statement and helper functions. */
function withUsing(lock: Lock | Semaphore): Section {
  return {
    async loop(count) {
      for (let i = 0; i < count; i++) {
        using _permit = await lock.acquire()
      }
    },
    async within(fn) {
      using _permit = await lock.acquire()
      await fn()
    },
  }
}

/** Each loop is a task, so that its waits can be cancelled. */
async function inTasks({ loop, within }: Section): Promise<Section> {
  const { TaskGroup } = await import('rungs/sync')
  return { loop: (count) => TaskGroup.run((group) => group.spawn(loop, count)), within }
}

async function asyncMutex(): Promise<Section> {
  const { Mutex } = await import('async-mutex')
  const mutex = new Mutex()
  return {
    async loop(count) {
      for (let i = 0; i < count; i++) {
        const release = await mutex.acquire()
        release()
      }
    },
    within: (fn) => mutex.runExclusive(fn),
  }
}

async function asyncMutexSemaphore(permits: number): Promise<Section> {
  const { Semaphore } = await import('async-mutex')
  const semaphore = new Semaphore(permits)
  return {
    async loop(count) {
      for (let i = 0; i < count; i++) {
        const [, release] = await semaphore.acquire()
        release()
      }
    },
    within: (fn) => semaphore.runExclusive(fn),
  }
}

async function asyncSema(permits: number): Promise<Section> {
  const { Sema } = await import('async-sema')
  const sema = new Sema(permits)
  return {
    async loop(count) {
      for (let i = 0; i < count; i++) {
        await sema.acquire()
        sema.release()
      }
    },
    async within(fn) {
      await sema.acquire()
      await fn()
      sema.release()
    },
  }
}

async function pLimit(permits: number): Promise<Section> {
  const { default: limiter } = await import('p-limit')
  const limit = limiter(permits)
  return {
    async loop(count) {
      for (let i = 0; i < count; i++) await limit(nothing)
    },
    within: (fn) => limit(fn),
  }
}

async function pQueue(permits: number): Promise<Section> {
  const { default: Queue } = await import('p-queue')
  const queue = new Queue({ concurrency: permits })
  return {
    async loop(count) {
      for (let i = 0; i < count; i++) await queue.add(nothing)
    },
    within: (fn) => queue.add(fn),
  }
}

async function effectSemaphore(permits: number): Promise<Section> {
  const { Effect, Semaphore } = await import('effect')
  const semaphore = await Effect.runPromise(Semaphore.make(permits))
  const once = semaphore.withPermits(1)(Effect.void)
  return {
    loop: (count) =>
      Effect.runPromise(
        Effect.gen(function* () {
          for (let i = 0; i < count; i++) yield* once
        }),
      ),
    within: (fn) => Effect.runPromise(semaphore.withPermits(1)(Effect.promise(fn))),
  }
}

async function rungsQueue(): Promise<(count: number) => Promise<number>> {
  const { Queue } = await import('rungs/sync')
  const queue = new Queue<number>()
  return async (count) => {
    let sum = 0
    for (let i = 0; i < count; i++) {
      await queue.put(i)
      sum += await queue.get()
    }
    return sum
  }
}

async function effectQueue(): Promise<(count: number) => Promise<number>> {
  const { Effect, Queue } = await import('effect')
  const queue = await Effect.runPromise(Queue.unbounded<number>())
  return (count) =>
    Effect.runPromise(
      Effect.gen(function* () {
        let sum = 0
        for (let i = 0; i < count; i++) {
          yield* Queue.offer(queue, i)
          sum += yield* Queue.take(queue)
        }
        return sum
      }),
    )
}
