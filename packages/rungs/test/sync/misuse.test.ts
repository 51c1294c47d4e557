// What JavaScript lets pass and TypeScript would not: it is refused with the way out.
import { describe, expect, it } from 'vitest'
import { Future } from '../../dist/core/future.js'
import {
  Barrier,
  BoundedSemaphore,
  Broadcast,
  Condition,
  Event,
  gather,
  Lock,
  Queue,
  rateLimit,
  run,
  Semaphore,
  sleep,
  Task,
  TaskGroup,
  timeout,
  waitFor,
} from '../../dist/sync/index.js'

/** What a call throws at once, or rejects with. */
async function errorOf(fn: () => unknown): Promise<unknown> {
  try {
    await fn()
  } catch (error) {
    return error
  }
  throw new Error('It was expected to fail')
}

describe('a signal in the place of the options', () => {
  const signal = new AbortController().signal as object
  const nothing = (): void => {}
  it.each<[string, () => unknown]>([
    ['Queue.get', () => new Queue().get(signal)],
    ['Queue.put', () => new Queue().put(1, signal)],
    ['Queue.join', () => new Queue().join(signal)],
    ['sleep', () => sleep(0, signal)],
    ['Event.wait', () => new Event().wait(signal)],
    ['Lock.acquire', () => new Lock().acquire(signal)],
    ['Semaphore.acquire', () => new Semaphore().acquire(signal)],
    ['Condition.acquire', () => new Condition().acquire(signal)],
    ['Barrier.wait', () => new Barrier(1).wait(signal)],
    ['Broadcast.send', () => new Broadcast().send(1, signal)],
    ['RateLimit.acquire', () => rateLimit({ limit: 1, per: 0 }).acquire(signal)],
    ['run', () => run(nothing, signal)],
    ['TaskGroup.run', () => TaskGroup.run(nothing, signal)],
    ['timeout', () => timeout(5, nothing, signal)],
    ['waitFor', () => waitFor(async () => {}, 5, signal)],
    ['gather', () => gather([], signal)],
    ['Future.result', () => Future.withResolvers().future.result(signal)],
  ])('is refused by %s, which says how to pass it', async (_, act) => {
    const error = await errorOf(act)
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('Pass { signal }')
  })
})

describe('a wrong argument', () => {
  it.each<[string, () => unknown]>([
    ['Queue.shutdown', () => new Queue().shutdown({ immediate: 1 } as never)],
    ['BoundedSemaphore.release', () => new BoundedSemaphore(5).release('1' as never)],
    ['run', () => run(Promise.resolve() as never)],
    ['timeout', () => timeout(5, Promise.resolve() as never)],
    ['TaskGroup.run', () => TaskGroup.run(Promise.resolve() as never)],
    ['run, handleSigint', () => run(() => {}, { handleSigint: 'no' } as never)],
    ['gather', () => gather(Promise.resolve() as never)],
    ['TaskGroup', () => new TaskGroup((() => {}) as never)],
    ['Task', () => new (Task as unknown as new (fn: () => void) => unknown)(() => {})],
    ['TaskGroup.spawn', () => new TaskGroup().spawn(Promise.resolve() as never)],
  ])('of %s is refused with a TypeError', async (_, act) => {
    expect(await errorOf(act)).toBeInstanceOf(TypeError)
  })
})
