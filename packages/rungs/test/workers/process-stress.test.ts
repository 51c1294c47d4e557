// Processes that have calls before they have places for them, and are killed, made to wait and asked to give calls back, all at random. Each call notes
// in a file that it has begun. What must hold (RUNGS_SEED repeats a run, RUNGS_STRESS makes more rounds): every call settles, none begins twice, one that
// has a result has begun, and one that failed with the death of its worker may have.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CancelledError, type Future, link, ProcessPoolExecutor, TimeoutError, WorkerDiedError } from 'rungs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { randomFrom } from '../../dist/testing/random.js'
import { until } from '../fixtures/until.js'

type Fixtures = typeof import('../fixtures/stress.js')
type Kind = Parameters<Fixtures['noted']>[2]
const { noted, echo } = link<Fixtures>(new URL('../fixtures/stress.js', import.meta.url))

const seed = Number(process.env.RUNGS_SEED ?? Date.now() % 2 ** 31)
const rounds = Number(process.env.RUNGS_STRESS ?? 2)
const below = randomFrom(seed)
const folder = mkdtempSync(join(tmpdir(), 'rungs-stress-'))
let files = 0

beforeAll(() => console.log(`seed ${seed}`))
afterAll(() => rmSync(folder, { recursive: true }))

interface Call {
  readonly index: number
  readonly kind: Kind
  readonly future: Future<unknown>
}

type Weights = Partial<Record<Kind, number>>

class Scene {
  readonly file = join(folder, String(++files))
  readonly calls: Call[] = []
  readonly #pool: ProcessPoolExecutor

  constructor(pool: ProcessPoolExecutor) {
    this.#pool = pool
    writeFileSync(this.file, '')
  }

  /** Many at once, so that they stand in line. */
  burst(count: number, weights: Weights): void {
    for (let nth = 0; nth < count; nth++) {
      const kind = pick(weights)
      const priority = below(20) === 0 ? 1 : 0
      const with_ = kind === 'stuck' ? this.#pool.with({ timeout: 20 + below(20), grace: below(2) === 0 ? 0 : 5_000 }) : this.#pool
      const index = this.calls.length
      const future = (priority > 0 ? with_.with({ priority }) : with_).submit(noted, this.file, index, kind)
      future.catch(() => {})
      this.calls.push({ index, kind, future })
    }
  }

  cancelSome(count: number): void {
    for (let nth = 0; nth < count; nth++) this.calls[below(this.calls.length)]?.future.cancel()
  }

  /** How often each call has begun, and the processes that have run some, the last one last. */
  begun(): { times: number[]; pids: number[] } {
    const times = this.calls.map(() => 0)
    const pids: number[] = []
    for (const line of readFileSync(this.file, 'utf8').split('\n')) {
      if (line === '') continue
      const [index = 0, pid = 0] = line.split(' ').map(Number)
      times[index] = (times[index] ?? 0) + 1
      if (pids.at(-1) !== pid) pids.push(pid)
    }
    return { times, pids }
  }

  /** `killed`: one that has not begun may fail with the others of its lot. */
  async check({ killed = false } = {}): Promise<Map<string, number>> {
    const outcomes = await Promise.allSettled(this.calls.map(({ future }) => future))
    const { times } = this.begun()
    const counts = new Map<string, number>()
    for (const { index, kind } of this.calls) {
      const outcome = outcomes[index] as PromiseSettledResult<unknown>
      const which = `call ${index}, ${kind}, seed ${seed}`
      expect(times[index], which).toBeLessThanOrEqual(1)
      if (outcome.status === 'fulfilled') {
        expect(outcome.value, which).toBe(index)
        expect(times[index], which).toBe(1)
      } else if (outcome.reason instanceof RangeError) {
        expect(outcome.reason.message, which).toBe(`call ${index}`)
        expect(times[index], which).toBe(1)
      } else {
        const known = [CancelledError, TimeoutError, WorkerDiedError].some((Class) => outcome.reason instanceof Class)
        expect(known, `${which}: ${outcome.reason}`).toBe(true)
        if (!killed && kind === 'exits' && outcome.reason instanceof WorkerDiedError) expect(times[index], which).toBe(1)
      }
      const how = outcome.status === 'fulfilled' ? 'done' : String(outcome.reason?.name)
      counts.set(how, (counts.get(how) ?? 0) + 1)
    }
    return counts
  }
}

