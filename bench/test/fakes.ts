import type { Case, Claim, Contestant, Sample, Session } from '../dist/claim.js'
import type { Clock } from '../dist/seat.js'

/** Time that passes when it is told to. */
export class FakeClock implements Clock {
  readonly #alarms = new Set<{ at: number; ring: () => void }>()
  now = 0

  after(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((ring) => {
      const alarm = { at: this.now + ms, ring }
      this.#alarms.add(alarm)
      signal.addEventListener('abort', () => this.#alarms.delete(alarm))
    })
  }

  pass(ms: number): void {
    this.now += ms
    for (const alarm of this.#alarms) if (alarm.at <= this.now) alarm.ring()
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#alarms.size
  }
}

/** A contestant that writes down what is done with it; what is not given works at once. */
export function fake(name: string, log: string[], parts: Partial<Session> & { run?: Session['run'] } = {}): Contestant {
  const session: Session = {
    ready: async () => ({ version: '1.0.0' }),
    run: async () => ({ speed: 1 }),
    end: async () => {},
    kill: () => {},
    ...parts,
  }
  return {
    name,
    start() {
      log.push(`start ${name}`)
      return {
        ready: () => session.ready(),
        run(kind: string, count: number): Promise<Sample> {
          log.push(`run ${name} ${count}`)
          return session.run(kind, count)
        },
        end() {
          log.push(`end ${name}`)
          return session.end()
        },
        kill() {
          log.push(`kill ${name}`)
          session.kill()
        },
      }
    },
  }
}

export function claimOf(contestants: readonly Contestant[], parts: Partial<Claim> = {}): Claim {
  return { name: 'fake', says: 'A fake.', bounds: 'none', lifetime: 'claim', cases: [caseOf('one')], contestants, ...parts }
}

export function caseOf(name: string): Case {
  return { name, kind: name, count: 10, metrics: [{ name: 'speed', unit: 'm/s', better: 'higher' }] }
}
