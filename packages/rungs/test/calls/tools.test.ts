// Programs that a tool has rewritten before they run: types taken away in memory, everything in one file, names made short.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, it, onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('./fixtures/typed-program.ts', import.meta.url))
const root = fileURLToPath(new URL('../../../..', import.meta.url))
const rungs = new URL('../../dist/index.js', import.meta.url).href

const expected = {
  closure: 8,
  recursion: '2432902008176640000',
  imported: 40,
  importsInside: [20, 'b.ts', 5],
  point: true,
  back: 4_000_000,
  late: ['late by 5 ms', 5],
  map: [3, 6, 9],
  refused: true,
}

async function outputOf(...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

it('tsx', async () => {
  expect(await outputOf('--import', import.meta.resolve('tsx'), program)).toEqual(expected)
}, 30_000)

it.each([{ minify: true }, { minify: false }])(
  'a bundle by esbuild, minify: $minify',
  async ({ minify }) => {
    const folder = mkdtempSync(join(tmpdir(), 'rungs-bundle-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const outfile = join(folder, 'program.mjs')
    await build({
      entryPoints: [program],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      minify,
      // The library starts threads from its own files, so it stays outside, as packages do in bundles for servers.
      plugins: [{ name: 'rungs', setup: (b) => b.onResolve({ filter: /^rungs$/ }, () => ({ path: rungs, external: true })) }],
    })
    expect(await outputOf(outfile)).toEqual(expected)
  },
  30_000,
)

it('Vitest with threads instead of processes', async () => {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const args = [vitest, 'run', '--pool', 'threads', '--reporter', 'json', '--root', root, 'packages/rungs/test/calls/from-vitest.test.ts']
  expect(await outputOf(...args)).toMatchObject({ success: true, numPassedTests: 5 })
}, 30_000)
