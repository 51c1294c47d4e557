// The hostile suite: every shape runs twice, called here and sent to a worker, and both must see the same. Each file of shapes runs as the
// program itself and as an imported module, and once more through v8.serialize as between processes.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { shapes as again } from './fixtures/shapes-again.js'
import { shapes as bare } from './fixtures/shapes-bare.js'
import { shapes as classes } from './fixtures/shapes-classes.js'
import { shapes as errors } from './fixtures/shapes-errors.js'
import { shapes as functions } from './fixtures/shapes-functions.js'
import { shapes as hostile } from './fixtures/shapes-hostile.js'
import { shapes as modules } from './fixtures/shapes-modules.js'
import { shapes as refused } from './fixtures/shapes-refused.js'
import { shapes as secrets } from './fixtures/shapes-secrets.js'
import { shapes as sloppy } from './fixtures/shapes-sloppy.cjs'
import { shapes as symbols } from './fixtures/shapes-symbols.js'
import { shapes as values } from './fixtures/shapes-values.js'

const files = { again, bare, functions, classes, values, errors, modules, symbols, refused, hostile, secrets, sloppy }
const fileOf = (kind: string): string => `shapes-${kind}.${kind === 'sloppy' ? 'cjs' : 'js'}`
const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

/** Runs one file of shapes in a process of its own: name → what went wrong. */
async function problems(args: string[]): Promise<Map<string, string | undefined>> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 })
  const lines = stdout.split('\n').filter((line) => line.startsWith('{"name"'))
  return new Map(
    lines.map((line) => {
      const { name, problem } = JSON.parse(line) as { name: string; problem?: string }
      return [name, problem]
    }),
  )
}

// One process for all files where they are imported; the program itself can only be one file.
const imported = (boundary: string): Promise<Map<string, string | undefined>> =>
  problems([fixture('run-imported.js'), boundary, ...Object.keys(files).map(fileOf)])
const importedToThread = imported('thread')
const importedToProcess = importedToThread.then(() => imported('process'))
const settings = [
  { setting: 'of the program itself, to a thread', find: (kind: string) => problems([fixture(fileOf(kind)), 'thread']) },
  { setting: 'of an imported module, to a thread', find: () => importedToThread },
  { setting: 'of an imported module, through v8.serialize', find: () => importedToProcess },
]

for (const [kind, shapes] of Object.entries(files)) {
  describe.each(settings)(`${kind} $setting`, ({ find }) => {
    let found: Map<string, string | undefined>
    beforeAll(async () => {
      found = await find(kind)
    }, 120_000)

    it.each(Object.keys(shapes))('%s', (name) => {
      expect(found.has(name), 'the shape did not run').toBe(true)
      expect(found.get(name)).toBeUndefined()
    })
  })
}

it('names every shape differently', () => {
  const names = Object.values(files).flatMap((shapes) => Object.keys(shapes))
  expect(new Set(names).size).toBe(names.length)
})

it('has at least 300 shapes', () => {
  expect(Object.values(files).flatMap((shapes) => Object.keys(shapes)).length).toBeGreaterThanOrEqual(300)
})
