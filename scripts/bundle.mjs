// Puts the modules of packages/rungs that are always loaded together into one file each: a thread of a pool is there after two files instead of
// seventy. Every module is still found at its own path, as a file that passes its exports on, so that each exists once, whoever imports it.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, parse, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { rollup } from 'rollup'

/**
 * What a module belongs to: the first of these that imports it.
 * @type {[name: string, entry: string][]}
 */
const groups = [
  ['watch', 'workers/process-watch.js'],
  ['worker', 'workers/thread-main.js'],
  ['process', 'workers/process-main.js'],
  ['main', 'index.js'],
  ['sync', 'sync.js'],
  ['testing', 'testing/index.js'],
]
/** What the package exports. */
const entries = ['index.js', 'sync.js', 'testing/index.js']
/** What does something when it is loaded stays a file of its own. */
const alone = new Set(['workers/process-watch.js', 'workers/thread-main.js', 'workers/process-main.js', 'executors/remote-executor.js'])
/** Modules that know each other, and what the compiler writes for `using`. */
const expected = new Set(['CIRCULAR_DEPENDENCY', 'THIS_IS_UNDEFINED'])

/**
 * From the modules in `build` to the files in `dist`.
 * @param {string} folder
 */
export async function bundle(folder) {
  const from = join(folder, 'build')
  const to = join(folder, 'dist')
  const names = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
  const bundled = await rollup({
    input: Object.fromEntries(names.map((name) => [name.slice(0, -'.js'.length), join(from, name)])),
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    treeshake: false,
    preserveEntrySignatures: 'strict',
    plugins: [
      { name: 'source maps', load: withMap },
      { name: 'no comments', renderChunk: withoutComments },
    ],
    onwarn: (warning) => {
      if (!expected.has(warning.code ?? '')) throw new Error(`${warning.code}: ${warning.message}`)
    },
  })
  for (const name of readdirSync(to, { recursive: true, encoding: 'utf8' })) if (/\.js(\.map)?$/.test(name)) rmSync(join(to, name))
  await bundled.write({
    dir: to,
    format: 'es',
    sourcemap: true,
    hoistTransitiveImports: false,
    minifyInternalExports: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].chunk.js',
    manualChunks: (id, { getModuleInfo }) => {
      const name = relative(from, id)
      if (alone.has(name)) return undefined
      // It says where it lies.
      if (name === 'core/places.js') return 'places'
      return groups.find(([, entry]) => reaches(join(from, entry), getModuleInfo).has(id))?.[0]
    },
  })
  await bundled.close()
  for (const entry of entries) writeCommonJs(to, entry)
}

/**
 * What `require` gives where it cannot load ES modules, as that of Jest: the same module as everywhere, loaded by Node itself. In the main context
 * `process` is Node's own, whatever a tool hands to its files.
 * @param {string} folder
 * @param {string} entry
 */
function writeCommonJs(folder, entry) {
  const file = join(folder, entry.replace(/\.js$/, '.cjs'))
  const { base } = parse(entry)
  const root = entry.includes('/') ? '..' : '.'
  writeFileSync(
    file,
    `'use strict'
const node = require('node:vm').runInThisContext('process').getBuiltinModule('node:module').createRequire(__filename)
node('${root}/calls/required.js').handIn(require)
module.exports = node('./${base}')
`,
  )
  writeFileSync(file.replace(/\.cjs$/, '.d.cts'), `export * from './${base}'\n`)
}

/** @type {Map<string, Set<string>>} */
const reached = new Map()

/**
 * The modules that are loaded when this one is.
 * @param {string} entry
 * @param {import('rollup').GetModuleInfo} getModuleInfo
 * @returns {Set<string>}
 */
function reaches(entry, getModuleInfo) {
  const known = reached.get(entry)
  if (known !== undefined) return known
  /** @type {Set<string>} */
  const all = new Set()
  const open = [entry]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (all.has(id)) continue
    all.add(id)
    open.push(...(getModuleInfo(id)?.importedIds ?? []))
  }
  reached.set(entry, all)
  return all
}

/**
 * A module as the compiler wrote it, with its map to the source.
 * @param {string} id
 */
function withMap(id) {
  const map = JSON.parse(readFileSync(`${id}.map`, 'utf8'))
  map.sources = map.sources.map((/** @type {string} */ source) => resolve(dirname(id), source))
  return { code: readFileSync(id, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'), map }
}

/**
 * Reading them takes a thread that starts longer than one would think.
 * @param {string} code
 */
async function withoutComments(code) {
  const { code: short, map } = await transform(code, { format: 'esm', target: 'node20', sourcemap: true, legalComments: 'none' })
  return { code: short, map }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(fileURLToPath(new URL('../packages/rungs', import.meta.url)))
