// Puts the modules of packages/rungs that are always loaded together into one file each: a thread of a pool is there after two files instead of
// seventy. Every module is still found at its own path, as a file that passes its exports on, so that each exists once, whoever imports it. What all
// threads load is written as CommonJS: see docs/decisions/0012-built-into-few-files.md.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, parse, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileFunction } from 'node:vm'
import { transform } from 'esbuild'
import { rollup } from 'rollup'

/** What a thread needs until it has given its first result. What these import beside it is loaded when it is first used. */
const first = [
  'workers/thread-main.js workers/serve.js workers/short-calls.js workers/running-call.js workers/live-signal.js workers/serve-chunk.js workers/serve-stream.js',
  'workers/output.js workers/worker-mail.js workers/lent-places.js workers/nesting.js workers/bell.js workers/port-channel.js workers/call-time.js',
  'workers/ring/worker-end.js workers/ring/worker-loop.js workers/ring/byte-ring.js workers/ring/layout.js workers/ring/codec.js workers/ring/bulk.js',
  'core/options.js core/current-call.js calls/incoming.js calls/modules.js calls/required.js calls/marks.js calls/wire.js calls/decode.js',
  'calls/decode-builtins.js calls/decode-contents.js calls/decode-places.js calls/compile.js calls/script-names.js calls/class-name.js',
  'calls/held.js calls/plain.js calls/bytes.js calls/transfer.js calls/numbers.js calls/symbol-home.js calls/global-steps.js',
].flatMap((line) => line.split(' '))

/**
 * What a module belongs to: the first of these that has it.
 * @type {[name: string, has: (name: string, reaches: (entry: string) => boolean) => boolean][]}
 */
const groups = [
  ['watch', (name, reaches) => name === 'core/places.js' || reaches('workers/process-watch.js')],
  ['worker', (name) => first.includes(name)],
  ['later', (_, reaches) => ['workers/thread-main.js', 'workers/remote-objects.js', 'calls/outgoing.js'].some(reaches)],
  ['process', (_, reaches) => reaches('workers/process-main.js')],
  ['main', (_, reaches) => reaches('index.js')],
  ['sync', (_, reaches) => reaches('sync.js')],
  ['testing', (_, reaches) => reaches('testing/index.js')],
]
/** The groups that are CommonJS: Node has them sooner, and can load them in the middle of a function. */
const commonJs = new Set(['watch', 'worker', 'later'])
/** Loaded when something of it is first used, and not with what imports it. Node's own modules that take long are among them. */
const lazy = new Set(['./later.chunk.js', 'node:v8', 'node:os'])
/** It says again what others say, and does not count as an import of all of them. */
const passingOn = 'calls/index.js'
/** What the package exports. */
const entries = ['index.js', 'sync.js', 'testing/index.js']
/** What does something when it is loaded stays a file of its own. */
const alone = new Set(['workers/process-watch.js', 'workers/process-main.js', 'executors/remote-executor.js'])
/** Modules that know each other, and what the compiler writes for `using`. */
const expected = new Set(['CIRCULAR_DEPENDENCY', 'CIRCULAR_CHUNK', 'THIS_IS_UNDEFINED'])

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
  for (const name of readdirSync(to, { recursive: true, encoding: 'utf8' })) if (/\.c?js(\.map)?$/.test(name)) rmSync(join(to, name))
  const { output } = await bundled.write({
    dir: to,
    format: 'es',
    importAttributesKey: 'with',
    sourcemap: true,
    hoistTransitiveImports: false,
    minifyInternalExports: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].chunk.js',
    manualChunks: (id, { getModuleInfo }) => {
      const name = relative(from, id)
      if (alone.has(name)) return undefined
      return groups.find(([, has]) => has(name, (entry) => reaches(join(from, entry), getModuleInfo).has(id)))?.[0]
    },
  })
  await bundled.close()
  for (const chunk of output) {
    if (chunk.type !== 'chunk') continue
    if (isCommonJs(chunk.fileName)) await writeAsCommonJs(to, chunk)
    else writeFileSync(join(to, chunk.fileName), requiringShared(readFileSync(join(to, chunk.fileName), 'utf8')))
  }
  for (const entry of entries) writeCommonJs(to, entry)
  const boot = await transform(readFileSync(join(from, 'workers/boot.cjs'), 'utf8'), { target: 'node20', legalComments: 'none' })
  writeFileSync(join(to, 'boot.cjs'), boot.code)
}

/**
 * Writes a file as CommonJS, in the place of the ES module.
 * @param {string} to
 * @param {import('rollup').OutputChunk} chunk
 */
