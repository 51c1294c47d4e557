import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CancelledError, InvalidStateError, TimeoutError } from '../../dist/core/errors.js'
import { LifoQueue, PriorityQueue, Queue, type QueueOptions, QueueShutDownError, sleep, TaskGroup, waitFor } from '../../dist/sync/index.js'
import { errorOf, jumpingClock, start, turn } from './support.js'

describe('Queue', () => {
  it('is first in, first out', async () => {
    const queue = new Queue<number>()
    expect([queue.empty, queue.full, queue.size, queue.maxSize]).toEqual([true, false, 0, 0])
    for (const n of [1, 3, 2]) await queue.put(n)
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([1, 3, 2])
  })

  it('keeps the order through growing, shrinking and going round', async () => {
    const queue = new Queue<number>()
    let put = 0
    let got = 0
    for (const [puts, gets] of [
      [10, 5],
      [100, 50],
      [1_000, 1_055],
      [3, 3],
      [20, 20],
    ] as const) {
      for (let i = 0; i < puts; i++) queue.tryPut(put++)
      for (let i = 0; i < gets; i++) expect(queue.tryGet()).toEqual({ value: got++ })
    }
    expect(queue.size).toBe(0)
  })

  it('waits for an item', async () => {
    const queue = new Queue<string>()
    const getter = start(() => queue.get())
    await turn()
    expect(queue.stats.getting).toBe(1)
    await queue.put('a')
    expect(await getter).toBe('a')
  })

  // test_maxsize
  it('waits for room', async () => {
    const queue = new Queue<number>({ maxSize: 2 })
    const put: number[] = []
    const task = start(async () => {
      for (const n of [0, 1, 2]) {
        await queue.put(n)
        put.push(n)
      }
      return true
    })
    await turn()
    expect([put, queue.full, queue.tryPut(9)]).toEqual([[0, 1], true, false])
    expect(await queue.get()).toBe(0)
    await turn()
    expect(put).toEqual([0, 1, 2])
    expect([await queue.get(), await queue.get(), await task]).toEqual([1, 2, true])
  })

  it('tells by tryPut and tryGet what is possible, and does not wait', () => {
    const queue = new Queue<number | undefined>({ maxSize: 1 })
    expect(queue.tryGet()).toBeUndefined()
    expect(queue.tryPut(undefined)).toBe(true)
    expect(queue.tryPut(2)).toBe(false)
    expect(queue.tryGet()).toEqual({ value: undefined })
  })

  it('refuses a size that is none', () => {
    expect(() => new Queue({ maxSize: -1 })).toThrow(RangeError)
    // @ts-expect-error not an option
    expect(() => new Queue({ maxsize: 1 })).toThrow('Did you mean maxSize?')
    expect(new Queue({ maxSize: Number.POSITIVE_INFINITY }).maxSize).toBe(0)
  })

  // test_get_cancelled_race
  it('gives the item to the next when a getter was cancelled', async () => {
    const queue = new Queue<string>()
    const [t1, t2] = [start(() => queue.get()), start(() => queue.get())]
    await turn()
    t1.cancel()
    await turn()
    expect(t1.cancelled).toBe(true)
    await queue.put('a')
    expect(await t2).toBe('a')
  })

  // test_get_with_waiting_putters
  it('lets waiting putters in, in their order', async () => {
    const queue = new Queue<string>({ maxSize: 1 })
    const putters = ['a', 'b', 'c'].map((item) => start(() => queue.put(item)))
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['a', 'b', 'c'])
    await Promise.all(putters)
  })

  // test_why_are_getters_waiting
  it('works through a buffer of one', async () => {
    const queue = new Queue<number>({ maxSize: 1 })
    const got: number[] = []
    await TaskGroup.run((group) => {
      group.spawn(async () => {
        for (let i = 0; i < 5; i++) await queue.put(i)
      })
      group.spawn(async () => {
        for (let i = 0; i < 5; i++) got.push(await queue.get())
      })
    })
    expect(got).toEqual([0, 1, 2, 3, 4])
  })

  // test_why_are_putters_waiting
  it('does not forget putters when all is taken at once', async () => {
    const queue = new Queue<number>({ maxSize: 2 })
    await TaskGroup.run((group) => {
      group.spawn(async () => {
        await sleep(0)
        for (let n = queue.size; n > 0; n--) expect(queue.tryGet()).toBeDefined()
      })
      for (const n of [0, 1, 2, 3]) group.spawn(() => queue.put(n))
    })
    expect(queue.size).toBe(2)
  })

  // test_cancelled_getters_not_being_held_in_self_getters
  it('holds no getter whose time was up', async () => {
    jumpingClock()
    const queue = new Queue()
    await expect(waitFor(() => queue.get(), 100)).rejects.toThrow(TimeoutError)
    expect(queue.stats.getting).toBe(0)
  })

  // test_get_cancel_drop_one_pending_reader
  it('does not lose the item of a getter that is woken and cancelled in the same turn', async () => {
    const queue = new Queue<number>()
    const reader = start(() => queue.get())
    await turn()
    queue.tryPut(1)
    queue.tryPut(2)
    reader.cancel()
    await expect(reader).rejects.toThrow(CancelledError)
    expect(await queue.get()).toBe(1)
  })

  // test_get_cancel_drop_many_pending_readers
  it('passes the item of a cancelled getter on to the next', async () => {
    const queue = new Queue<number>()
    const [r1, r2, r3] = [start(() => queue.get()), start(() => queue.get()), start(() => queue.get())]
    await turn()
    queue.tryPut(1)
    queue.tryPut(2)
    r1.cancel()
    await expect(r1).rejects.toThrow(CancelledError)
    expect(await Promise.all([r2, r3])).toEqual([1, 2])
  })

  // test_put_cancel_drop, test_cancelled_put_silence_value_error_exception
  it('does not put the item of a putter that is woken and cancelled in the same turn', async () => {
    const queue = new Queue<number>({ maxSize: 1 })
    queue.tryPut(1)
    const writer = start(() => queue.put(2))
    await turn()
    expect(queue.tryGet()).toEqual({ value: 1 })
    writer.cancel()
    await expect(writer).rejects.toThrow(CancelledError)
    expect([queue.size, queue.stats.putting]).toEqual([0, 0])
    await queue.put(2)
    expect(queue.tryGet()).toEqual({ value: 2 })
    expect(queue.size).toBe(0)
  })

  // test_put_cancelled_race
  it('keeps the order of putters of which one is cancelled', async () => {
    const queue = new Queue<string>({ maxSize: 1 })
    const [a, b, c] = [start(() => queue.put('a')), start(() => queue.put('b')), start(() => queue.put('X'))]
    await turn()
    expect([a.done, b.done]).toEqual([true, false])
    c.cancel()
    await turn()
    expect(c.done).toBe(true)
    expect(queue.tryGet()).toEqual({ value: 'a' })
    await turn()
    expect(queue.tryGet()).toEqual({ value: 'b' })
    await b
  })

  it('does not let a newcomer take the item of one who has been woken', async () => {
    const queue = new Queue<number>()
    const first = start(() => queue.get())
    await turn()
    queue.tryPut(1)
    expect(queue.tryGet()).toBeUndefined()
    const second = queue.get()
    queue.tryPut(2)
    expect([await first, await second]).toEqual([1, 2])
  })

  it('takes part in for await, which ends when it is shut down and empty', async () => {
    const queue = new Queue<number>()
    const got: number[] = []
    const readers = [1, 2].map(() =>
      start(async () => {
        for await (const item of queue) got.push(item)
      }),
    )
    for (const n of [1, 2, 3]) await queue.put(n)
    queue.shutdown()
    await Promise.all(readers)
    expect(got.sort()).toEqual([1, 2, 3])
  })

  it('gives nothing to a loop that was left while it waited, whose next ends', async () => {
    const queue = new Queue<number>()
    const items = queue[Symbol.asyncIterator]()
    const [first, second] = [items.next(), items.next()]
    await turn()
    expect(queue.stats.getting).toBe(2)
    expect(await items.return?.()).toEqual({ done: true, value: undefined })
    expect(queue.stats.getting).toBe(0)
    expect([await first, await second, await items.next()]).toEqual(Array(3).fill({ done: true, value: undefined }))
    await queue.put(1)
    expect(await queue.get()).toBe(1)
  })

  it('passes on what a loop was woken for that was left in the same turn', async () => {
    const queue = new Queue<number>()
    const items = queue[Symbol.asyncIterator]()
    const left = start(() => items.next())
    await turn()
    const next = start(() => queue.get())
    await turn()
    queue.tryPut(1)
    void items.return?.()
    expect([await left, await next, queue.size]).toEqual([{ done: true, value: undefined }, 1, 0])
  })

  it('can be left and taken up again by for await', async () => {
    const queue = new Queue<number>()
    for (const n of [1, 2, 3]) await queue.put(n)
    for await (const item of queue) if (item === 2) break
    expect(await queue.get()).toBe(3)
  })

  it('shows itself', async () => {
    const queue = new Queue({ maxSize: 3 })
    await queue.put('a')
    expect(inspect(queue)).toBe("Queue { [ 'a' ], maxSize: 3, getting: 0, putting: 0, unfinished: 1 }")
    expect(inspect({ queue }, { depth: 0 })).toContain('1 items')
    queue.shutdown()
    expect(inspect(queue)).toContain('shut down')
    expect(inspect(new LifoQueue())).toContain('LifoQueue {')
  })
})

