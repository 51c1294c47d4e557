import assert from 'node:assert/strict'
import { arrayOf } from './generators.js'
import type { Group } from './scene.js'

export const captureCases: Group = (add, { separate }) => {
  if (!separate) return

  for (const options of [{ bufferSize: 1 }, { bufferSize: 2, chunkSize: 2 }, { chunkSize: 'auto' }, {}] as const) {
    add(`all calls of a map have the values of the moment in which it was called: ${JSON.stringify(options)}`, async ({ open }) => {
      let factor = 2
      const offset = { by: 1 }
      const results = open({ maxWorkers: 1 }).map((n: number) => n * factor + offset.by, arrayOf(100), options)
      factor = 1_000
      offset.by = 1_000
      assert.deepEqual(
        await results.toArray(),
        arrayOf(100).map((n) => n * 2 + 1),
      )
    })
  }

  add('… also where its items come later, or have to wait for room', async ({ open }) => {
    let factor = 2
    async function* items(): AsyncGenerator<[number]> {
      for (let n = 1; n <= 3; n++) yield [n]
    }
    const ofAsync = open().starmap((n: number) => n * factor, items())
    const waiting = open({ maxWorkers: 1, maxQueue: 1, onFull: 'wait' }).map((n: number) => n * factor, arrayOf(6))
    factor = 1_000
    assert.deepEqual(await ofAsync.toArray(), [2, 4, 6])
    assert.deepEqual(
      await waiting.toArray(),
      arrayOf(6).map((n) => n * 2),
    )
  })
}
