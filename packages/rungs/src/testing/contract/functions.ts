// What the cases submit: functions of their arguments and of where they run. Beside them are those that are held (`functions-held`), that end their
// worker (`functions-deadly`), that keep something (`functions-stateful`), that submit more (`functions-nested`), the `generators`, and `readings`.
//
// All are exports of modules, so that they can be sent by reference, and none captures anything: they mean the same in tasks, threads and processes.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import type { Shared } from '../../calls/held.js'
import { type CurrentCall, currentCall } from '../../core/current-call.js'

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

export function reportProgress(values: readonly unknown[]): string {
  for (const value of values) currentCall()?.progress(value)
  return 'reported'
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

export function textOf(length: number): string {
  return 'x'.repeat(length)
}

export function idOfCall(): number | undefined {
  return currentCall()?.id
}

export function throwWeakMap(): never {
  throw new WeakMap()
}

/** Its second part cannot cross. */
export function throwPartly(): never {
  throw new AggregateError([new RangeError('first'), new WeakMap(), 'third'], 'some failed')
}

export function reasonOfSignal({ reason }: AbortSignal): unknown {
  return [reason instanceof Error, (reason as Error).name, (reason as Error).message]
}

/** Structured clone cannot copy it, and what is looked at before does not show that. */
export function longWithFunction(): number[] {
  return Object.assign(new Array<number>(100).fill(1), { sum: () => 100 })
}