describe('LifoQueue', () => {
  it('gives the last item first', async () => {
    const queue = new LifoQueue<number>()
    for (const n of [1, 3, 2]) await queue.put(n)
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([2, 3, 1])
    expect(queue).toBeInstanceOf(Queue)
  })
})

describe('PriorityQueue', () => {
  it('gives the smallest item first', async () => {
    const queue = new PriorityQueue<number>()
    for (const n of [1, 3, 2]) await queue.put(n)
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([1, 2, 3])
  })

  it('gives equal items in the order of their arrival', async () => {
    const queue = new PriorityQueue<{ rank: number; name: string }>({ compare: (a, b) => a.rank - b.rank, maxSize: 10 })
    for (const [rank, name] of [
      [2, 'a'],
      [1, 'b'],
      [2, 'c'],
      [1, 'd'],
      [2, 'e'],
    ] as const)
      await queue.put({ rank, name })
    expect(inspect(queue)).toContain("{ rank: 1, name: 'b' }")
    let names = ''
    while (!queue.empty) names += (await queue.get()).name
    expect(names).toBe('bdace')
  })

  it('is as it was when items cannot be compared', async () => {
    const compare = (a: { p?: number }, b: { p?: number }): number => {
      if (a.p === undefined || b.p === undefined) throw new RangeError('no p')
      return a.p - b.p
    }
    const queue = new PriorityQueue<{ p?: number }>({ compare, maxSize: 7 })
    for (const p of [8, 6, 9, 5, 7, 10]) queue.tryPut({ p })
    expect(() => queue.tryPut({})).toThrow(RangeError)
    expect([queue.size, queue.stats.unfinished]).toEqual([6, 6])
    queue.tryPut({ p: 11 })
    const [wrong, right] = [start(() => queue.put({})), start(() => queue.put({ p: 12 }))]
    await turn()
    const got: unknown[] = []
    for (let n = 0; n < 8; n++) got.push((await queue.get()).p)
    await expect(wrong).rejects.toThrow(RangeError)
    await right
    expect(got).toEqual([5, 6, 7, 8, 9, 10, 11, 12])
  })

  it('loses none when a comparison fails while one is taken', () => {
    let fails = false
    const compare = (a: number, b: number): number => {
      if (fails) throw new RangeError('now')
      return a - b
    }
    const queue = new PriorityQueue({ compare })
    for (const n of [3, 1, 4, 1, 5, 9, 2, 6]) queue.tryPut(n)
    fails = true
    expect(() => queue.tryGet()).toThrow(RangeError)
    expect(inspect(queue)).toContain('9')
    fails = false
    expect(Array.from({ length: 8 }, () => queue.tryGet()?.value)).toEqual([1, 1, 2, 3, 4, 5, 6, 9])
  })

  const version = (n: number) => ({ valueOf: () => n })
  const primitive = (n: number) => ({ [Symbol.toPrimitive]: () => n })
  it.each<[string, unknown, unknown]>([
    ['numbers', 9, 10],
    ['texts', 'a', 'b'],
    ['a bigint and a number', 9n, 10],
    ['booleans', false, true],
    ['dates', new Date(1), new Date(2)],
    ['objects that stand for a number', version(9), primitive(10)],
    ['tuples of which the rest cannot be compared', [1, {}], [2, {}]],
    ['tuples with the same thing in both', [null, 1], [null, 2]],
  ])('compares %s', (_, small, large) => {
    const queue = new PriorityQueue()
    queue.tryPut(large)
    queue.tryPut(small)
    expect([queue.tryGet()?.value, queue.tryGet()?.value]).toEqual([small, large])
  })

  it.each<[string, unknown, unknown]>([
    ['plain objects', { priority: 2 }, { priority: 1 }],
    ['a text and a number', '2', 1],
    ['nothing', undefined, null],
    ['functions', () => 1, () => 2],
    ['symbols', Symbol('a'), Symbol('b')],
    ['bytes', Buffer.from('b'), Buffer.from('a')],
    ['a tuple and a number', [1], 1],
    ['tuples with plain objects', [1, {}], [1, {}]],
  ])('refuses %s without compare', (_, one, other) => {
    const queue = new PriorityQueue()
    queue.tryPut(one)
    expect(() => queue.tryPut(other)).toThrow(/^A PriorityQueue cannot tell which of .+ and .+ comes first\. Give it the option compare$/)
    expect(queue.size).toBe(1)
  })

  it('compares arrays as Python does tuples', async () => {
    const queue = new PriorityQueue<[number, string]>()
    for (const item of [
      [10, 'a'],
      [9, 'b'],
      [9, 'a'],
    ] as [number, string][])
      await queue.put(item)
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([
      [9, 'a'],
      [9, 'b'],
      [10, 'a'],
    ])
  })
})

