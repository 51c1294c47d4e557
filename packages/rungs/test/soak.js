// Many calls, one in a hundred of which throws, exits or is killed, and what is left after each tenth of them: memory, handles, listeners. Fails if
// these grow. Not part of the tests, as it takes minutes:
//
//   npm run soak -w packages/rungs [-- processes|threads [calls]]
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { ProcessPoolExecutor, ThreadPoolExecutor, WorkerDiedError } from 'rungs'
import { double, perform } from './fixtures/faults.js'

const [rung = 'processes', calls = '100000'] = process.argv.slice(2)
const count = Number(calls)
const tenths = 10
/** Bytes by which memory may differ: what is compiled and kept later than the first tenths. */
const allowed = { heap: 8 * 2 ** 20, rss: 64 * 2 ** 20 }
/** @type {Record<string, import('./fixtures/faults.js').Fault[]>} */
const faultsOf = { processes: ['throws', 'throws', 'exits 1', 'throws null', 'is killed'], threads: ['throws', 'throws null', 'exits 1'] }
const faults = faultsOf[rung]
assert.ok(faults, `processes or threads, not ${rung}`)

/** @typedef {{ heap: number, rss: number, handles: number, listeners: number }} Traces */

/** @returns {Traces} */
function traces() {
  for (let round = 0; round < 3; round++) globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  const handles = process.getActiveResourcesInfo().filter((name) => !/Immediate|Timeout|FSReq/.test(name)).length
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
  return { heap: heapUsed, rss, handles, listeners }
}

/** @param {string} when @param {Traces} traces */
function print(when, { heap, rss, handles, listeners }) {
  const megabytes = (/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`
  console.log(`${when.padEnd(16)} heap ${megabytes(heap)}, rss ${megabytes(rss)}, ${handles} handles, ${listeners} listeners`)
}

/** @param {import('rungs').Executor} pool @param {number} from @param {number} to */
async function run(pool, from, to) {
  const futures = []
  for (let n = from; n < to; n++) {
    const fault = n % 100 === 50 ? faults?.[Math.floor(n / 100) % faults.length] : undefined
    futures.push(fault === undefined ? pool.submit(double, n) : pool.submit(perform, fault))
  }
  const died = { faults: 0, others: 0 }
  for (const [offset, outcome] of (await Promise.allSettled(futures)).entries()) {
    const n = from + offset
    const isFault = n % 100 === 50
    if (outcome.status === 'fulfilled') assert.ok(!isFault && outcome.value === n * 2, `call ${n}: ${outcome.value}`)
    else if (outcome.reason instanceof WorkerDiedError) died[isFault ? 'faults' : 'others']++
    else assert.ok(isFault, `call ${n}: ${outcome.reason}`)
  }
  return died
}

/** @param {() => boolean} holds */
async function until(holds) {
  const end = performance.now() + 10_000
  while (!holds() && performance.now() < end) await pause(10)
}

const before = traces()
print('before', before)
const options = { maxWorkers: 2, stdio: /** @type {const} */ ('ignore') }
const pool = rung === 'threads' ? new ThreadPoolExecutor(options) : new ProcessPoolExecutor(options)
/** @type {Traces | undefined} */
let early
let late = before
let others = 0
for (let tenth = 0; tenth < tenths; tenth++) {
  const died = await run(pool, Math.round((count / tenths) * tenth), Math.round((count / tenths) * (tenth + 1)))
  others += died.others
  late = traces()
  print(`${Math.round((count / tenths) * (tenth + 1))} calls`, late)
  if (tenth === 2) early = late
}
const { stats } = pool
await pool.shutdown()
await until(() => traces().handles <= before.handles)
const after = traces()
print('after', after)
console.log(`${others} calls died with the process in which another was killed; ${stats.restarts} workers were replaced`)

assert.ok(early)
assert.equal(stats.queued + stats.running, 0, 'calls are left')
assert.ok(late.heap <= early.heap + allowed.heap, 'the heap grows')
assert.ok(late.rss <= early.rss + allowed.rss, 'memory grows')
assert.ok(late.listeners <= early.listeners, 'listeners are left')
assert.ok(after.handles <= before.handles, 'handles are left')