async function writeAsCommonJs(to, { fileName, code, map }) {
  const file = join(to, fileName)
  const target = file.replace(/\.js$/, '.cjs')
  const converted = await rollup({
    input: file,
    external: (id) => lazy.has(id),
    treeshake: false,
    plugins: [{ name: 'CommonJS', load: () => ({ code: requiring(code), map }) }],
    onwarn: (warning) => {
      throw new Error(`${warning.code}: ${warning.message}`)
    },
  })
  await converted.write({
    file: target,
    format: 'cjs',
    importAttributesKey: 'with',
    sourcemap: true,
    strict: true,
    intro: once,
    esModule: false,
    interop: 'default',
    generatedCode: { constBindings: true, symbols: false },
    plugins: [{ name: 'lazy', renderChunk: loadingLate }],
  })
  await converted.close()
  compileFunction(readFileSync(target, 'utf8'), ['exports', 'require', 'module', '__filename', '__dirname'], { filename: target })
  rmSync(file)
  rmSync(`${file}.map`)
}

/** @param {string} fileName */
function isCommonJs(fileName) {
  return fileName.endsWith('.chunk.js') && commonJs.has(basename(fileName, '.chunk.js'))
}

/**
 * An ES module that requires what it imports from CommonJS files. Lines stay where they are.
 * @param {string} code
 */
function requiringShared(code) {
  let isFirst = true
  return code.replace(
    /^import (?:\{ (.+) \} from )?"(.+)";$/gm,
    (statement, /** @type {string | undefined} */ names, /** @type {string} */ from) => {
      if (!isCommonJs(from)) return statement
      if (names === undefined) return ''
      const own = isFirst
        ? 'import { createRequire as require$from } from "node:module"; const require$own = require$from(import.meta.url); '
        : ''
      isFirst = false
      return `${own}const { ${names.replaceAll(' as ', ': ')} } = require$own("${from.replace(/\.js$/, '.cjs')}");`
    },
  )
}

/** Whoever loads the file, and however: hooks of a loader and programs that empty `require.cache` would make a second copy of it. */
const once = `const rungs$files = Symbol.for('rungs.files');
if (globalThis[rungs$files] === undefined) Object.defineProperty(globalThis, rungs$files, { value: Object.create(null) });
if (globalThis[rungs$files][__filename] !== undefined) return module.exports = globalThis[rungs$files][__filename];`

/**
 * The text of an ES module with `require` for its imports, except for those that are lazy, and `module.exports` for its exports.
 * @param {string} code
 */
function requiring(code) {
  return code
    .replace(/^import (?:(.+) from )?"(.+)";$/gm, (statement, /** @type {string | undefined} */ what, /** @type {string} */ from) => {
      if (lazy.has(from)) return what === undefined ? '' : statement
      const required = `require(${JSON.stringify(from.startsWith('.') ? from.replace(/\.js$/, '.cjs') : from)})`
      if (what === undefined) return `${required};`
      return `const ${what.startsWith('*') ? what.slice('* as '.length) : what.replaceAll(' as ', ': ')} = ${required};`
    })
    .replace(/^export \{([^}]*)\};$/m, (_, /** @type {string} */ names) => {
      const members = names.split(',').map((name) => name.trim().replace(/^(\S+) as (\S+)$/, '$2: $1'))
      return `module.exports = globalThis[Symbol.for("rungs.files")][__filename] = { ${members.join(', ')} };`
    })
    .replaceAll('createRequire(import.meta.url)', 'createRequire(__filename)')
    .replace('new URL(above, import.meta.url)', 'require("node:url").pathToFileURL(__dirname + "/")')
}

/**
 * `const later = require(…)` and `later.name` become a function that is called at each use.
 * @param {string} code
 */
function loadingLate(code) {
  /** @type {string[]} */
  const found = []
  const declared = code.replace(/^const ([\w$]+) = require\('(.+)'\);$/gm, (_, /** @type {string} */ name, /** @type {string} */ from) => {
    found.push(name)
    const path = from.startsWith('.') ? from.replace(/\.js$/, '.cjs') : from
    return `let ${name}$made; const ${name} = () => ${name}$made ??= require('${path}');`
  })
  return {
    code: found.reduce((text, name) => text.replaceAll(new RegExp(`(?<![\\w$.])${name}\\.`, 'g'), `(${name}()).`), declared),
    map: null,
  }
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
    if (!id.endsWith(passingOn)) open.push(...(getModuleInfo(id)?.importedIds ?? []))
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
