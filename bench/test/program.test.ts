import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { AbsentError } from '../dist/claim.js'
import { startProgram, startStage } from '../dist/program.js'
import { measure } from '../dist/runner.js'
import { caseOf, claimOf } from './fakes.js'

const programs = fileURLToPath(new URL('fixtures/programs.mjs', import.meta.url))
const start = (name: string) => startProgram(process.execPath, [programs, name])
const clock = { after: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => new Promise<void>(() => {})) }

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a program as a contestant', () => {
  it('says its version, answers, and ends; what else it prints is no answer', async () => {
    for (const name of ['sound', 'chatty']) {
      const session = start(name)
      expect(await session.ready()).toEqual({ version: '1.2.3' })
      expect(await session.run('any', 21)).toEqual({ doubled: 42 })
      expect(await session.run('any', 4)).toEqual({ doubled: 8 })
      await session.end()
      expect(isAlive(session.pid)).toBe(false)
      session.kill() // After its end: nothing happens.
    }
  })

  it('that ends, throws or refuses rejects the run with what it said', async () => {
    for (const [name, message] of [
      ['exits', 'ended with 7'],
      ['throws', 'ended with 1: TypeError: what it says'],
      ['refuses', 'not today'],
    ] as const) {
      const session = start(name)
      await session.ready()
      await expect(session.run('any', 1)).rejects.toThrow(message)
      session.kill()
    }
  })

  it('that is not there is absent', async () => {
    await expect(startProgram('no-such-program-on-any-machine', []).ready()).rejects.toThrow(AbsentError)
  })

  it('that hangs, in whatever way, is reported and leaves no process', async () => {
    const pids: (number | undefined)[] = []
    const contestants = ['silent', 'spins', 'stays', 'sound'].map((name) => ({
      name,
      start() {
        const session = start(name)
        pids.push(session.pid)
        return session
      },
    }))
    const { results } = await measure(claimOf(contestants, { cases: [caseOf('one')] }), { rounds: 1, budget: 1500, clock })
    expect(results.map(({ contestant, samples, trouble }) => [contestant.name, samples.size, trouble?.status])).toEqual([
      ['silent', 0, 'hung'],
      ['spins', 0, 'hung'],
      ['stays', 1, undefined],
      ['sound', 1, undefined],
    ])
    expect(pids).toHaveLength(4)
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]))
  })

  it('that is unknown to the stage says so', async () => {
    await expect(startStage('tiny', 'nobody').ready()).rejects.toThrow('no thread pool nobody')
    await expect(startStage('nothing', 'nobody').ready()).rejects.toThrow('no claim nothing')
  })
})
