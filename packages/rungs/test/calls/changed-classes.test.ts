// Classes and functions that workers have, and that somebody changes here: the next call has them as they are then.
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { cases } from './fixtures/changed-classes.js'
import { outputOf } from './fixtures/output-of.js'

const program = fileURLToPath(new URL('./fixtures/changed-classes.js', import.meta.url))

interface Seen {
  readonly name: string
  readonly was: unknown
  readonly before: readonly unknown[]
  readonly is: unknown
  readonly after: readonly unknown[]
}

describe.each(['thread', 'process'])('when a %s has it already', (kind) => {
  let seen: ReadonlyMap<string, Seen>
  beforeAll(async () => {
    const lines = (await outputOf([program, kind])).trim().split('\n')
    seen = new Map(lines.map((line) => JSON.parse(line) as Seen).map((one) => [one.name, one]))
  }, 60_000)

  it.each(Object.keys(cases))('%s', (name) => {
    const { was, before, is, after } = seen.get(name) as Seen
    expect(is, 'the change makes no difference').not.toEqual(was)
    expect(before).toEqual(before.map(() => was))
    expect(after).toEqual(after.map(() => is))
  })
})
