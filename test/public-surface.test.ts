import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Surface, surfaceOf } from './public-surface.js'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const config = path('../packages/rungs/tsconfig.json')

const entries = [
  { entry: 'rungs', file: '../packages/rungs/src/index.ts' },
  { entry: 'rungs/sync', file: '../packages/rungs/src/sync.ts' },
  { entry: 'rungs/testing', file: '../packages/rungs/src/testing/index.ts' },
]

describe.each(entries)('$entry', ({ entry, file }) => {
  let surface: Surface
  beforeAll(() => {
    surface = surfaceOf(path(file), config)
  })

  it('exports the names that were reviewed', async () => {
    // A change here is a change of the public surface: npx vitest run test/public-surface.test.ts -u, and a changeset.
    await expect(`${surface.names.join('\n')}\n`).toMatchFileSnapshot(`./public-surface/${entry.replace('/', '-')}.txt`)
  })

  it('exports at run time what its types say', async () => {
    const values = surface.names
      .filter((name) => /^(class|function|const|enum) /.test(name))
      .map((name) => name.slice(name.indexOf(' ') + 1))
    expect(Object.keys(await import(entry)).sort()).toEqual(values.sort())
  })

  it('has a doc comment for every exported name and every public member', () => {
    expect(surface.undocumented).toEqual([])
  })
})

describe('the check', () => {
  it('lists kinds and names, and what has no doc comment', () => {
    expect(surfaceOf(path('fixtures/undocumented.ts'), config)).toEqual({
      names: [
        'type Bare',
        'interface BareShape',
        'class Documented',
        'type Options',
        'class Round',
        'interface Shape',
        'function bare',
        'const constant',
        'function overloaded',
      ],
      undocumented: [
        'Bare',
        'BareShape',
        'Documented.field',
        'Documented.parameter',
        'Documented.other',
        'Documented.value',
        'Documented.bare',
        'Options.bare',
        'Round.bare',
        'Shape.bare',
        'bare',
      ],
    })
  })
})
