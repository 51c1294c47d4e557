// The fault grid: whatever a call does to its worker, wherever it does it, every future settles once, with an error that says what happened, and
// the pool goes on. The table below says what happened; the combinations are the tests.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import {
  BrokenExecutorError,
  CancelledError,
  type Executor,
  type Future,
  link,
  ProcessPoolExecutor,
  register,
  ThreadPoolExecutor,
  WorkerDiedError,
} from 'rungs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from './fixtures/until.js'

type Fixtures = typeof import('./fixtures/faults.js')
const here = pathToFileURL(`${import.meta.dirname}/`)
const faultsUrl = new URL('fixtures/faults.js', here)
const { perform, performLater, performInReply, double, echo, sometimes } = link<Fixtures>(faultsUrl)

type Fault = keyof Fixtures['faults']
type Rung = 'threads' | 'processes'
type Phase = 'starting' | 'initializing' | 'loading' | 'running' | 'replying' | 'idle'

interface Effect {
  /** On these rungs only; the others would end the test itself. */
  readonly only?: Rung
  /** How the worker dies of it. */
  readonly dies?: { readonly exitCode?: number; readonly signal?: string; readonly message?: RegExp }
  /** What the call throws of it. */
  readonly throws?: unknown
  /** It does not end. */
  readonly hangs?: boolean
}

const effects: Record<Fault, Effect> = {
  throws: { throws: expect.objectContaining({ name: 'RangeError', message: 'it throws' }) },
  'throws null': { throws: null },
  'exits 0': { dies: { exitCode: 0 } },
  'exits 1': { dies: { exitCode: 1 } },
  'is killed': { only: 'processes', dies: { signal: 'SIGKILL' } },
  aborts: { only: 'processes', dies: { signal: 'SIGABRT' } },
  'runs out of memory': { dies: { message: /memory/i } },
  'never yields': { hangs: true },
  'floods stdout': {},
  'leaves things behind': {},
}

const phases: readonly Phase[] = ['starting', 'initializing', 'loading', 'running', 'replying', 'idle']

interface Options {
  readonly execArgv?: readonly string[]
  readonly initializer?: (fault: never) => unknown
  readonly initargs?: readonly unknown[]
}

function open(rung: Rung, fault: Fault, options: Options = {}): Executor {
  const common = { maxWorkers: 1, name: 'fleet', stdio: 'ignore' as const, ...options }
  const memory = fault === 'runs out of memory'
  if (rung === 'threads') return new ThreadPoolExecutor({ ...common, ...(memory && { resourceLimits: { maxOldGenerationSizeMb: 24 } }) })
  const execArgv = [...(options.execArgv ?? []), ...(memory ? ['--max-old-space-size=24'] : [])]
  return new ProcessPoolExecutor({ ...common, env: { ...process.env, RUNGS_TEST_PARENT: String(process.pid) }, execArgv })
}

/** Everything that a fault could do to the pool's own process. */
async function withPool(pool: Executor, body: (pool: Executor) => Promise<void>): Promise<void> {
  try {
    await body(pool)
    expect(pool.stats).toMatchObject({ queued: 0, running: 0 })
  } finally {
    await pool.terminate()
  }
  expect(pool.stats).toMatchObject({ workers: 0 })
}

function expectDeath(error: unknown, { exitCode, signal, message }: NonNullable<Effect['dies']>, key: string): void {
  expect(error).toBeInstanceOf(WorkerDiedError)
  const death = error as WorkerDiedError
  expect(death).toMatchObject({ key, worker: 'fleet-0' })
  if (exitCode !== undefined) expect(death.exitCode).toBe(exitCode)
  if (signal !== undefined) expect(death.signal).toBe(signal)
  if (message !== undefined) expect(death.message).toMatch(message)
  expect(death.message).toContain('"sw1"')
}

