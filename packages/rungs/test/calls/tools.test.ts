// Programs that a tool has rewritten before they run: types taken away in memory, everything in one file, names made short, counters put in.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { expect, it, onTestFinished } from 'vitest'
import { outputOf } from './fixtures/output-of.js'

const program = fileURLToPath(new URL('./fixtures/typed-program.ts', import.meta.url))
const strippedProgram = fileURLToPath(new URL('./fixtures/stripped-program.ts', import.meta.url))
const root = fileURLToPath(new URL('../../../..', import.meta.url))
const rungs = new URL('../../dist/index.js', import.meta.url).href

/** It has no types. */
const { createInstrumenter } = createRequire(import.meta.url)('istanbul-lib-instrument') as {
  createInstrumenter(options: object): { instrumentSync(text: string, file: string): string }
}

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

const resultOf = async (...args: string[]): Promise<unknown> => JSON.parse(await outputOf(args))

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rungs-tools-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

it('tsx', async () => {
  expect(await resultOf('--import', import.meta.resolve('tsx'), program)).toEqual(expected)
}, 30_000)

const kinds = ['ThreadPoolExecutor', 'ProcessPoolExecutor']
// The library starts threads from its own files, so it stays outside, as packages do in bundles for servers.
const stayOutside: Plugin = {
  name: 'rungs',
  setup: (b) => b.onResolve({ filter: /rungs$|index\.js$/ }, () => ({ path: rungs, external: true })),
}

/** A program of two files that prints the stacks of what two calls have thrown. */
function throwingProgram(kind: string): string {
  const folder = temporaryFolder()
  const main = join(folder, 'main.mts')
  writeFileSync(
    join(folder, 'imported.mts'),
    'interface P {\n  n: number\n}\n\nexport function imported(p: P): never {\n  throw new RangeError(String(p.n))\n}\n',
  )
  writeFileSync(
    main,
    `import { ${kind} } from '${rungs}'
import { imported } from './imported.mts'
interface O {
  n: number
}
function inner(o: O): never {
  return imported(o)
}
const pool = new ${kind}(1)
const stacks = [inner, imported].map(async (fn) => ((await pool.submit(fn, { n: 1 }).exception()) as Error).stack)
console.log(JSON.stringify(await Promise.all(stacks)))
await pool.shutdown()
`,
  )
  return main
}

/** Frames of the program above, as the author knows them. */
const framesOf = (stack: string | undefined) =>
  stack?.match(/(?<=at )\w+ \(.*(main|imported)\.m[tj]s:\d+/g)?.map((frame) => frame.replace(/\(.*[\\/]/, ''))
const writtenFrames = [['imported imported.mts:6', 'inner main.mts:7'], ['imported imported.mts:6']]

it.each(kinds)(
  'the lines of stacks under tsx, from a %s',
  async (kind) => {
    const stacks = (await resultOf('--import', import.meta.resolve('tsx'), throwingProgram(kind))) as string[]
    expect(stacks.map(framesOf)).toEqual(writtenFrames)
  },
  30_000,
)

it.each(kinds)(
  'the lines of stacks of a compiled file, with --enable-source-maps, from a %s',
  async (kind) => {
    const main = throwingProgram(kind)
    const outfile = join(dirname(main), 'out', 'main.mjs')
    await build({ entryPoints: [main], outfile, bundle: true, platform: 'node', format: 'esm', sourcemap: true, plugins: [stayOutside] })
    const stacks = (await resultOf('--enable-source-maps', outfile)) as string[]
    expect(stacks.map(framesOf)).toEqual(writtenFrames)
    // Without the flag they are those that run.
    const plain = ((await resultOf(outfile)) as string[]).map(framesOf)
    expect(plain.flat().every((frame) => frame?.includes(' main.mjs:'))).toBe(true)
    expect(plain.map((frames) => frames?.length)).toEqual([2, 1])
  },
  30_000,
)

it.skipIf(!Reflect.get(process.features, 'typescript'))(
  "Node's own taking away of types",
  async () => {
    expect(await resultOf(strippedProgram)).toEqual({
      closure: 8,
      imported: 40,
      inside: 20,
      point: true,
      refused: expect.stringMatching(/captured variable pending of an arrow function \(.*stripped-program\.ts:24\)/),
    })
  },
  30_000,
)

it.each([{ minify: true }, { minify: false }])(
  'a bundle by esbuild, minify: $minify',
  async ({ minify }) => {
    const outfile = join(temporaryFolder(), 'program.mjs')
    await build({
      entryPoints: [program],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      minify,
      plugins: [stayOutside],
    })
    expect(await resultOf(outfile)).toEqual(expected)
  },
  30_000,
)

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

it.each([
  { how: 'with threads instead of processes', flags: ['--pool', 'threads'], reports: false },
  {
    how: 'with the coverage of V8',
    flags: ['--coverage.enabled', '--coverage.provider', 'v8', '--coverage.reporter', 'json'],
    reports: true,
  },
])(
  'Vitest $how',
  async ({ flags, reports }) => {
    const folder = temporaryFolder()
    const args = [vitest, 'run', ...flags, '--coverage.reportsDirectory', folder, '--reporter', 'json', '--root', root]
    const result = await resultOf(...args, 'packages/rungs/test/calls/from-vitest.test.ts')
    expect(result).toMatchObject({ success: true, numPassedTests: 5 })
    expect(readdirSync(folder)).toEqual(reports ? ['coverage-final.json'] : [])
  },
  60_000,
)

it('the counters of Istanbul in every function', async () => {
  const folder = temporaryFolder()
  const dist = new URL('../../dist/', import.meta.url).href
  const from = new URL('./fixtures/', import.meta.url)
  const instrumenter = createInstrumenter({ esModules: true, compact: false })
  const kinds = ['functions', 'classes', 'values', 'errors']
  for (const name of [
    'peer.js',
    'tiny-pool.js',
    'run-shapes.js',
    'run-imported.js',
    'tasks.js',
    ...kinds.map((kind) => `shapes-${kind}.js`),
  ]) {
    const text = readFileSync(new URL(name, from), 'utf8').replaceAll('../../../dist/', dist)
    const isCounted = name.startsWith('shapes') || name === 'tasks.js'
    writeFileSync(join(folder, name), isCounted ? instrumenter.instrumentSync(text, join(folder, name)) : text)
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const imported = await outputOf([join(folder, 'run-imported.js'), 'thread', ...kinds.map((kind) => `shapes-${kind}.js`)])
  const itself = await outputOf([join(folder, 'shapes-classes.js'), 'thread'])
  const lines = (imported + itself).split('\n').filter((line) => line.startsWith('{"name"'))
  expect(lines.length).toBeGreaterThan(200)
  expect(lines.filter((line) => line.includes('"problem"'))).toEqual([])
}, 90_000)
