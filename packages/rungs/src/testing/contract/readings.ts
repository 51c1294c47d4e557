// Functions that give instances of a class whose module they import: it need not be loaded where their outcomes are read.
import type { Callback } from '../../calls/marks.js'
import { currentCall } from '../../core/current-call.js'
import type { Executor } from '../../core/executor.js'

/** What such a class is like. */
export interface ReadingLike {
  /** What it was made with. */
  readonly value: number
}

type Reading = new (value: number) => ReadingLike

/** The text of a module with such a class, which takes a moment to load. */
export const readingModule = `
await new Promise((resolve) => setTimeout(resolve, 20))
export class Reading { constructor(value) { this.value = value } }`

async function classOf(url: string): Promise<Reading> {
  const { Reading } = (await import(url)) as { Reading: Reading }
  return Reading
}

/** Yields a reading, then numbers and readings in turns. */
export async function* readings(url: string, count: number): AsyncGenerator<ReadingLike | number> {
  const Reading = await classOf(url)
  for (let n = 0; n < count; n++) yield n % 2 === 0 ? new Reading(n) : n
}

/** One of a map: an instance for every even number. */
export async function readingOrNumber({ url, n }: { readonly url: string; readonly n: number }): Promise<ReadingLike | number> {
  const Reading = await classOf(url)
  return n % 2 === 0 ? new Reading(n) : n
}

/** Tells of a reading and a number, and gives a number. */
export async function tellReading(url: string): Promise<number> {
  const Reading = await classOf(url)
  currentCall()?.progress(new Reading(1))
  currentCall()?.progress(2)
  return 3
}

/** Reads the stream of another call. */
export async function readNested(pool: Executor, url: string): Promise<readonly number[]> {
  const seen: number[] = []
  for await (const item of pool.stream(readings, url, 4)) seen.push(typeof item === 'number' ? item : item.value)
  return seen
}

/** Yields a number, then an instance of a class that only a worker can import, and goes on for as long as it is read. */
export async function* unreadable(url: string): AsyncGenerator<unknown> {
  yield 0
  const Reading = await classOf(url)
  for (let n = 1; ; n++) yield new Reading(n)
}

/** One of a map: an instance of a class that only a worker can import for the second item. */
export async function unreadableSecond(url: string, index: number): Promise<unknown> {
  const Reading = await classOf(url)
  return index === 1 ? new Reading(index) : index
}

/** Calls back with a reading, then with numbers. */
export async function tellReadings(told: Callback<[ReadingLike | number], void>, url: string): Promise<void> {
  const Reading = await classOf(url)
  void told(new Reading(3))
  void told(1)
  await told(2)
}
