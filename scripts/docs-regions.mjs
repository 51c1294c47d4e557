// The TypeScript blocks of README.md and docs/ are regions of files that the tests run.
//
//   ```ts file=examples/src/readme/tasks.ts region=tasks        // #region tasks
//   …                                                     ◀──     …
//   ```                                                         // #endregion
//
// node scripts/docs-regions.mjs           lists the blocks that differ from their region or have none
// node scripts/docs-regions.mjs --write   rewrites the blocks from their regions
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const fence = /^```(?:ts|tsx|mts|cts|typescript|js|mjs|cjs|javascript)\b([^\n]*)\n([\s\S]*?)^```$/gm

/** @typedef {{ code: string } | { problem: string }} Source  What a block should hold, or why nobody can know. */

/** The markdown files whose blocks are checked, as paths from the root. */
export function pages() {
  const docs = existsSync(join(root, 'docs')) ? readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }) : []
  return ['README.md', ...docs.filter((file) => file.endsWith('.md')).map((file) => join('docs', file))]
}

/**
 * The markdown with every block replaced by its region, and what is wrong with it as it stands.
 * @param {string} page
 * @param {string} markdown
 * @param {(file: string) => string | undefined} read
 */
export function sync(page, markdown, read = readFromRoot) {
  /** @type {string[]} */
  const problems = []
  const synced = markdown.replace(fence, (block, info, code, offset) => {
    const where = `${page}:${markdown.slice(0, offset).split('\n').length}`
    const source = sourceOf(info, read)
    if ('problem' in source) problems.push(`${where} ${source.problem}`)
    else if (source.code !== code) problems.push(`${where} differs from its region${info}`)
    else return block
    return 'code' in source ? block.replace(`\n${code}`, () => `\n${source.code}`) : block
  })
  return { synced, problems }
}

/**
 * The lines between `// #region name` and the next `// #endregion`, without their common indentation.
 * @param {string} text
 * @param {string} name
 */
export function regionOf(text, name) {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const start = lines.findIndex((line) => line.trim() === `// #region ${name}`)
  const length = lines.slice(start + 1).findIndex((line) => line.trim().startsWith('// #endregion'))
  if (start < 0 || length < 0) return undefined
  const region = lines.slice(start + 1, start + 1 + length)
  const indent = Math.min(...region.filter((line) => line !== '').map((line) => line.length - line.trimStart().length))
  return region.map((line) => `${line.slice(indent)}\n`).join('')
}

/**
 * @param {string} info  what follows the language in the first line of a block
 * @param {(file: string) => string | undefined} read
 * @returns {Source}
 */
function sourceOf(info, read) {
  const file = /\bfile=(\S+)/.exec(info)?.[1]
  const name = /\bregion=(\S+)/.exec(info)?.[1]
  if (file === undefined || name === undefined) return { problem: 'names no region: write ```ts file=examples/src/… region=…' }
  const text = read(file)
  if (text === undefined) return { problem: `is a region of ${file}, which does not exist` }
  const code = regionOf(text, name)
  return code === undefined ? { problem: `is region ${name} of ${file}, which has no such region` } : { code }
}

/** @param {string} file */
function readFromRoot(file) {
  return existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = process.argv.includes('--write')
  let left = 0
  for (const page of pages()) {
    const markdown = readFromRoot(page) ?? ''
    const { synced, problems } = sync(page, markdown)
    if (write && synced !== markdown) writeFileSync(join(root, page), synced)
    const remaining = write ? sync(page, synced).problems : problems
    for (const problem of remaining) console.error(problem)
    left += remaining.length
  }
  if (left > 0) process.exit(1)
}
