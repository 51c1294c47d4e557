// Workers that something left behind keeps from hearing are found, and no others.
import { ProcessPoolExecutor, ThreadPoolExecutor, WorkerDiedError } from 'rungs'
import { describe, expect, it, vi } from 'vitest'
import { SilenceWatch } from '../../dist/workers/silence.js'

type Core = ConstructorParameters<typeof SilenceWatch>[0]

interface Worker {
  readonly id: number
  phase: 'starting' | 'ready' | 'retiring' | 'dying'
  /** For each of its calls, whether it has begun. */
  calls: Set<boolean>
  lastEnd: number
}

interface Host {
  replaceable: boolean
  isFinishing: boolean
  unsent: number
}

/** A watch over one worker, whose looks are taken by hand. */
function watched(worker: Partial<Worker>, host: Partial<Host> = {}) {
  const theWorker: Worker = { id: 1, phase: 'ready', calls: new Set(), lastEnd: 0, ...worker }
  const theHost = { replaceable: true, isFinishing: false, unsent: 0, hasBegun: (begun: unknown) => begun, ...host }
  const found: unknown[] = []
  const core = {
    state: { workers: new Map([[1, theWorker]]) },
    hosts: new Map([[1, theHost]]),
    deadlines: { now: () => 0 },
  }
  const watch = new SilenceWatch(core as unknown as Core, (worker) => found.push(worker))
  const look = (times: number): number => {
    for (let time = 0; time < times; time++) watch.check()
    return found.length
  }
  return { worker: theWorker, host: theHost, watch, look }
}

describe('a worker that owes an answer', () => {
  it('for ten looks is found', () => {
    const { look } = watched({ calls: new Set([false]) })
    expect(look(9)).toBe(0)
    expect(look(1)).toBe(1)
  })

  it('is not found when one of its calls has begun, or has ended, or it has taken something, meanwhile', () => {
    for (const change of [
      (worker: Worker) => worker.calls.add(true),
      (worker: Worker) => worker.lastEnd++,
      (_: Worker, host: Host) => host.unsent++,
    ]) {
      const { worker, host, look } = watched({ calls: new Set([false]) })
      look(9)
      change(worker, host)
      expect(look(1)).toBe(0)
      worker.calls.delete(true)
      expect(look(8)).toBe(0)
    }
  })

  it('when it was told to end is found, but not while its finalizer runs', () => {
    const { host, look } = watched({ phase: 'retiring' }, { isFinishing: true })
    expect(look(30)).toBe(0)
    host.isFinishing = false
    expect(look(10)).toBe(1)
  })

  it('is not found where nothing could be done, nor before it has started, nor when it is ended already', () => {
    expect(watched({ calls: new Set([false]) }, { replaceable: false }).look(30)).toBe(0)
    for (const phase of ['starting', 'dying'] as const) expect(watched({ phase, calls: new Set([false]) }).look(30)).toBe(0)
  })

  it('owes nothing when it has nothing to do: then nobody looks', () => {
    const idle = watched({})
    idle.watch.start()
    expect(idle.watch.checkAt).toBeDefined()
    expect(idle.look(1)).toBe(0)
    expect(idle.watch.checkAt).toBeUndefined()
    const busy = watched({ calls: new Set([true]) })
    expect(busy.look(1)).toBe(0)
    expect(busy.watch.checkAt).toBeDefined()
  })
})

const warnings = vi.fn()
process.on('warning', warnings)

function leaveALoop(): void {
  setTimeout(() => {
    for (;;);
  })
}

const pools = {
  threads: (options: object = {}) => new ThreadPoolExecutor({ maxWorkers: 1, ...options }),
  processes: (options: object = {}) => new ProcessPoolExecutor({ maxWorkers: 1, ...options }),
}

/** A pool whose only worker is in a loop that nobody waits for. */
async function blocked(rung: keyof typeof pools, options?: object): Promise<ThreadPoolExecutor | ProcessPoolExecutor> {
  const pool = pools[rung](options)
  await pool.submit(leaveALoop)
  // It begins when the result has come here, or a moment later.
  await new Promise((resolve) => setTimeout(resolve, 200))
  return pool
}

describe.each(['threads', 'processes'] as const)('%s', (rung) => {
  it('that are blocked by what a call has left are replaced, and the calls run', { timeout: 60_000 }, async () => {
    const double = (n: number): number => n * 2
    const calls = async (): Promise<void> => {
      await using pool = await blocked(rung, { callsPerWorker: 2 })
      expect(await Promise.all([1, 2, 3].map((n) => pool.submit(double, n)))).toEqual([2, 4, 6])
    }
    const withTimeout = async (): Promise<void> => {
      await using pool = await blocked(rung)
      const first = await pool.with({ timeout: 60_000 }).submit(double, 1).exception()
      // That a call to an idle process has begun is taken for true.
      if (rung === 'processes') expect(String(first)).toMatch(/WorkerDiedError: .*what an ended call has left behind there does not yield/)
      else expect(first).toBeUndefined()
      expect(await pool.submit(double, 4)).toBe(8)
    }
    const shutdown = async (): Promise<void> => (await blocked(rung)).shutdown()
    const endless = async (): Promise<void> => {
      const pool = pools[rung]()
      await pool.submit(() => {
        process.on('exit', () => {
          for (;;);
        })
      })
      await pool.shutdown()
    }
    const long = async (): Promise<void> => {
      await using pool = pools[rung]()
      const busy = (ms: number): string => {
        const end = performance.now() + ms
        while (performance.now() < end);
        return 'ended'
      }
      const one = pool.submit(busy, 13_000)
      expect(await pool.submit(double, 5)).toBe(10)
      expect(await one).toBe('ended')
    }
    await Promise.all([calls(), withTimeout(), shutdown(), endless(), long()])
    const told = (text: string): boolean =>
      text.includes('heard nothing for 10 s') && text.includes(rung === 'threads' ? 'Thread' : 'Process')
    expect(warnings.mock.calls.map(([{ message }]) => String(message)).filter(told)).toHaveLength(4)
  })

  it('also while this thread is blocked by resultSync()', { timeout: 60_000 }, async () => {
    await using pool = await blocked(rung)
    const future = pool.submit((n: number) => n + 1, 1)
    if (rung === 'threads') expect(future.resultSync({ timeout: 30_000 })).toBe(2)
    else expect(() => future.resultSync({ timeout: 30_000 })).toThrow(WorkerDiedError)
  })
})
