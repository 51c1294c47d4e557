import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readLayers, tableProblems, violations } from './architecture.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const src = join(root, 'packages/rungs/src')
const layers = readLayers(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'))

describe('the layer table of ARCHITECTURE.md', () => {
  it('lets imports go to a lower floor only', () => {
    expect(tableProblems(layers)).toEqual([])
  })

  it('gives every layer a floor', () => {
    for (const layer of layers.values()) expect(layer.floor, layer.name).toBeGreaterThanOrEqual(0)
  })

  it('is kept by every file of the library', () => {
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => ({ path: path.split(sep).join('/'), text: readFileSync(join(src, path), 'utf8') }))
    expect(files.length).toBeGreaterThan(0)
    expect(violations(files, layers)).toEqual([])
  })

  it('lists every layer that has a folder', () => {
    const folders = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect([...layers.keys()]).toEqual(expect.arrayContaining(folders.map((folder) => folder.name)))
  })

  it('allows from outside nothing that the package does not declare', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages/rungs/package.json'), 'utf8'))
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies }
    for (const layer of layers.values()) {
      if (!existsSync(join(src, layer.name))) continue
      const packages = [...layer.outside].filter((name) => !name.startsWith('node:'))
      expect(Object.keys(declared), layer.name).toEqual(expect.arrayContaining(packages))
    }
  })
})

describe('the check', () => {
  const table = [
    '| layer | floor | holds | may import | from outside |',
    '|---|---|---|---|---|',
    '| `high` | 1 | `words` here mean nothing | `low` | `node:*`, `acorn`, `@scope/name` |',
    '| `low` | 0 | | | `node:util` |',
    '',
  ].join('\n')
  const small = readLayers(table)
  const low = { path: 'low/b.ts', text: 'export const b = 1' }
  const check = (path: string, text: string) => violations([low, { path: 'high/a.ts', text: '' }, { path, text }], small)

  it('reads layers, floors and allowances', () => {
    expect(small.get('high')).toEqual({
      name: 'high',
      floor: 1,
      mayImport: new Set(['low']),
      outside: new Set(['node:*', 'acorn', '@scope/name']),
    })
    expect([...small.keys()]).toEqual(['high', 'low'])
  })

  it('accepts what the table allows', () => {
    const text = `import { b } from '../low/b.js'
      import fs from 'node:fs'
      import { parse } from 'acorn'
      import { x } from '@scope/name/deep'
      export { c } from './a.js'`
    expect(check('high/c.ts', text)).toEqual([])
  })

  it.each([
    ['an import', `import { a } from '../high/a.js'`],
    ['an import of a type', `import type { a } from '../high/a.js'`],
    ['an import for its effects', `import '../high/a.js'`],
    ['a re-export', `export * from '../high/a.js'`],
    ['an import() call', `export const a = () => import('../high/a.js')`],
    ['an import() type', `export type A = import('../high/a.js').A`],
    ['a require()', `const a = require('../high/a.js')`],
    ['a worker file', `new URL('../high/a.js', import.meta.url)`],
  ])('catches %s that goes up', (_, text) => {
    expect(check('low/c.ts', text)).toEqual(['low/c.ts:1 low may not import high (../high/a.js)'])
  })

  it('catches a built-in or a package that the row does not name', () => {
    expect(check('low/c.ts', `import 'node:fs'`)).toEqual(['low/c.ts:1 low may not import node:fs'])
    expect(check('low/c.ts', `\nimport 'acorn'`)).toEqual(['low/c.ts:2 low may not import acorn'])
    expect(check('high/c.ts', `import '@scope/other/name'`)).toEqual(['high/c.ts:1 high may not import @scope/other/name'])
    expect(check('high/c.ts', `import 'fs'`)).toEqual(['high/c.ts:1 high may not import fs'])
  })

  it('catches an import of a file that is not there', () => {
    expect(check('high/c.ts', `import './gone.js'`)).toEqual(['high/c.ts:1 imports ./gone.js, which is not a source file'])
  })

  it('catches a folder that has no row, and a file beside index.ts', () => {
    expect(check('new/c.ts', '')).toEqual(['new/c.ts is in no layer of the table'])
    expect(check('c.ts', '')).toEqual(['c.ts is in no layer of the table'])
  })

  it('catches an index.ts that does more than re-export', () => {
    const text = `export { b } from './low/b.js'\nexport const c = 1\nimport './low/b.js'`
    expect(check('index.ts', text)).toEqual([
      `index.ts:2 an index.ts only re-exports: export … from '…'`,
      `index.ts:3 an index.ts only re-exports: export … from '…'`,
    ])
    expect(check('high/index.ts', 'console.log(1)')).toHaveLength(1)
  })

  it('catches a table whose imports do not go down', () => {
    const rows = '| layer | floor | may import |\n|---|---|---|\n| `a` | 0 | `b`, `c` |\n| `b` | 0 | |\n'
    expect(tableProblems(readLayers(rows))).toEqual(['a may import b, which is not on a lower floor', 'a may import c, which has no row'])
  })
})
