import type { Case, Claim, Contestant, Sample } from './claim.js'
import { type Clock, Seat } from './seat.js'
import { type Trouble, troubleOf } from './trouble.js'

export interface Options {
  /** Rounds that count. One more goes before them and is discarded. */
  readonly rounds: number
  /** Milliseconds that one setup, run or teardown may take. */
  readonly budget: number
  /** An upper limit for the counts of all cases. */
  readonly count?: number
  readonly clock: Clock
  /** Called before each run; round 0 is the warm-up. */
  readonly onRun?: (kase: Case, round: number, contestant: Contestant) => void
}

/** What one contestant did in one case. `trouble` says why there are not as many samples as rounds. */
export interface Result {
  readonly case: Case
  readonly contestant: Contestant
  readonly samples: Map<number, Sample>
  trouble?: Trouble
}

export interface Measurements {
  readonly results: readonly Result[]
  readonly versions: ReadonlyMap<string, string>
}

/**
 * Runs the contestants of a claim in turn: round by round, and each round begins with another one, so that nobody always runs first
 * or always after the hungriest. One that throws or hangs is out of the case, with the reason; one that cannot be set up or gives wrong
 * results is out of the claim. The others go on.
 */
export async function measure(claim: Claim, options: Options): Promise<Measurements> {
  const seats = new Map(claim.contestants.map((contestant) => [contestant, new Seat(contestant, options)]))
  const results: Result[] = []
  try {
    for (const kase of claim.cases) {
      const bounded = { ...kase, count: Math.min(kase.count, options.count ?? kase.count) }
      results.push(...(await measureCase(claim, bounded, seats, options)))
    }
  } finally {
    await Promise.all([...seats.values()].map((seat) => seat.end()))
  }
  const versions = [...seats].map(([contestant, seat]) => [contestant.name, seat.version ?? '-'] as const)
  return { results, versions: new Map(versions) }
}

async function measureCase(claim: Claim, kase: Case, seats: ReadonlyMap<Contestant, Seat>, options: Options): Promise<Result[]> {
  const rows = [...seats].map(([contestant, seat]) => ({ seat, result: newResult(kase, contestant, seat.trouble) }))
  for (let round = 0; round <= options.rounds; round++) {
    for (const { seat, result } of rotated(rows, round)) {
      if (result.trouble !== undefined) continue
      options.onRun?.(kase, round, result.contestant)
      try {
        const sample = await seat.run(kase)
        if (round > 0) result.samples.set(round, sample)
      } catch (error) {
        result.trouble = seat.trouble ?? troubleOf(error, round === 0 ? 'warming up' : `round ${round}`)
      }
      if (claim.lifetime === 'run') await seat.end()
    }
  }
  return rows.map((row) => row.result)
}

function newResult(kase: Case, contestant: Contestant, trouble: Trouble | undefined): Result {
  return { case: kase, contestant, samples: new Map(), ...(trouble && { trouble }) }
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const start = by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}
