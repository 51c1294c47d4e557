// biome-ignore-all lint/nursery/noFloatingPromises: nothing here is run; its types are the test.
// Checked by `tsc`, never run: what the types of the package promise. A line under @ts-expect-error must not compile.
import {
  asCompleted,
  type Executor,
  Future,
  type FutureState,
  type MapOptions,
  type MapResults,
  type SettledResult,
  TaskPoolExecutor,
  ThreadPoolExecutor,
  wait,
} from 'rungs'
import { type ContractCase, executorContract, VirtualClock } from 'rungs/testing'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only when `value` has exactly the type `T`. */
function is<T>() {
  return <V>(value: V, ..._: Equal<V, T> extends true ? [] : ['the type is', V]): V => value
}

declare const pool: Executor
declare function double(n: number): number
declare function fetchText(url: string, retries?: number): Promise<string>
declare function promiseOfPromise(): Promise<Promise<number>>
declare function nothing(): void
declare function never(): never
declare function identity<T>(value: T): T
declare function rest(first: string, ...others: number[]): boolean
declare function maybe(): number | Promise<string>
declare function lines(file: string): Generator<string, number>
declare function linesLater(file: string): AsyncGenerator<string>
declare function count(item: string, index: number): number
declare const signal: AbortSignal

/** submit */
export async function submits() {
  is<Future<number>>()(pool.submit(double, 21))
  is<Future<string>>()(pool.submit(fetchText, 'https://example.com'))
  is<Future<string>>()(pool.submit(fetchText, 'https://example.com', 3))
  is<Future<number>>()(pool.submit(promiseOfPromise))
  is<Future<void>>()(pool.submit(nothing))
  is<Future<never>>()(pool.submit(never))
  is<Future<string | number>>()(pool.submit(maybe))
  is<Future<boolean>>()(pool.submit(rest, 'a', 1, 2, 3))
  is<Future<number>>()(pool.submit(Math.max, 1, 2, 3))
  is<Future<number>>()(pool.submit((a: number, b: number) => a + b, 1, 2))
  is<Future<number>>()(pool.submit(async () => 1))
  is<number>()(await pool.submit(identity, 5))
  is<number>()(await pool.submit(double, 21))

  // @ts-expect-error: a string for a number
  pool.submit(double, '21')
  // @ts-expect-error: an argument is missing
  pool.submit(double)
  // @ts-expect-error: one too many
  pool.submit(double, 1, 2)
  // @ts-expect-error: the wrong one of several
  pool.submit(rest, 'a', 1, 'b')
  // @ts-expect-error: not a function
  pool.submit('double', 1)
  // @ts-expect-error: the value is a number
  const text: Future<string> = pool.submit(double, 1)
  return text
}

/** with */
export function options() {
  is<Executor>()(
    pool.with({ signal, timeout: 1, deadline: 1, grace: 1, retries: 1, priority: 1, key: 'a', transfer: [new ArrayBuffer(1)] }),
  )
  pool.with({
    retries: { limit: 3, backoff: { base: 1, cap: 2, jitter: true }, when: (error: unknown, attempt: number) => error !== attempt },
  })
  pool.with({ onProgress: (value: unknown, future: Future<unknown>) => void [value, future] })
  // @ts-expect-error: there is no such option
  pool.with({ timout: 5 })
  // @ts-expect-error: milliseconds
  pool.with({ timeout: '5s' })
  // @ts-expect-error: an option of map
  pool.with({ chunkSize: 5 })
  // @ts-expect-error: a limit is needed
  pool.with({ retries: { when: () => true } })
}

/** map, starmap, stream */
export async function maps() {
  is<MapResults<number>>()(pool.map(double, [1, 2]))
  is<MapResults<number>>()(pool.map(double, new Set([1, 2]), { ordered: false, chunkSize: 'auto' }))
  is<MapResults<string>>()(pool.map((url: string) => fetchText(url), ['a']))
  is<MapResults<number>>()(pool.map(count, ['a']))
  is<MapResults<number>>()(pool.map((item, index) => item.length + index, ['a', 'b']))
  is<number[]>()(await pool.map(double, lengths()).toArray())
  is<MapResults<SettledResult<number, number>>>()(pool.map(double, [1], { onError: 'settle' }))
  is<MapResults<SettledResult<boolean, [string, number]>>>()(pool.starmap(rest, [['a', 1] as [string, number]], { onError: 'settle' }))
  is<MapResults<number>>()(pool.starmap((a: number, b: number) => a + b, [[1, 2]]))

  // Options that are made elsewhere may say either.
  const either: MapOptions = { onError: 'settle' }
  is<MapResults<number | SettledResult<number, number>>>()(pool.map(double, [1], either))
  is<MapResults<boolean | SettledResult<boolean, [string, number]>>>()(pool.starmap(rest, [['a', 1] as [string, number]], either))
  const settles = { onError: 'settle', ordered: false } as const
  is<MapResults<SettledResult<number, number>>>()(pool.map(double, [1], settles))
  is<MapResults<number>>()(pool.map(double, [1], { onError: 'throw' }))
  is<MapResults<number>>()(pool.map(double, [1], undefined))

  for await (const n of pool.map(double, [1])) is<number>()(n)
  for await (const record of pool.map(double, [1], { onError: 'settle' })) {
    is<number>()(record.index)
    is<number>()(record.input)
    is<number>()(record.attempts)
    is<number>()(record.ms)
    if (record.status === 'fulfilled') is<number>()(record.value)
    else is<unknown>()(record.reason)
    // @ts-expect-error: only what went well has a value
    record.value
  }
  // @ts-expect-error: items of another type
  pool.map(double, ['a'])
  // @ts-expect-error: tuples of another type
  pool.starmap(double, [['a']])
  // @ts-expect-error: not iterable
  pool.map(double, 5)
  // @ts-expect-error: there is no such way
  pool.map(double, [1], { onError: 'ignore' })

  is<AsyncIterableIterator<string>>()(pool.stream(lines, 'big.log'))
  is<AsyncIterableIterator<string>>()(pool.stream(linesLater, 'big.log'))
  for await (const line of pool.stream(linesLater, 'big.log')) is<string>()(line)
  // @ts-expect-error: nothing that can be iterated
  pool.stream(double, 1)
  // @ts-expect-error: the argument of another type
  pool.stream(lines, 5)
}

