// Runs the tests on several majors of Node: node scripts/test-matrix.mjs [major …] [part of a test file's path …]
// The binaries come from the package `node`, and stay in the folder for temporary files for the next run.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const named = process.argv.slice(2).filter((word) => /^\d+$/.test(word))
const files = process.argv.slice(2).filter((word) => !/^\d+$/.test(word))
const majors = named.length > 0 ? named : ['22', '24', '26']
const reports = mkdtempSync(join(tmpdir(), 'rungs-matrix-'))

const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), '--quiet'], { stdio: 'inherit' })
if (build.status !== 0) process.exit(build.status ?? 1)

const rows = majors.map((major) => {
  console.log(`\n== Node ${major}`)
  return test(major)
})
rmSync(reports, { recursive: true })
console.table(rows)
process.exit(rows.every((row) => row.result === 'passed') ? 0 : 1)

/** @param {string} major */
function test(major) {
  const binary = install(major)
  if (binary === undefined) return { node: major, result: 'could not be installed' }
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim()
  const report = join(reports, `${major}.json`)
  const started = performance.now()
  const { status } = spawnSync(binary, [vitest, 'run', ...files, '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`], {
    cwd: root,
    stdio: 'inherit',
    // What the tests start by name, such as npm, runs on this Node as well.
    env: { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` },
  })
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {}
  return {
    node: version,
    result: status === 0 ? 'passed' : 'failed',
    passed: counts.numPassedTests,
    failed: counts.numFailedTests,
    skipped: counts.numPendingTests,
    seconds: Math.round((performance.now() - started) / 1000),
  }
}

/**
 * @param {string} major
 * @returns {string | undefined} the path of the binary
 */
function install(major) {
  const folder = join(tmpdir(), 'rungs-node', major)
  const binary = join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    spawnSync('npm', ['install', '--no-audit', '--no-fund', '--silent', `node@${major}`], {
      cwd: folder,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    })
  }
  return existsSync(binary) ? binary : undefined
}