/** A call that meets the fault ends as the table says, and another runs after it. */
async function meets(pool: Executor, future: Future<unknown>, { dies, throws, hangs }: Effect, ends: Promise<unknown>): Promise<void> {
  let settled = 0
  future.addDoneCallback(() => settled++)
  if (hangs) {
    await ends
    expect(future.cancel()).toBe(true)
    await expect(future.result()).rejects.toBeInstanceOf(CancelledError)
  } else if (dies !== undefined) expectDeath(await future.exception(), dies, 'sw1')
  else if (throws !== undefined) expect(await future.exception()).toEqual(throws)
  else await future
  expect(await pool.submit(double, 21)).toBe(42)
  expect(settled).toBe(1)
}

/** A pool that cannot start its workers is broken, and says why. */
async function breaks(pool: Executor, { dies, throws, hangs }: Effect): Promise<void> {
  const futures = [pool.submit(double, 1), pool.submit(double, 2)]
  if (hangs) {
    await pool.terminate()
    for (const future of futures) expect(future.cancelled).toBe(true)
    return
  }
  const errors = await Promise.all(futures.map((future) => future.exception()))
  for (const error of errors) expect(error).toBeInstanceOf(BrokenExecutorError)
  expect(errors[0]).not.toBe(errors[1])
  const { message } = errors[0] as BrokenExecutorError
  if (dies?.exitCode !== undefined) expect(message).toContain(`exit code ${dies.exitCode}`)
  if (dies?.signal !== undefined) expect(message).toContain(dies.signal)
  if (throws !== undefined && throws !== null) expect(message).toContain('it throws')
  expect(() => pool.submit(double, 1)).toThrow(BrokenExecutorError)
}

async function play(rung: Rung, fault: Fault, phase: Phase): Promise<void> {
  const effect = effects[fault]
  const harmless = effect.dies === undefined && effect.throws === undefined && !effect.hangs
  const keyed = { key: 'sw1', grace: 50 }
  const begun = (pool: Executor, future: Future<unknown>) =>
    until('it runs', () => future.done || (pool.stats.running === 1 && future.running))
  switch (phase) {
    case 'starting': {
      const code = `import { faults } from ${JSON.stringify(faultsUrl.href)}; faults[${JSON.stringify(fault)}]()`
      const execArgv = ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
      return withPool(open(rung, fault, { execArgv }), async (pool) => {
        if (fault === 'floods stdout') expect(await pool.submit(double, 21)).toBe(42)
        else await breaks(pool, fault === 'leaves things behind' ? { dies: { exitCode: 1 } } : effect)
      })
    }
    case 'initializing':
      return withPool(open(rung, fault, { initializer: perform as (fault: never) => unknown, initargs: [fault] }), async (pool) => {
        if (fault === 'floods stdout') expect(await pool.submit(double, 21)).toBe(42)
        else await breaks(pool, fault === 'leaves things behind' ? { dies: { exitCode: 1 } } : effect)
      })
    case 'loading': {
      const module = new URL(`fixtures/faulty-module.js?${encodeURIComponent(fault)}`, here)
      const faulty = link<{ double: (n: number) => number }>(module)
      return withPool(open(rung, fault), async (pool) => {
        const future = pool.with(keyed).submit(faulty.double, 21)
        if (effect.throws !== undefined) {
          expect(inspect(await future.exception())).toMatch(effect.throws === null ? /null/ : /it throws/)
          expect(await pool.submit(double, 21)).toBe(42)
        } else await meets(pool, future, effect, begun(pool, future))
      })
    }
    case 'running':
      return withPool(open(rung, fault), async (pool) => {
        const future = pool.with(keyed).submit(perform, fault)
        await meets(pool, future, effect, begun(pool, future))
        if (harmless) expect(await future).toBe('done')
      })
    case 'replying':
      return withPool(open(rung, fault), async (pool) => {
        const future = pool.with(keyed).submit(performInReply, fault)
        if (harmless || effect.throws !== undefined) {
          // A field that cannot be read keeps nothing else from crossing.
          await expect(future.result()).rejects.toThrow('the reply')
          expect(await pool.submit(double, 21)).toBe(42)
        } else await meets(pool, future, effect, begun(pool, future))
      })
    case 'idle':
      return withPool(open(rung, fault), async (pool) => {
        const folder = mkdtempSync(join(tmpdir(), 'rungs-faults-'))
        onTestFinished(() => rmSync(folder, { recursive: true }))
        const mark = join(folder, 'begun')
        expect(await pool.submit(performLater, fault, mark)).toBe('done')
        if (effect.hangs) {
          await until('it hangs', () => existsSync(mark))
          const stuck = pool.with({ grace: 50 }).submit(double, 1)
          expect(stuck.cancel()).toBe(true)
        } else if (fault !== 'floods stdout') await until('it is gone', () => pool.stats.workers === 0 || pool.stats.restarts > 0)
        expect(await pool.submit(double, 21)).toBe(42)
        expect(pool.stats.failed).toBe(0)
      })
  }
}

