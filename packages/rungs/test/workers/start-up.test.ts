// What a thread has loaded when it gives its first result, and that the rest comes when it is needed, once.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CancelledError, callback, currentCall, NotShippableError, ThreadPoolExecutor } from 'rungs'
import { expect, it, onTestFinished } from 'vitest'
import { outputOf } from '../calls/fixtures/output-of.js'
import { identity, loadedFiles } from '../fixtures/loaded-files.js'

const rungs = new URL('../../dist/index.js', import.meta.url).href

function openPool(): ThreadPoolExecutor {
  const pool = new ThreadPoolExecutor(1)
  onTestFinished(() => pool.shutdown())
  return pool
}

/** Runs a program as a module of its own. */
async function run(program: string, ...flags: string[]): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'rungs-start-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'program.mjs')
  writeFileSync(file, `import * as rungs from ${JSON.stringify(rungs)}\n${program}`)
  return JSON.parse(await outputOf([...flags, file]))
}

const first = ['watch.chunk.cjs', 'worker.chunk.cjs']
const all = ['later.chunk.cjs', ...first]

it('loads what receives and runs a call, and nothing that sends one', async () => {
  const pool = openPool()
  expect(await pool.submit(identity, { plain: [1, 'two'] })).toEqual({ plain: [1, 'two'] })
  expect(await pool.submit((n: number) => n + 1, 1)).toBe(2)
  expect(await pool.map(identity, [1, 2]).toArray()).toEqual([1, 2])
  expect(await pool.submit(() => currentCall()?.signal.aborted)).toBe(false)
  expect(await pool.submit(loadedFiles)).toEqual(first)
})

it.each<[what: string, call: (pool: ThreadPoolExecutor) => Promise<unknown>]>([
  ['a result that is not plain', async (pool) => expect(await pool.submit(identity, new URL('a:b'))).toBeInstanceOf(URL)],
  ['an error', (pool) => expect(pool.submit(() => Promise.reject(new RangeError('no')))).rejects.toBeInstanceOf(RangeError)],
  [
    'a callback',
    async (pool) =>
      expect(
        await pool.submit(
          (f: (n: number) => Promise<number>) => f(20),
          callback((n: number) => n + 1),
        ),
      ).toBe(21),
  ],
  ['a function as a result', async (pool) => expect((await pool.submit(() => (n: number) => n * 2))(2)).toBe(4)],
  ['a signal of the caller', async (pool) => expect(await pool.submit((s) => s.aborted, new AbortController().signal)).toBe(false)],
])('loads the rest for %s', async (_, call) => {
  const pool = openPool()
  await call(pool)
  expect(await pool.submit(loadedFiles)).toEqual(all)
})

it('parses no text, whatever it sends by reference', async () => {
  const pool = openPool()
  await pool.submit(identity, new Map([[1, identity]]))
  const files = await pool.submit(loadedFiles)
  expect(files.filter((file) => file.includes('acorn'))).toEqual([])
})

const oneLibrary = `
const pool = new rungs.ThreadPoolExecutor(1)
const emptied = await pool.submit(async (rungs, empties) => {
  const { cache } = process.getBuiltinModule('node:module').createRequire(rungs)
  if (empties) for (const path of Object.keys(cache)) delete cache[path]
  const { currentCall, CancelledError, TaskPoolExecutor, share } = await import(rungs)
  const tasks = new TaskPoolExecutor(1)
  const inner = tasks.submit(() => 1)
  return [currentCall()?.worker.kind, await inner, new CancelledError('late') , share(new Map([[1, 2]]))]
}, ${JSON.stringify(rungs)}, EMPTIES)
console.log(JSON.stringify([emptied[0], emptied[1], emptied[2] instanceof rungs.CancelledError, emptied[3].get().get(1)]))
await pool.shutdown()
`

it.each([{ empties: false }, { empties: true }])(
  'is one library for a function that imports it; require.cache emptied: $empties',
  async ({ empties }) => {
    expect(await run(oneLibrary.replace('EMPTIES', String(empties)))).toEqual(['thread', 1, true, 2])
  },
)

it('is one library under hooks that give the text of each module', async () => {
  const hooks = `import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
export async function load(url, context, next) {
  const loaded = await next(url, context)
  return url.startsWith('file:') ? { ...loaded, source: readFileSync(fileURLToPath(url)) } : loaded
}`
  const registering = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)})`
  const flag = `data:text/javascript,${encodeURIComponent(registering)}`
  expect(await run(oneLibrary.replace('EMPTIES', 'false'), '--import', flag)).toEqual(['thread', 1, true, 2])
})

it('gives later threads what V8 has compiled for the first one, with which they import as it did', async () => {
  const program = `
  const state = async () => {
    const { workerData } = await import('node:worker_threads')
    return { has: workerData.boot.code?.byteLength > 10_000, keeps: workerData.boot.keeps }
  }
  const seen = []
  while (!seen.at(-1)?.has) {
    const pool = new rungs.ThreadPoolExecutor(1)
    seen.push(await pool.submit(state))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const two = new rungs.ThreadPoolExecutor(2)
  seen.push(await two.submit(state))
  console.log(JSON.stringify([seen[0], ...seen.slice(-2)]))
  process.exit()`
  const [before, ...after] = (await run(program)) as unknown[]
  expect(before).toEqual({ has: false, keeps: true })
  expect(after).toEqual([
    { has: true, keeps: false },
    { has: true, keeps: false },
  ])
})

it('starts one thread for the first call, and none is left when that cannot be sent', async () => {
  const program = `
  let started = 0
  let running = 0
  process.on('worker', (worker) => {
    started++
    running++
    worker.on('exit', () => running--)
  })
  const pool = new rungs.ThreadPoolExecutor(1)
  const socket = new (await import('node:net')).Socket()
  const code = await pool.submit(() => socket).catch((error) => error.code)
  // The event comes a turn later.
  await new Promise((resolve) => setImmediate(resolve))
  while (running > 0) await new Promise((resolve) => setTimeout(resolve, 1))
  const before = started
  const result = await pool.submit(() => 1)
  const name = await pool.submit((rungs) => import(rungs).then(({ currentCall }) => currentCall().worker.name), ${JSON.stringify(rungs)})
  console.log(JSON.stringify({ code, before, result, name: name === pool.name + '-0', started: started - before, running }))
  await pool.shutdown()`
  expect(await run(program)).toEqual({ code: 'ERR_RUNGS_NOT_SHIPPABLE', before: 1, result: 1, name: true, started: 1, running: 1 })
})

it('is the same class of error here as in what a thread has sent', async () => {
  const pool = openPool()
  await expect(pool.submit(() => Promise.reject(new CancelledError('there')))).rejects.toBeInstanceOf(CancelledError)
  await expect(pool.submit(() => Promise.reject(new NotShippableError('there', 'argument 0')))).rejects.toBeInstanceOf(NotShippableError)
})
