// Two functions that write and read a variable: those of one call share it in a worker too, those of two calls do not.
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { outputOf } from './fixtures/output-of.js'
import { apart, together, told } from './fixtures/separate-calls.js'

const program = fileURLToPath(new URL('./fixtures/separate-calls.js', import.meta.url))

describe.each(['thread', 'process'])('functions, on a %s,', (kind) => {
  let results: ReadonlyMap<string, unknown>
  beforeAll(async () => {
    const lines = (await outputOf([program, kind])).trim().split('\n')
    results = new Map(lines.map((line) => JSON.parse(line) as { name: string; result: unknown }).map((one) => [one.name, one.result]))
  }, 60_000)

  it.each(Object.keys(together))('share a variable: %s', (name) => {
    expect(results.get(name)).toBe(1)
  })

  it.each(Object.keys(apart))('are refused: %s', (name) => {
    expect(results.get(name)).toMatch(/cannot be told whether .* share the variable n. Take both from one object/)
  })

  it.each(Object.keys(told))('are told apart %s', (name) => {
    expect(results.get(name)).toBe(0)
  })
})
