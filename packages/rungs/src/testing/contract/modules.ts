import assert from 'node:assert/strict'
import { threadId } from 'node:worker_threads'
import { double } from './functions.js'
import { arrayOf } from './generators.js'
import { readingModule, readingOrNumber, readings, readNested, tellReading, unreadable, unreadableSecond } from './readings.js'
import type { Group } from './scene.js'

/** A class that can be loaded in workers only. `main`: the thread of this process that reads the outcomes. */
const elsewhereOnly = (main: number): string => `
import { threadId } from 'node:worker_threads'
if (process.pid === ${process.pid} && threadId === ${main}) throw new Error('not here')
export class Reading { constructor(value) { this.value = value } }`

export const moduleCases: Group = (add, { separate }) => {
  add('a stream gives its items in order, though the module of their class has to be loaded here first', async ({ open, module }) => {
    const { url } = module(readingModule)
    const seen: unknown[] = []
    for await (const item of open().stream(readings, url, 6)) seen.push(typeof item === 'number' ? item : item.value)
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5])
  })

  for (const chunkSize of [1, 2, 8] as const) {
    add(
      `a map gives all its values, though the module of their class has to be loaded here first (chunkSize: ${chunkSize})`,
      async (scene) => {
        const { url } = scene.module(readingModule)
        const items = arrayOf(8).map((n) => ({ url, n }))
        const results = await scene.open({ maxWorkers: 1 }).map(readingOrNumber, items, { chunkSize }).toArray()
        assert.deepEqual(
          results.map((result) => (typeof result === 'number' ? result : result.value)),
          arrayOf(8),
        )
      },
    )
  }

  add('progress is told in order and before the result, though a module has to be loaded here first', async ({ open, module }) => {
    const { url } = module(readingModule)
    const told: unknown[] = []
    const pool = open().with({ onProgress: (value) => told.push((value as { value?: number }).value ?? value) })
    assert.equal(await pool.submit(tellReading, url), 3)
    assert.deepEqual(told, [1, 2])
  })

  add('a call that reads a stream of its pool gets the items in order, though a module has to be loaded there first', async (scene) => {
    const { url } = scene.module(readingModule)
    const pool = scene.open({ maxWorkers: 2 })
    assert.deepEqual(await pool.submit(readNested, pool, url), [0, 1, 2, 3])
  })

  if (!separate) return

  add(
    'a stream fails with the error when the module of an item cannot be loaded here; the generator is ended',
    async ({ open, module }) => {
      const { url } = module(elsewhereOnly(threadId))
      const pool = open({ maxWorkers: 1 })
      const items = pool.stream(unreadable, url)
      assert.deepEqual(await items.next(), { done: false, value: 0 })
      await assert.rejects(items.next(), /not here/)
      assert.equal(await pool.submit(double, 2), 4)
    },
  )

  add('items of a chunk fail with the error when the module of one cannot be loaded here; the map ends', async ({ open, module }) => {
    const { url } = module(elsewhereOnly(threadId))
    const pool = open({ maxWorkers: 1 })
    const outcomes = await pool.map(unreadableSecond, [url, url, url], { chunkSize: 3, onError: 'settle' }).toArray()
    assert.equal(outcomes.length, 3)
    const second = outcomes[1]
    assert.ok(second?.status === 'rejected')
    assert.match(String(second.reason), /not here/)
    assert.equal(await pool.submit(double, 2), 4)
  })
}
