// What the cases submit. Exports of a module, so that they can be sent by reference, and none captures anything: they mean the same in tasks,
// threads and processes. What they do is seen through a Board.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import type { Shared } from '../../calls/held.js'
import { type CurrentCall, currentCall } from '../../core/current-call.js'
import type { Executor } from '../../core/executor.js'
import type { Future } from '../../core/future.js'
import { add, type Board, enter, leave, log, reached, reachedSync } from './board.js'
import { countTo } from './generators.js'

export * from './generators.js'

export function double(n: number): number {
  return n * 2
}

/** Takes so long, and its thread. */
export function work(ms: number): number {
  const until = performance.now() + ms
  while (performance.now() < until);
  return ms
}

export async function doubleLater(n: number): Promise<number> {
  await pause(1)
  return n * 2
}

export function sum(...numbers: number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}

export function power(base: number, exponent: number): number {
  return base ** exponent
}

export function nothing(): void {}

export function echo<T>(value: T): T {
  return value
}

/** What the function finds as its `this`. */
export function thisHere(this: unknown): string {
  return typeof this
}

/** All arguments, so that a case can see how many came. */
export function argumentsOf(...args: unknown[]): unknown[] {
  return args
}

export function itemAndIndex(item: string, index: number): string {
  return `${index}:${item}`
}

export function throwIt(value: unknown): never {
  throw value
}

export async function throwLater(value: unknown): Promise<never> {
  await pause(1)
  throw value
}

/** Fails for one of the items of a map. */
export function doubleUnless3(n: number): number {
  if (n === 3) throw new RangeError('3 is not wanted')
  return n * 2
}

/** Says on the board that it has begun. 1 ends at once, 3 fails at once, and others are held. */
export async function logThenHold(board: Board, n: number): Promise<number> {
  log(board, n)
  if (n === 3) throw new RangeError('3 is not wanted')
  if (n !== 1) await reached(board, 'release', 1)
  return n
}

/** An error with a constructor of its own, which must not be called to bring it across. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError'
  readonly code = 'E_DEVICE'
  readonly seen = new Map([['attempts', 3]])

  constructor(
    readonly device: { readonly host: string },
    readonly port: number,
    options?: ErrorOptions,
  ) {
    super(`no answer from ${device.host}:${port}`, options)
  }
}

export function throwDeviceError(host: string, port: number): never {
  throw new DeviceError({ host }, port, { cause: new TypeError('the cause') })
}

export function throwAggregate(): never {
  throw new AggregateError([new RangeError('one'), 'two', null], 'several')
}

/** Of the process and the thread that the call runs on. */
export function workerId(): string {
  return `${process.pid}:${threadId}`
}

export async function workerIdOnceMet(board: Board, parties: number): Promise<string> {
  await meet(board, parties)
  return workerId()
}

/** What a call knows of itself, as data. */
export function callInfo(): (Omit<CurrentCall, 'signal' | 'progress'> & { readonly aborted: boolean }) | undefined {
  const call = currentCall()
  if (call === undefined) return undefined
  const { id, key, attempt, worker, signal } = call
  return { id, key, attempt, worker: { name: worker.name, index: worker.index, kind: worker.kind }, aborted: signal.aborted }
}

export async function callInfoLater(): Promise<ReturnType<typeof callInfo>> {
  await pause(2)
  return callInfo()
}

export function logValue(board: Board, value: number): number {
  log(board, value)
  return value
}

/** Counts itself as begun, and waits until the board releases it; ends early, failing with the signal's reason, when it is aborted. */
export async function hold(board: Board, value = 0): Promise<number> {
  enter(board)
  add(board, 'begun')
  const signal = currentCall()?.signal
  try {
    await reached(board, 'release', 1, signal)
  } catch (error) {
    if (signal?.aborted) add(board, 'aborted')
    throw error
  } finally {
    leave(board)
    add(board, 'ended')
  }
  return value
}

/** As {@link hold}, and then it fails. */
export async function holdThenFail(board: Board, message: string): Promise<never> {
  await hold(board)
  throw new Error(message)
}

/** As {@link hold}, for whom being aborted is no reason to end. */
export async function holdFirmly(board: Board, value = 0): Promise<number> {
  enter(board)
  add(board, 'begun')
  try {
    await reached(board, 'release', 1)
  } finally {
    leave(board)
    add(board, 'ended')
  }
  return value
}

/** As {@link hold}, without yielding once. Not for tasks. */
export function holdSync(board: Board, value = 0): number {
  add(board, 'begun')
  reachedSync(board, 'release', 1)
  add(board, 'ended')
  return value
}

/** Ends once `parties` calls are running at the same time. */
export async function meet(board: Board, parties: number): Promise<void> {
  enter(board)
  add(board, 'met')
  try {
    await reached(board, 'met', parties)
  } finally {
    leave(board)
  }
}

/** Is inside for a few turns; how long differs from call to call. */
export async function visit(board: Board, n: number): Promise<number> {
  enter(board)
  try {
    await pause(n % 4)
    return n
  } finally {
    leave(board)
  }
}