function pick(weights: Weights): Kind {
  const all = Object.entries(weights) as [Kind, number][]
  let rest = below(all.reduce((sum, [, weight]) => sum + weight, 0))
  for (const [kind, weight] of all) {
    rest -= weight
    if (rest < 0) return kind
  }
  return 'fast'
}

/** Until its workers have shown how long a call takes: then calls go ahead. */
async function warm(pool: ProcessPoolExecutor): Promise<void> {
  for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 200 }, (_, index) => pool.submit(echo, index)))
}

async function expectIdle(pool: ProcessPoolExecutor): Promise<void> {
  await until('the pool has nothing to do', () => pool.stats.running === 0 && pool.stats.queued === 0)
  expect(await Promise.all(Array.from({ length: 100 }, (_, index) => pool.submit(echo, index)))).toHaveLength(100)
}

it.each([1, 3])(
  'no call is lost or run twice while processes are killed (callsPerWorker: %i)',
  { timeout: 120_000 },
  async (callsPerWorker) => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 2, callsPerWorker, stdio: 'ignore' })
    for (let round = 0; round < rounds; round++) {
      await warm(pool)
      const scene = new Scene(pool)
      const weights = { fast: 2_000, throws: 20, slow: 5, waits: 10, stuck: 1, exits: 1, killed: 2 }
      for (let burst = 0; burst < 4; burst++) {
        scene.burst(500, weights)
        if (below(2) === 0) scene.cancelSome(50)
        await Promise.race([scene.calls[below(scene.calls.length)]?.future.catch(() => {}), scene.calls.at(-1)?.future.catch(() => {})])
        const pid = scene.begun().pids.at(-1)
        if (below(3) === 0 && pid !== undefined) kill(pid)
        if (below(3) === 0) scene.cancelSome(100)
      }
      const counts = await scene.check({ killed: true })
      expect(counts.get('done') ?? 0, JSON.stringify([...counts])).toBeGreaterThan(100)
      await expectIdle(pool)
    }
  },
)

it('of calls that stand in line behind one that exits, all run elsewhere', { timeout: 60_000 }, async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 2, stdio: 'ignore' })
  for (let round = 0; round < rounds; round++) {
    await warm(pool)
    const scene = new Scene(pool)
    scene.burst(1_500, { fast: 500, exits: 1 })
    await scene.check()
    for (const { kind, future } of scene.calls) {
      if (kind === 'exits') await expect(future).rejects.toBeInstanceOf(WorkerDiedError)
      else await future
    }
  }
})

it('what stands behind a call that never yields is run by another process, and what came before it has its results', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 2, stdio: 'ignore' })
  await warm(pool)
  const scene = new Scene(pool)
  scene.burst(300, { fast: 1 })
  scene.burst(1, { stuck: 1 })
  const stuck = scene.calls[300]?.future
  const endless = pool.submit(noted, scene.file, 301, 'stuck')
  scene.calls.push({ index: 301, kind: 'stuck', future: endless })
  scene.burst(300, { fast: 1 })
  const others = scene.calls.filter(({ kind }) => kind === 'fast')
  expect(await Promise.all(others.map(({ future }) => future))).toEqual(others.map(({ index }) => index))
  expect(endless.state).not.toBe('finished')
  endless.cancel()
  await expect(endless).rejects.toBeInstanceOf(CancelledError)
  await expect(stuck).rejects.toBeInstanceOf(TimeoutError)
  await scene.check()
  await expectIdle(pool)
})

it('a result that was ready before a call that never yields is there for a thread that is blocked, too', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1, stdio: 'ignore' })
  await warm(pool)
  const scene = new Scene(pool)
  scene.burst(200, { fast: 1 })
  const endless = pool.submit(noted, scene.file, 200, 'stuck')
  for (const { future, index } of scene.calls) expect(future.resultSync()).toBe(index)
  endless.cancel()
  await expect(endless).rejects.toBeInstanceOf(CancelledError)
})

it('shutdown with cancelFutures: what has begun has its result, and nothing else begins', { timeout: 60_000 }, async () => {
  for (let round = 0; round < rounds; round++) {
    const pool = new ProcessPoolExecutor({ maxWorkers: 2, stdio: 'ignore' })
    await warm(pool)
    const scene = new Scene(pool)
    scene.burst(1_000, { fast: 300, slow: 1 })
    await scene.calls[below(300)]?.future
    await pool.shutdown({ cancelFutures: true })
    const counts = await scene.check()
    const { times } = scene.begun()
    const begun = times.filter((time) => time > 0).length
    expect(counts.get('done') ?? 0, `seed ${seed}`).toBe(begun)
  }
})

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
