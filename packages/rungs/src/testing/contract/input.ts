import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { Executor } from '../../core/executor.js'
import { double } from './functions.js'
import type { Group } from './scene.js'

/** Option, value, class of the error, and what the message must have besides the option's name. */
type Row = readonly [name: string, value: unknown, Class: typeof TypeError | typeof RangeError, says?: RegExp]

const constructorRows: readonly Row[] = [
  ['maxWorkers', 0, RangeError, /\b0\b/],
  ['maxWorkers', -1, RangeError, /-1/],
  ['maxWorkers', 1.5, RangeError, /1\.5/],
  ['maxWorkers', Number.NaN, RangeError, /NaN/],
  ['maxWorkers', Number.POSITIVE_INFINITY, RangeError, /Infinity/],
  ['maxWorkers', '2', TypeError, /'2'/],
  ['maxWorkers', null, TypeError, /null/],
  ['name', 5, TypeError, /\b5\b/],
  ['initializer', 'setUp', TypeError, /setUp/],
  ['initargs', 5, TypeError, /\b5\b/],
  ['finalizer', {}, TypeError],
  ['maxQueue', -1, RangeError, /-1/],
  ['maxQueue', 1.5, RangeError, /1\.5/],
  ['onFull', 'drop', TypeError, /'drop'/],
]

const workerRows: readonly Row[] = [
  ['minWorkers', -1, RangeError, /-1/],
  ['minWorkers', 0.5, RangeError, /0\.5/],
  ['idleTimeout', -1, RangeError, /-1/],
  ['idleTimeout', '5', TypeError, /'5'/],
  ['callsPerWorker', 0, RangeError, /\b0\b/],
  ['callsPerWorker', Number.NaN, RangeError, /NaN/],
  ['maxTasksPerWorker', 0, RangeError, /\b0\b/],
  ['maxMemoryPerWorker', 0, RangeError, /\b0\b/],
  ['replaceDeadWorkers', 'no', TypeError, /'no'/],
]

const callRows: readonly Row[] = [
  ['timeout', -1, RangeError, /-1/],
  ['timeout', Number.NaN, RangeError, /NaN/],
  ['timeout', '5s', TypeError, /'5s'/],
  ['deadline', -1, RangeError, /-1/],
  ['grace', -1, RangeError, /-1/],
  ['retries', -1, RangeError, /-1/],
  ['retries', 1.5, RangeError, /1\.5/],
  ['retries', '3', TypeError, /'3'/],
  ['retries', { limit: -1 }, RangeError, /-1/],
  ['retries', { limit: 1, when: 5 }, TypeError, /\b5\b/],
  ['retries', { limit: 1, wen: () => true }, TypeError, /did you mean when/i],
  ['retries', { limit: 1, backoff: { base: -1 } }, RangeError, /-1/],
  ['retries', { limit: 1, backoff: { jitter: 2 } }, RangeError, /\b2\b/],
  ['priority', Number.NaN, TypeError, /NaN/],
  ['priority', 'high', TypeError, /'high'/],
  ['key', 5, TypeError, /\b5\b/],
  ['signal', {}, TypeError, /AbortSignal/],
  ['transfer', new ArrayBuffer(1), TypeError, /ArrayBuffer/],
  ['onProgress', true, TypeError, /true/],
]

const mapRows: readonly Row[] = [
  ['bufferSize', 0, RangeError, /\b0\b/],
  ['bufferSize', 1.5, RangeError, /1\.5/],
  ['bufferSize', '3', TypeError, /'3'/],
  ['chunkSize', 0, RangeError, /\b0\b/],
  ['chunkSize', -1, RangeError, /-1/],
  ['chunkSize', 'big', TypeError, /'big'/],
  ['mapTimeout', -1, RangeError, /-1/],
  ['onError', 'ignore', TypeError, /'ignore'/],
  ['ordered', 'yes', TypeError, /'yes'/],
  ['progress', 5, TypeError, /\b5\b/],
  ['timeout', -1, RangeError, /-1/],
]

const notFunctions: readonly unknown[] = [undefined, null, 5, 'double', {}, Promise.resolve(1)]
const notIterables: readonly unknown[] = [undefined, null, 5, {}, true]