/** The first item of a map waits for the second one to end: the results come in another order than the items. */
export async function waitIfFirst(board: Board, n: number): Promise<number> {
  if (n === 0) await reached(board, 'calls', 1)
  else add(board, 'calls')
  return n
}

/** Runs until it sees that it is not wanted, without yielding: only the flag itself can tell it. Gives up after a while. */
export function pollUntilAborted(board: Board): string {
  add(board, 'begun')
  const signal = currentCall()?.signal
  const end = Date.now() + 10_000
  while (Date.now() < end) {
    if (signal?.aborted) {
      add(board, 'aborted')
      return 'aborted'
    }
  }
  return 'never aborted'
}

/** Never ends and never yields: only its worker can be ended. */
export function spinForever(board: Board): never {
  add(board, 'begun')
  for (;;);
}

/** Fails until it is tried for the nth time. */
export function succeedOnAttempt(board: Board, n: number): number {
  add(board, 'calls')
  const attempt = currentCall()?.attempt ?? 0
  if (attempt < n) throw new Error(`attempt ${attempt}`)
  return attempt
}

/** Never ends before the nth attempt. */
export async function answerOnAttempt(board: Board, n: number): Promise<number> {
  const attempt = currentCall()?.attempt ?? 0
  if (attempt < n) await hold(board)
  return attempt
}

export function exitOnFirstAttempt(code: number): number {
  const attempt = currentCall()?.attempt ?? 0
  if (attempt === 1) process.exit(code)
  return attempt
}

export function exitWith(code: number): never {
  process.exit(code)
}

/** Counts itself as begun and ends its worker when the board releases it. */
export async function exitOnceReleased(board: Board, code: number): Promise<never> {
  add(board, 'begun')
  await reached(board, 'release', 1)
  process.exit(code)
}

export async function throwInTimer(message: string): Promise<void> {
  setTimeout(() => {
    throw new Error(message)
  }, 1)
  await pause(60_000)
}

export async function rejectAndNobodyListens(message: string): Promise<void> {
  void Promise.reject(new Error(message))
  await pause(60_000)
}

/** Ends well, and leaves something behind that ends its worker when the board releases it. */
export function leaveSomethingThatThrows(board: Board): string {
  void reached(board, 'release', 1).then(() => process.exit(7))
  return workerId()
}

export function runOutOfMemory(): never {
  const kept: number[][] = []
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5))
}

export function reportProgress(values: readonly unknown[]): string {
  for (const value of values) currentCall()?.progress(value)
  return 'reported'
}

const memory = new Map<string, unknown>()

/** Keeps something in the state of this module, which each thread and process has its own of. */
export function remember(key: string, value: unknown): void {
  memory.set(key, value)
}

export function recall(key: string): unknown {
  return memory.get(key)
}

/** An initializer: counts itself, and keeps what it was given. */
export async function setUp(board: Board, key: string, value: unknown): Promise<void> {
  await pause(1)
  add(board, 'setUp')
  memory.set(key, value)
}

/** An initializer that keeps the board for {@link tearDown}. */
export function setUpBoard(board: Board): void {
  add(board, 'setUp')
  memory.set('board', board)
}

/** A finalizer: counts itself on the board that {@link setUpBoard} has kept. */
export async function tearDown(): Promise<void> {
  await pause(1)
  add(memory.get('board') as Board, 'tornDown') // What setUpBoard has put there.
}

/** A finalizer that fails. */
export function failToTearDown(): never {
  throw new Error('thrown in a finalizer')
}

/** Ends its worker if it is the one. */
export function exitIf(bad: number, n: number): number {
  if (n === bad) process.exit(1)
  return n
}

export function killItself(signal: NodeJS.Signals): Promise<void> {
  process.kill(process.pid, signal)
  return pause(60_000)
}

/** Never lets go of as many megabytes of its heap. */
export function retain(key: string, megabytes: number): string {
  // A double that is not a small integer takes eight bytes.
  memory.set(
    key,
    Array.from({ length: megabytes }, () => Array.from({ length: 131_072 }, (_, i) => i + 0.5)),
  )
  return workerId()
}

/** Gives the future itself. */
export function returnNested(pool: Executor, n: number): Future<number> {
  return pool.submit(double, n)
}

export function kindHere(): string | undefined {
  return currentCall()?.worker.kind
}

/** Has to be awaited twice; each `then` is called where the call runs. `once`: the second time that it is asked, it has no `then`. */
export function thenThen(once: boolean): PromiseLike<unknown> {
  let asked = 0
  const where = (): unknown => kindHere()
  // biome-ignore lint/suspicious/noThenProperty: that is what it is about; also below.
  const inner = { then: (resolve: (value: unknown) => void) => resolve(where()) }
  const outer = {
    // biome-ignore lint/suspicious/noThenProperty: see above.
    get then() {
      return once && ++asked > 1 ? undefined : (resolve: (value: unknown) => void) => resolve(inner)
    },
  }
  return outer as PromiseLike<unknown>
}