describe.each<Rung>(['threads', 'processes'])('%s', (rung) => {
  describe.each(phases)('while %s', (phase) => {
    for (const [fault, { only }] of Object.entries(effects) as [Fault, Effect][]) {
      if (only !== undefined && only !== rung) continue
      it(`a worker that ${fault}`, () => play(rung, fault, phase), 30_000)
    }
  })

  it('an argument that throws while it is encoded fails its call alone', () =>
    withPool(open(rung, 'throws'), async (pool) => {
      class Trap {}
      register(Trap, {
        encode: () => {
          throw new RangeError('read')
        },
        decode: () => new Trap(),
      })
      const futures: Future<unknown>[] = [pool.submit(double, 1), pool.submit(echo, new Trap()), pool.submit(double, 3)]
      expect((await Promise.allSettled(futures)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    }))

  it('a soak: thousands of calls, one in a hundred of which ends its worker; all settle, and nothing is left', async () => {
    const handles = () => process.getActiveResourcesInfo().filter((name) => !/Immediate|Timeout|FSReq/.test(name)).length
    const listeners = () => process.eventNames().map((name) => process.listenerCount(name))
    const before = handles()
    // What the library listens to once and for all is there from the tests above.
    const listenersBefore = listeners()
    await withPool(open(rung, 'exits 1'), async (pool) => {
      const count = 10_000
      const futures = Array.from({ length: count }, (_, n) => pool.submit(sometimes, n, n % 200 === 50 ? 'exits 1' : 'throws'))
      const settled = await Promise.allSettled(futures)
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(count - count / 100)
      for (const [n, outcome] of settled.entries()) {
        if (outcome.status === 'fulfilled') expect(outcome.value).toBe(n * 2)
        else expect(outcome.reason).toBeInstanceOf(n % 200 === 50 ? WorkerDiedError : RangeError)
      }
    })
    await until('its handles are closed', () => handles() <= before)
    expect(listeners()).toEqual(listenersBefore)
  }, 120_000)
})

describe('processes that cannot be started', () => {
  it.each([
    { what: 'a program that is not there', options: { execPath: '/no/such/node' }, says: /ENOENT/ },
    { what: 'a folder that is not there', options: { cwd: '/no/such/folder' }, says: /no folder \/no\/such\/folder/ },
    { what: 'a program that is not Node', options: { execPath: '/bin/false' }, says: /exit code 1/ },
    { what: 'a flag that Node does not know', options: { execArgv: ['--no-such-flag'] }, says: /exit code 9|bad option/ },
  ])('break the executor, which says why: $what', async ({ options, says }) => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 1, stdio: 'ignore', ...options })
    const error = await pool.submit(double, 1).exception()
    expect(error).toBeInstanceOf(BrokenExecutorError)
    expect(String(error)).toMatch(says)
    await pool.shutdown()
    expect(pool.stats.workers).toBe(0)
  })

  it('tell what the process said last', async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1, stdio: 'ignore', execArgv: ['--max-old-space-size=24'] })
    const error = (await pool.submit(perform, 'runs out of memory').exception()) as WorkerDiedError
    expect(error.stderr).toMatch(/heap out of memory/)
    expect(error.signal).toBe('SIGABRT')
  })
})
