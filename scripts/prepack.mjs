// What npm runs before it packs packages/rungs: a fresh build, and the README of the repository, which is the one of the package too.
import { spawnSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const build = fileURLToPath(new URL('build.mjs', import.meta.url))
const { status } = spawnSync(process.execPath, [build, '--quiet', 'packages/rungs'], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
copyFileSync(new URL('../README.md', import.meta.url), new URL('../packages/rungs/README.md', import.meta.url))