declare function lengths(): AsyncIterable<number>

/** Future */
export async function futures(future: Future<number>) {
  const promise: Promise<number> = future
  is<number>()(await promise)
  is<number>()(await future)
  is<FutureState>()(future.state)
  is<boolean>()(future.cancel('reason'))
  is<Promise<number>>()(future.result({ timeout: 1, signal }))
  is<Promise<unknown>>()(future.exception())
  is<number>()(future.resultSync({ timeout: 1 }))
  is<Promise<string>>()(future.then((n) => String(n)))
  is<Promise<number | 'failed'>>()(future.catch(() => 'failed' as const))
  future.addDoneCallback((it) => is<Future<number>>()(it))
  is<[number, string]>()(await Promise.all([future, pool.submit(fetchText, 'a')]))
  is<number | string>()(await Promise.race([future, pool.submit(fetchText, 'a')]))
  // @ts-expect-error: read only
  future.state = 'pending'
  // @ts-expect-error: the value is a number
  const text: Promise<string> = future

  const { future: mine, start, resolve, reject } = Future.withResolvers<string>()
  is<Future<string>>()(mine)
  is<boolean>()(start())
  resolve('a')
  reject(undefined)
  // @ts-expect-error: a number for a string
  resolve(1)
  return text
}

/** wait and asCompleted */
export async function waits(all: Future<number>[]) {
  const { done, notDone } = await wait(all, { returnWhen: 'FIRST_COMPLETED', timeout: 5, signal })
  is<Set<Future<number>>>()(done)
  is<Set<Future<number>>>()(notDone)
  for await (const future of asCompleted(all, { timeout: 5, signal })) is<Future<number>>()(future)
  const mixed = [pool.submit(double, 1), pool.submit(fetchText, 'a')] as const
  is<Set<Future<number> | Future<string>>>()((await wait(mixed)).done)
  const listed = await wait([pool.submit(double, 1), pool.submit(fetchText, 'a')])
  for (const future of listed.notDone) is<number | string>()(await future)
  for await (const future of asCompleted([pool.submit(double, 1), pool.submit(fetchText, 'a')])) is<number | string>()(await future)
  // @ts-expect-error: there is no such condition
  wait(all, { returnWhen: 'FIRST' })
  // @ts-expect-error: promises are not enough
  wait([Promise.resolve(1)])
}

/** The executors */
export async function executors() {
  await using tasks = new TaskPoolExecutor(3)
  await using threads = new ThreadPoolExecutor({ maxWorkers: 3, resourceLimits: { maxOldGenerationSizeMb: 64 } })
  const both: Executor[] = [tasks, threads, new TaskPoolExecutor(), new ThreadPoolExecutor(2)]
  is<Promise<void>>()(tasks.shutdown({ wait: false, cancelFutures: true }))
  is<Promise<void>>()(threads.terminate({ kill: true }))
  is<number>()(threads.stats.queued)
  new ThreadPoolExecutor({ initializer: (path: string, n: number) => path.repeat(n), initargs: ['a', 1] })
  // @ts-expect-error: there is no such option
  new ThreadPoolExecutor({ maxThreads: 3 })
  // @ts-expect-error: a number is meant
  new TaskPoolExecutor('3')
  // @ts-expect-error: figures are read only
  tasks.stats.done = 0
  return both
}

/** rungs/testing */
export function testing() {
  is<ContractCase[]>()(executorContract((options) => new ThreadPoolExecutor(options), { kind: 'thread' }))
  const time = new VirtualClock()
  is<Promise<void>>()(time.advance(5))
  is<Disposable>()(time.install())
}
