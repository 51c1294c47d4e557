import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'rungs-package-'))
const installed = join(folder, 'node_modules', 'rungs')

/** Installs the tarball of the package in an empty folder, with acorn packed from here: no network. */
beforeAll(() => {
  const pack = (from: string, ...flags: string[]) => npm(root, 'pack', from, '--pack-destination', folder, '--silent', ...flags).trim()
  // The last line: what a prepack script prints comes before.
  const rungs = pack('./packages/rungs').split('\n').at(-1) ?? ''
  const acorn = pack('./node_modules/acorn', '--ignore-scripts')
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  npm(folder, 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', `./${rungs}`, `./${acorn}`)
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the packed package, installed in an empty folder', () => {
  it('loads with import and with require, without a warning, and both give the same classes', () => {
    writeFileSync(
      join(folder, 'both.cjs'),
      `const required = require('rungs')
      const testing = require('rungs/testing')
      import('rungs').then(async (imported) => {
        const different = Object.keys(imported).filter((name) => imported[name] !== required[name])
        const names = Object.keys(imported)
        const testingNames = Object.keys(await import('rungs/testing')).filter((name) => name in testing)
        console.log(JSON.stringify({ names, different, testingNames }))
      })`,
    )
    const run = node('both.cjs')
    const { names, different, testingNames } = JSON.parse(run)
    expect(names.length).toBeGreaterThan(0)
    expect(testingNames.length).toBeGreaterThan(0)
    expect(different).toEqual([])
  })

  it('runs calls from an ES module and from CommonJS', () => {
    const program = `async function main({ TaskPoolExecutor, ThreadPoolExecutor }) {
      const answers = []
      for (const Executor of [TaskPoolExecutor, ThreadPoolExecutor]) {
        const pool = new Executor(1)
        answers.push(await pool.submit((x) => x * 2, 21))
        await pool.shutdown()
      }
      console.log(JSON.stringify(answers))
    }`
    writeFileSync(join(folder, 'calls.mjs'), `import * as rungs from 'rungs'\n${program}\nawait main(rungs)\n`)
    writeFileSync(join(folder, 'calls.cjs'), `${program}\nmain(require('rungs'))\n`)
    expect(JSON.parse(node('calls.mjs'))).toEqual([42, 42])
    expect(JSON.parse(node('calls.cjs'))).toEqual([42, 42])
  })

  it('has declarations that compile in a strict project that checks its libraries', () => {
    writeFileSync(
      join(folder, 'user.ts'),
      `import { ThreadPoolExecutor, type Future } from 'rungs'
      import * as testing from 'rungs/testing'
      export async function main(): Promise<number> {
        await using pool = new ThreadPoolExecutor(2)
        const future: Future<number> = pool.submit((x: number) => x * 2, 21)
        void testing
        return await future
      }`,
    )
    const types = join(root, 'node_modules', '@types')
    const flags = ['--strict', '--noEmit', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2023,esnext.disposable']
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
    expect(node(tsc, ...flags, '--types', 'node', '--typeRoots', types, 'user.ts')).toBe('')
  }, 60_000)

  it('holds the build, its sources, a README and a licence, and nothing else', () => {
    const files = filesOf(installed)
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts']),
    )
    const allowed =
      /^(LICENSE|README\.md|package\.json|dist\/.+\.(js|d\.ts)(\.map)?|dist\/.+\.(cjs|d\.cts)(\.map)?|(src|dist)\/.+\.md|src\/.+\.c?ts)$/
    expect(files.filter((file) => !allowed.test(file) || /\.test\./.test(file))).toEqual([])
  })

  it('mentions no folder of the machine that built it', () => {
    const secret = [root, join(homedir(), sep), join(tmpdir(), sep)]
    const telling = filesOf(installed).filter((file) => {
      const text = readFileSync(join(installed, file), 'utf8')
      return secret.some((path) => text.includes(path))
    })
    expect(telling).toEqual([])
  })

  it('depends on exact versions', () => {
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  })
})

/** Runs node in the folder and gives what it printed; a warning, as all that is written to stderr, is an error. */
function node(...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: plainEnv() })
  if (status !== 0 || stderr !== '') throw new Error(`node ${args.join(' ')} ended with ${status}\n${stderr}${stdout}`)
  return stdout
}

/** Without what the test runner sets for itself, such as NODE_ENV and NODE_OPTIONS. */
function plainEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: homedir(), TMPDIR: tmpdir() }
}

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', shell: process.platform === 'win32', stdio: ['ignore', 'pipe', 'ignore'] })
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(directory.length + 1)
        .split(sep)
        .join('/'),
    )
    .sort()
}