/** A function that can be awaited. */
export function thenFunction(): PromiseLike<string | undefined> {
  // biome-ignore lint/suspicious/noThenProperty: that is what it is about.
  return Object.assign(() => {}, { then: (resolve: (value: string | undefined) => void) => resolve(kindHere()) }) as never
}

/** Never ends, though a promise says that it has a value. */
export function thenNever(): PromiseLike<unknown> {
  // biome-ignore lint/suspicious/noThenProperty: that is what it is about.
  return Promise.resolve().then(() => ({ then() {} })) as PromiseLike<unknown>
}

export async function submitNested(pool: Executor, n: number): Promise<number> {
  return (await pool.submit(double, n)) + 1
}

export async function mapNested(pool: Executor, numbers: number[]): Promise<number[]> {
  return pool.map(double, numbers).toArray()
}

export async function streamNested(pool: Executor, n: number): Promise<number[]> {
  const items: number[] = []
  for await (const item of pool.stream(countTo, n)) items.push(item)
  return items
}

/** With what a callback fails there. */
export async function callBackFailure(fails: () => Promise<unknown>): Promise<{ name: string; path: unknown }> {
  try {
    await fails()
    return { name: 'it went well', path: undefined }
  } catch (error) {
    const { name, path } = error as { name: string; path?: unknown } // An error.
    return { name, path }
  }
}

/** With what the future of a call inside fails; submit itself must not throw. */
export async function submitUnshippable(pool: Executor): Promise<string | undefined> {
  return ((await pool.submit(echo<unknown>, new WeakMap()).exception()) as Error | undefined)?.name
}

/** Leaves the loop after the first item. */
export async function leaveNestedStream(pool: Executor, n: number): Promise<number> {
  for await (const item of pool.stream(countTo, n)) return item
  return 0
}

/** Reads on after leaving. */
export async function readAfterLeaving(pool: Executor): Promise<unknown[]> {
  const items = pool.stream(countTo, 3)
  const waiting = items.next()
  await items.return?.()
  const left = await Promise.race([waiting.then(() => 'settled'), new Promise((resolve) => setTimeout(resolve, 2_000, 'hangs'))])
  return [left, await items.next(), await items.next()]
}

/** Blocks its thread for each call that it has made. */
export function fibonacciSync(pool: Executor, n: number): number {
  if (n < 2) return n
  return pool.submit(fibonacciSync, pool, n - 1).resultSync() + pool.submit(fibonacciSync, pool, n - 2).resultSync()
}

/** Each call waits for two others of its own pool. */
export async function fibonacci(pool: Executor, n: number): Promise<number> {
  if (n < 2) return n
  const [a, b] = await Promise.all([pool.submit(fibonacci, pool, n - 1), pool.submit(fibonacci, pool, n - 2)])
  return a + b
}

/** The name of the error that resultSync() throws for a call of its own. */
export function nameOfNestedError(pool: Executor, way: 'exits' | 'hangs' | 'gives what cannot cross'): string {
  try {
    const future =
      way === 'exits'
        ? pool.submit(exitWith, 3)
        : way === 'hangs'
          ? pool.with({ timeout: 50, grace: 10 }).submit(never)
          : pool.submit(weakMap)
    return `no error but ${String(future.resultSync({ timeout: 10_000 }))}`
  } catch (error) {
    return error instanceof Error ? error.name : 'another error'
  }
}

/** The name of the error of a call of its own, long after it has ended. */
export async function outliveNested(pool: Executor, way: 'exits' | 'hangs'): Promise<string> {
  const future = way === 'exits' ? pool.submit(exitWith, 3) : pool.with({ timeout: 50, grace: 10 }).submit(never)
  const error = await future.exception()
  await pause(200)
  return error instanceof Error ? error.name : 'no error'
}

export function never(): Promise<never> {
  return new Promise(() => {})
}

export function weakMap(): WeakMap<object, unknown> {
  return new WeakMap()
}

/** An instance of the class Reading of a module. */
export async function readingOf(url: string, value: number): Promise<{ readonly value: number }> {
  const { Reading } = (await import(url)) as { Reading: new (value: number) => { readonly value: number } }
  return new Reading(value)
}

export async function failNested(pool: Executor): Promise<string> {
  const error = await pool.submit(throwDeviceError, 'sw1', 22).exception()
  return error instanceof DeviceError ? error.device.host : 'another error'
}

export function byteLengthOf(buffer: ArrayBuffer): number {
  return buffer.byteLength
}

export function lengthOfShared(handle: Shared<ReadonlySet<unknown>>): number {
  return handle.get().size
}

export function addToSet(set: Set<number>, n: number): number {
  return set.add(n).size
}

export function lengthOfSet(value: ReadonlySet<unknown>): number {
  return value.size
}

export async function callBack(fn: (n: number) => unknown, n: number): Promise<unknown> {
  return fn(n)
}

/** Of this process and thread: what travels is what the submitter put there, if anything does. */
export const context = new AsyncLocalStorage<string>()

export async function contextHere(): Promise<string | undefined> {
  await pause(1)
  return context.getStore()
}

export function returnWeakMap(): WeakMap<object, number> {
  return new WeakMap()
}

export function isAborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve(signal.reason)
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)))
}
