import { type Case, type Contestant, countOf, type Sample, type Session } from './claim.js'
import { HungError, type Trouble, troubleOf } from './trouble.js'

/** Time, as far as the runner needs it. */
export interface Clock {
  /** Resolves after so many milliseconds, unless the signal is aborted first. */
  after(ms: number, signal: AbortSignal): Promise<void>
}

/**
 * The place of one contestant: it is there while it is needed, each step of it is bounded in time, and after a step that failed
 * nothing of it is left. The next run then starts it anew.
 */
export class Seat {
  readonly #contestant: Contestant
  readonly #budget: number
  readonly #clock: Clock
  #session: Session | undefined
  version: string | undefined
  /** Set when it cannot be set up or gives wrong results: it is then out of all further cases. */
  trouble: Trouble | undefined

  constructor(contestant: Contestant, { budget, clock }: { budget: number; clock: Clock }) {
    this.#contestant = contestant
    this.#budget = budget
    this.#clock = clock
  }

  async run(kase: Case): Promise<Sample> {
    const session = this.#session ?? (await this.#start())
    const { kind } = kase
    const count = countOf(kase, this.#contestant)
    return await this.#bounded('run', session, () => session.run(kind, count))
  }

  /** A contestant that does not end in time is killed; what it measured is valid. */
  async end(): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    await this.#bounded('teardown', session, () => session.end()).catch(() => {})
    session.kill()
    this.#session = undefined
  }

  async #start(): Promise<Session> {
    try {
      const session = this.#contestant.start()
      this.#session = session
      const { version } = await this.#bounded('setup', session, () => session.ready())
      this.version = version
      return session
    } catch (error) {
      this.trouble = troubleOf(error, 'in its setup')
      throw error
    }
  }

  async #bounded<T>(step: string, session: Session, work: () => Promise<T>): Promise<T> {
    const settled = new AbortController()
    const late = this.#clock.after(this.#budget, settled.signal).then(() => {
      throw new HungError(`no end of its ${step} within ${this.#budget / 1000} s`)
    })
    try {
      return await Promise.race([work(), late])
    } catch (error) {
      session.kill()
      this.#session = undefined
      throw error
    } finally {
      settled.abort()
    }
  }
}
