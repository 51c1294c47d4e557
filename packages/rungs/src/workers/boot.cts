// The file that a thread begins with: it runs what is in worker.chunk.cjs. That is a hundred kilobytes of text, and to read them takes V8 two
// milliseconds; a later thread of the same process gets what V8 has made of them for the first one.
import fs = require('node:fs')
import vm = require('node:vm')
import threads = require('node:worker_threads')

import type { ThreadStart } from './thread.js' with { 'resolution-mode': 'import' }

/** As Node wraps a CommonJS file. */
const head = '(function (exports, require, module, __filename, __dirname) { '
/** Milliseconds after which a thread has compiled what it needs to run calls. */
const untilCompiled = 10

const file = `${__dirname}/worker.chunk.cjs`
const { boot, port } = threads.workerData as ThreadStart // Given by threadSpawner.
const script = new vm.Script(`${head}${fs.readFileSync(file, 'utf8')}\n})`, {
  filename: file,
  columnOffset: -head.length,
  // What another version has compiled, or one with other flags, is not used by V8.
  ...(boot.code && { cachedData: boot.code }),
})
// What V8 has kept of a text does not say whose import() it has.
Object.defineProperty(globalThis, Symbol.for('rungs.import'), {
  value: (specifier: string, json = false) => (json ? import(specifier, { with: { type: 'json' } }) : import(specifier)),
})
/** Once: when the thread has run for a while, or ends before that. */
let tell = boot.keeps
const compiled = (): void => {
  if (tell) port.postMessage({ type: 'compiled', code: script.createCachedData() })
  tell = false
}
if (boot.keeps) process.once('exit', compiled)
const own = { exports: {} }
const run = script.runInThisContext() as (...names: unknown[]) => void
run(own.exports, require, own, file, __dirname)
if (boot.keeps) setTimeout(compiled, untilCompiled)
