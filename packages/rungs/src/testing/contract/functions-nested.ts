// Functions that get an executor and submit calls to it. See functions.ts.
import { setTimeout as pause } from 'node:timers/promises'
import type { Executor } from '../../core/executor.js'
import { Future } from '../../core/future.js'
import { DeviceError, double, echo, never, throwDeviceError, weakMap } from './functions.js'
import { exitWith } from './functions-deadly.js'
import { countTo } from './generators.js'

/** Waits for the end of the pool that it runs in. */
export async function waitForEnd(pool: Executor): Promise<void> {
  await pool.shutdown()
}

/** Gives the future itself. */
export function returnNested(pool: Executor, n: number): Future<number> {
  return pool.submit(double, n)
}

/** Futures in its result: of one that gives a value, one that fails, and one that never ends. */
export function futuresNested(pool: Executor): { value: Future<number>; failures: Future<never>[]; endless: Future<never> } {
  return {
    value: pool.submit(double, 4),
    failures: [pool.submit(throwDeviceError, 'router', 22)],
    endless: pool.with({ key: 'endless' }).submit(never),
  }
}

export async function settledNested(pool: Executor): Promise<Future<number>[]> {
  const future = pool.submit(double, 4)
  await future
  return [future, future]
}

/** A future is an argument of the next call. */
export async function passNested(pool: Executor, n: number): Promise<number> {
  return pool.submit(addOne, { to: pool.submit(double, n) })
}

export async function addOne({ to }: { to: Future<number> }): Promise<number> {
  return (await to) + 1
}

/** A future that ends with the worker, at the latest. */
export function futureOfWorker(): Future<never>[] {
  return [Future.withResolvers<never>().future]
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

export async function failNested(pool: Executor): Promise<string> {
  const error = await pool.submit(throwDeviceError, 'sw1', 22).exception()
  return error instanceof DeviceError ? error.device.host : 'another error'
}
