// What JavaScript lets pass and TypeScript would not: it is refused with the way out.
import { describe, expect, it } from 'vitest'
import { CancelledError } from '../../dist/core/errors.js'
import { Future } from '../../dist/core/future.js'
import { asCompleted, wait } from '../../dist/core/wait.js'
import {
  Barrier,
  BoundedSemaphore,
  Broadcast,
  Condition,
  Event,
  gather,
  LifoQueue,
  Lock,
  PriorityQueue,
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

describe('an argument of a constructor', () => {
  const compare = (a: number, b: number): number => a - b
  it.each<[string, () => unknown, string]>([
    ['new Lock({})', () => Reflect.construct(Lock, [{}]), 'A Lock takes no arguments, got {}'],
    ['new Event(true)', () => Reflect.construct(Event, [true]), 'An Event takes no arguments, got true. It begins unset: call set()'],
    ['new Queue(3)', () => new Queue(3 as never), 'A queue takes an object with options, got 3. Pass { maxSize: 3 }'],
    ['new LifoQueue(3)', () => new LifoQueue(3 as never), 'Pass { maxSize: 3 }'],
    ['new PriorityQueue(3)', () => new PriorityQueue(3 as never), 'Pass { maxSize: 3 }'],
    ['new PriorityQueue(fn)', () => new PriorityQueue(compare as never), 'got the function compare. Pass { compare: compare }'],
    ['new PriorityQueue(=>)', () => new PriorityQueue((() => 0) as never), 'got an anonymous function. Pass { compare: fn }'],
    ['new CancelledError()', () => new CancelledError('m', 'p' as never), "must be an object with options, got 'p' (string)"],
    ['new CancelledError()', () => new CancelledError('m', null as never), 'must be an object with options, got null'],
    ['new CancelledError()', () => new CancelledError('m', { resaon: 1 } as never), 'Did you mean reason?'],
  ])('as in %s is refused with the way out', async (_, act, message) => {
    const error = await errorOf(act)
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain(message)
    expect([Reflect.construct(Lock, [undefined]).locked, new Event().isSet]).toEqual([false, false])
  })
})

describe('a compare that gives no number', () => {
  it.each<[string, () => unknown]>([
    ['whether one is larger', () => true],
    ['whether one is smaller', () => false],
    ['nothing', () => undefined],
  ])('but %s is refused, and the item has not been put', async (_, compare) => {
    const queue = new PriorityQueue<number>({ compare: compare as never })
    queue.tryPut(1)
    expect(() => queue.tryPut(2)).toThrow(TypeError)
    expect(() => queue.tryPut(2)).toThrow('must give a number, negative if its first argument is to leave first')
    expect(queue.size).toBe(1)
  })

  it('but NaN or a bigint is taken as sort() takes it', () => {
    for (const compare of [() => Number.NaN, (a: number, b: number) => BigInt(a - b)]) {
      const queue = new PriorityQueue<number>({ compare: compare as never })
      for (const item of [1, 1, 1]) queue.tryPut(item)
      expect([queue.tryGet(), queue.tryGet(), queue.tryGet()]).toEqual([{ value: 1 }, { value: 1 }, { value: 1 }])
    }
    const queue = new PriorityQueue<[number, string]>({ compare: ((a: [number], b: [number]) => BigInt(a[0] - b[0])) as never })
    for (const item of [
      [2, 'a'],
      [1, 'b'],
      [1, 'c'],
      [1, 'd'],
    ] as [number, string][])
      queue.tryPut(item)
    expect([1, 2, 3, 4].map(() => queue.tryGet()?.value[1])).toEqual(['b', 'c', 'd', 'a'])
  })
})

describe('futures that are not in a list', () => {
  const [a, b] = [Future.withResolvers().future, Future.withResolvers().future]
  it.each<[string, () => unknown]>([
    ['wait', () => wait(a as never, b as never)],
    ['wait', () => wait(a as never)],
    ['wait', () => wait([a], b as never)],
    ['asCompleted', () => asCompleted(a as never, b as never)],
  ])('are refused by %s(), which says that it takes a list', async (name, act) => {
    const error = await errorOf(act)
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain(`${name}() takes a list of futures, as ${name}([a, b]), got Future`)
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