describe.each<[string, (options?: QueueOptions) => Queue<unknown>]>([
  ['Queue', (options) => new Queue(options)],
  ['LifoQueue', (options) => new LifoQueue(options)],
  ['PriorityQueue', (options) => new PriorityQueue(options)],
])('%s', (_, make) => {
  it('refuses taskDone for more than was put', () => {
    expect(() => make().taskDone()).toThrow(InvalidStateError)
  })

  it('can be joined when it is empty, more than once', async () => {
    const queue = make()
    await queue.join()
    await queue.join()
  })

  // test_task_done
  it('is joined when every item is done', async () => {
    const queue = make()
    for (let i = 0; i < 100; i++) queue.tryPut(i)
    let sum = 0
    const workers = [1, 2].map(() =>
      start(async () => {
        for await (const item of queue) {
          await turn()
          sum += item as number
          queue.taskDone()
        }
      }),
    )
    await queue.join()
    expect(sum).toBe(4950)
    queue.shutdown()
    await Promise.all(workers)
  })

  // test_shutdown_empty
  it('sends getters away when it is shut down empty', async () => {
    const queue = make()
    const getter = start(() => queue.get())
    await turn()
    queue.shutdown()
    await queue.join()
    expect(await errorOf(getter)).toBeInstanceOf(QueueShutDownError)
    expect(await errorOf(queue.put('data'))).toBeInstanceOf(QueueShutDownError)
    expect(() => queue.tryPut('data')).toThrow(QueueShutDownError)
    expect(await errorOf(queue.get())).toBeInstanceOf(QueueShutDownError)
    expect(() => queue.tryGet()).toThrow(QueueShutDownError)
  })

  // test_shutdown_nonempty
  it('sends putters away when it is shut down, and gives what is in it', async () => {
    const queue = make({ maxSize: 1 })
    queue.tryPut('data')
    const joiner = start(() => queue.join())
    const putter = start(() => queue.put('data2'))
    await turn()
    expect(putter.done).toBe(false)
    queue.shutdown()
    expect(queue.size).toBe(1)
    expect(await errorOf(putter)).toBeInstanceOf(QueueShutDownError)
    expect(await queue.get()).toBe('data')
    await turn()
    expect(joiner.done).toBe(false)
    expect(await errorOf(queue.get())).toBeInstanceOf(QueueShutDownError)
    queue.taskDone()
    await joiner
    expect(() => queue.taskDone()).toThrow(InvalidStateError)
  })

  // test_shutdown_immediate, test_shutdown_immediate_with_unfinished
  it.each([0, 1])('drops what is in it when it is shut down at once, with %s items being worked on', async (taken) => {
    const queue = make()
    queue.tryPut('data')
    if (taken > 0) queue.tryPut('data')
    const joiner = start(() => queue.join())
    if (taken > 0) expect(await queue.get()).toBe('data')
    queue.shutdown({ immediate: true })
    expect(queue.size).toBe(0)
    await turn()
    expect(joiner.done).toBe(taken === 0)
    expect(await errorOf(queue.get())).toBeInstanceOf(QueueShutDownError)
    if (taken > 0) queue.taskDone()
    expect(() => queue.taskDone()).toThrow(InvalidStateError)
    await joiner
  })

  it('leaves nothing to one who was woken when it is shut down at once', async () => {
    const queue = make()
    const getter = start(() => queue.get())
    await turn()
    queue.tryPut('data')
    queue.shutdown({ immediate: true })
    expect(await errorOf(getter)).toBeInstanceOf(QueueShutDownError)
  })

  it('passes the item of a getter who was woken and cancelled on after it was shut down, and sends the others away', async () => {
    const queue = make()
    const got: unknown[] = []
    const readers = [1, 2, 3].map(() =>
      start(async () => {
        for await (const item of queue) {
          got.push(item)
          queue.taskDone()
        }
      }),
    )
    await turn()
    queue.tryPut('data')
    queue.shutdown()
    readers[0]?.cancel()
    await queue.join()
    await Promise.all(readers.slice(1))
    expect(got).toEqual(['data'])
    expect(readers.map(({ cancelled }) => cancelled)).toEqual([true, false, false])
  })

  it.each([true, false])(
    'lets a newcomer wait for what is meant for another when it is shut down; that one is cancelled: %s',
    async (cancels) => {
      const queue = make()
      const first = start(() => queue.get())
      await turn()
      queue.tryPut('data')
      queue.shutdown()
      const second = queue.get()
      if (cancels) first.cancel()
      const [one, two] = await Promise.allSettled([first, second])
      expect([one.status, two.status]).toEqual(cancels ? ['rejected', 'fulfilled'] : ['fulfilled', 'rejected'])
      expect(queue.size).toBe(0)
    },
  )

  it('sends away a putter who was woken when it is shut down', async () => {
    const queue = make({ maxSize: 1 })
    queue.tryPut(1)
    const putter = start(() => queue.put(2))
    await turn()
    queue.tryGet()
    queue.shutdown()
    expect(await errorOf(putter)).toBeInstanceOf(QueueShutDownError)
    expect(queue.size).toBe(0)
  })
})
