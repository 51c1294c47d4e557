import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { pages, regionOf, sync } from '../scripts/docs-regions.mjs'

describe('every TypeScript block of the documentation is code that the tests run', () => {
  it.each(pages())('%s', (page) => {
    const { problems } = sync(page, readFileSync(new URL(`../${page}`, import.meta.url), 'utf8'))
    expect(problems, 'npm run docs:sync rewrites blocks that differ').toEqual([])
  })
})

describe('the comparison', () => {
  const file = ['import x', '', '  // #region one', '  if (a) {', '    b()', '', '  }', '  // #endregion', 'end', ''].join('\n')
  const read = (name: string) => (name === 'a.ts' ? file : undefined)
  const block = (info: string, code: string) => `# Title\n\n\`\`\`ts${info}\n${code}\`\`\`\n\ntext\n`
  const region = 'if (a) {\n  b()\n\n}\n'

  it('takes the lines of a region without their common indentation', () => {
    expect(regionOf(file, 'one')).toBe(region)
    expect(regionOf(file, 'two')).toBeUndefined()
  })

  it('accepts a block that equals its region', () => {
    const page = block(' file=a.ts region=one', region)
    expect(sync('p.md', page, read)).toEqual({ synced: page, problems: [] })
  })

  it('reports a block that differs by a byte, and writes the region in its place', () => {
    const { synced, problems } = sync('p.md', block(' file=a.ts region=one', region.replace('b()', 'b( )')), read)
    expect(problems).toEqual(['p.md:3 differs from its region file=a.ts region=one'])
    expect(synced).toBe(block(' file=a.ts region=one', region))
  })

  it('reports a block without a region, without a file, and with a name that is not there', () => {
    const problemOf = (info: string) => sync('p.md', block(info, region), read).problems
    expect(problemOf('')).toEqual(['p.md:3 names no region: write ```ts file=examples/src/… region=…'])
    expect(problemOf(' file=b.ts region=one')).toEqual(['p.md:3 is a region of b.ts, which does not exist'])
    expect(problemOf(' file=a.ts region=two')).toEqual(['p.md:3 is region two of a.ts, which has no such region'])
  })
})
