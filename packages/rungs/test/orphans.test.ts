// No worker process outlives the process that started it, whatever either of them does.
import { ProcessPoolExecutor } from 'rungs'
import { afterEach, describe, expect, it } from 'vitest'
import { runProgram } from './fixtures/run-program.js'
import { until } from './fixtures/until.js'
import { neverYield, pid } from './fixtures/work.js'

const left: number[] = []

afterEach(() => {
  // Only when a test has failed.
  for (const pid of left.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('worker processes in a loop, waiting, and idle', () => {
  it.each(['exits', 'throws', 'aborts', 'is killed'])('end when their parent %s', async (how) => {
    const { stdout } = await runProgram('parent.js', [how])
    const pids = JSON.parse(stdout) as number[]
    left.push(...pids)
    expect(pids).toHaveLength(3)
    await until('all are gone', () => !pids.some(isAlive))
  })

  it('end with terminate(), gently or not, and with the pool that nobody waits for', async () => {
    for (const kill of [false, true]) {
      const pool = new ProcessPoolExecutor({ maxWorkers: 2 })
      const pids = await Promise.all([pool.submit(pid), pool.submit(pid)])
      left.push(...pids)
      const future = pool.submit(neverYield)
      await until('it runs', () => future.running)
      await pool.terminate({ kill })
      expect(pids.filter(isAlive)).toEqual([])
      expect(future.cancelled).toBe(true)
    }
  })

  it('are not ended by the Ctrl-C that ends a line in a terminal: what it means is for their parent to say', async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 })
    const worker = await pool.submit(pid)
    process.kill(worker, 'SIGINT')
    expect(await pool.submit(pid)).toBe(worker)
  })
})
