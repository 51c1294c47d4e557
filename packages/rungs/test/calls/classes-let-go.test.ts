// Classes that a function makes each time it is called are gone when nobody has them any more, here and in the workers.
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { outputOf } from './fixtures/output-of.js'

const program = fileURLToPath(new URL('./fixtures/classes-let-go.js', import.meta.url))

describe.each(['thread', 'process'])('classes that are made again and again, sent to a %s', (kind) => {
  let lines: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  beforeAll(async () => {
    const out = await outputOf(['--expose-gc', program, kind])
    const all = out.split('\n').filter((line) => line.startsWith('{'))
    lines = new Map(all.map((line) => JSON.parse(line) as { name: string }).map((one) => [one.name, one]))
  }, 60_000)

  it.each(['capture an object', 'capture a constant', 'come back as instances', 'are made there', 'are made there, and come as instances'])(
    '%s',
    (name) => {
      const { right, alive, here, there } = lines.get(name) as Record<string, number>
      expect(right).toBe(1)
      expect(alive).toBeLessThan(0.2)
      // Each was four to thirteen thousand.
      expect(here).toBeLessThan(3_000)
      expect(there).toBeLessThan(3_000)
    },
  )

  it('are the originals when they come back, also those that extend others', () => {
    expect(lines.get('errors')?.errors).toEqual(Array(40).fill(true))
  })

  it('outlive the originals there, and come back as they are', () => {
    const { gone, results } = lines.get('outlived') as { gone: boolean; results: unknown }
    expect(gone).toBe(true)
    expect(results).toEqual(Array.from({ length: 150 }, (_, n) => n))
  })
})
