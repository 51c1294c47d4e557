// Compiles the workspaces that exist, lowest first: node scripts/build.mjs [--quiet] [workspace …]
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const quiet = process.argv.includes('--quiet')
const named = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))
const workspaces = (named.length > 0 ? named : ['packages/rungs', 'examples', 'bench']).filter((folder) =>
  existsSync(join(root, folder, 'tsconfig.json')),
)

for (const folder of workspaces) {
  const started = performance.now()
  removeOrphans(join(root, folder))
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, folder)], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  if (folder === 'packages/rungs') await bundle(join(root, folder))
  if (!quiet) console.log(`built ${folder} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

/**
 * Deletes compiled files whose source is gone: a test or a tarball must not find them.
 * @param {string} folder
 */
function removeOrphans(folder) {
  const src = join(folder, 'src')
  // The compiler notes in one of them what it has written into both.
  if (!existsSync(join(folder, 'dist'))) rmSync(join(folder, 'build'), { recursive: true, force: true })
  for (const built of [join(folder, 'dist'), join(folder, 'build')].filter(existsSync)) {
    for (const entry of readdirSync(built, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name)
      const source = join(src, relative(built, file)).replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts')
      if (entry.isFile() && source.endsWith('.ts') && !source.endsWith('.chunk.ts') && !existsSync(source)) rmSync(file)
    }
  }
}