export const inputCases: Group = (add, { separate }) => {
  for (const [name, value, Class, says] of separate ? [...constructorRows, ...workerRows] : constructorRows) {
    add(`refuses ${name}: ${inspect(value)} when it is made`, async ({ openWith }) => {
      assert.throws(() => openWith({ [name]: value }), told(Class, new RegExp(name), says))
    })
  }

  add('refuses more minWorkers than maxWorkers', async ({ openWith }) => {
    assert.throws(() => openWith({ minWorkers: 3, maxWorkers: 2 }), told(RangeError, /minWorkers/, /3/))
  })

  add('refuses an unknown option, and names the one that was probably meant', async ({ openWith }) => {
    assert.throws(() => openWith({ maxWorker: 2 }), told(TypeError, /'maxWorker'/, /did you mean maxWorkers/i))
    assert.throws(() => openWith({ initialiser: double }), told(TypeError, /did you mean initializer/i))
    assert.throws(() => openWith({ nonsense: 1 }), told(TypeError, /'nonsense'/))
  })

  add('refuses options that are no object', async ({ openWith }) => {
    for (const wrong of ['4', null, [4], true]) assert.throws(() => openWith(wrong), TypeError)
  })

  for (const [name, value, Class, says] of callRows) {
    add(`refuses with({ ${name}: ${inspect(value, { breakLength: Number.POSITIVE_INFINITY })} })`, async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      assert.throws(() => pool.with({ [name]: value }), told(Class, new RegExp(name), says))
      assert.equal(await pool.submit(double, 1), 2)
    })
  }

  add('refuses null as the options of map() and starmap()', async ({ open }) => {
    const pool = open()
    const wrong = null as unknown as undefined // JavaScript may say so.
    assert.throws(() => pool.map(double, [], wrong), told(TypeError, /options/, /null/))
    assert.throws(() => pool.starmap(double, [], wrong), told(TypeError, /options/, /null/))
  })

  add('refuses an unknown option of with(), and names the one that was probably meant', async ({ open }) => {
    assert.throws(() => withUnknown(open(), { timout: 5 }), told(TypeError, /'timout'/, /did you mean timeout/i))
    assert.throws(() => withUnknown(open(), { bufferSize: 5 }), TypeError)
    assert.throws(() => withUnknown(open(), 5_000), TypeError)
  })

  for (const [name, value, Class, says] of mapRows) {
    add(`refuses map(…, { ${name}: ${inspect(value)} })`, async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      assert.throws(() => pool.map(double, [1], { [name]: value }), told(Class, new RegExp(name), says))
      assert.throws(() => pool.starmap(double, [[1]], { [name]: value }), told(Class, new RegExp(name), says))
      assert.deepEqual([pool.stats.queued, pool.stats.running], [0, 0])
    })
  }

  add('refuses an unknown option of map(), and names the one that was probably meant', async ({ open }) => {
    const unknown = { buffersize: 5 } as object
    assert.throws(() => open().map(double, [1], unknown), told(TypeError, /did you mean bufferSize/i))
  })

  for (const value of notFunctions) {
    add(`throws TypeError from submit, map, starmap and stream for ${inspect(value)} as the function`, async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const fn = value as () => never[]
      const shows = value === null || typeof value !== 'object' ? new RegExp(String(value)) : undefined
      assert.throws(() => pool.submit(fn), told(TypeError, /function/, shows))
      assert.throws(() => pool.map(fn, [1]), told(TypeError, /function/, shows))
      assert.throws(() => pool.starmap(fn, [[]]), told(TypeError, /function/, shows))
      assert.throws(() => pool.stream(fn), told(TypeError, /function/, shows))
      assert.equal(await pool.submit(double, 1), 2)
    })
  }

  for (const value of notIterables) {
    add(`throws TypeError from map and starmap over ${inspect(value)}`, async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      assert.throws(() => pool.map(double, value as number[]), told(TypeError, new RegExp(escaped(inspect(value)))))
      assert.throws(() => pool.starmap(double, value as [number][]), told(TypeError, new RegExp(escaped(inspect(value)))))
      assert.equal(await pool.submit(double, 1), 2)
    })
  }

  add('fails for an item of starmap() that is no list of arguments', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    await assert.rejects(async () => pool.starmap(double, [5 as unknown as [number]]).toArray(), TypeError)
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('refuses unknown options of shutdown() and terminate()', async ({ open }) => {
    const pool = open({ maxWorkers: 1 })
    await assert.rejects(async () => pool.shutdown({ cancelFuture: true } as object), told(TypeError, /did you mean cancelFutures/i))
    await assert.rejects(async () => pool.terminate({ kil: true } as object), told(TypeError, /kill/))
    assert.equal(await pool.submit(double, 1), 2)
  })

  add('says how to call a method that was taken off its executor', async ({ open }) => {
    const { submit, map, starmap, stream, with: withOptions, resize, shutdown, terminate } = open({ maxWorkers: 1 })
    const calls: readonly [name: string, call: () => unknown][] = [
      ['submit', () => submit(double, 1)],
      ['map', () => map(double, [1])],
      ['starmap', () => starmap(double, [[1]])],
      ['stream', () => stream(double as unknown as () => Iterable<number>)],
      ['with', () => withOptions({})],
      ['resize', () => resize(1)],
      ['shutdown', () => shutdown()],
      ['terminate', () => terminate()],
    ]
    for (const [name, call] of calls)
      assert.throws(call, told(TypeError, new RegExp(`^${name}\\(\\) was called without its executor\\. Call it as pool\\.${name}\\(`)))
  })

  add('refuses what is no function in addDoneCallback()', async ({ open }) => {
    const future = open().submit(double, 1)
    assert.throws(() => future.addDoneCallback(5 as unknown as () => void), told(TypeError, /\b5\b/))
    await future
  })
}

/** The message has everything that helps: what is wrong, its value, the way out. */
function told(Class: typeof TypeError | typeof RangeError, ...says: readonly (RegExp | undefined)[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Class, `${Class.name} expected, got ${inspect(error)}`)
    for (const text of says) if (text !== undefined) assert.match(error.message, text)
    return true
  }
}

function withUnknown(pool: Executor, options: unknown): void {
  pool.with(options as object)
}

function escaped(text: string): string {
  return text.replace(/[{}[\]().*+?^$|\\]/g, '\\$&')
}
