// A claim is measured by running its cases on each of its contestants. The first contestant is ours.

/** What is said about speed, and what is run to see whether it holds. */
export interface Claim {
  /** What the command line calls it. */
  readonly name: string
  /** The claim, in a sentence. */
  readonly says: string
  /** What holds for all of its cases: how many workers, what the function does. Printed above the tables. */
  readonly bounds: string
  /** How long a contestant lives: through all rounds, warm; or for one run, so that its memory can be told from that of other runs. */
  readonly lifetime: 'claim' | 'run'
  readonly cases: readonly Case[]
  readonly contestants: readonly Contestant[]
}

export interface Case {
  readonly name: string
  /** Which of the things a contestant can do is done. */
  readonly kind: string
  /** How many calls or items. */
  readonly count: number
  /** Those who would take minutes do fewer of them: where the metrics do not depend on how many there are. */
  readonly fewer?: { readonly count: number; readonly contestants: readonly string[] }
  readonly metrics: readonly Metric[]
}

/** How many calls or items a contestant does. */
export function countOf({ count, fewer }: Case, { name }: Contestant): number {
  return fewer?.contestants.includes(name) ? Math.min(count, fewer.count) : count
}

export interface Metric {
  /** The key in a sample. */
  readonly name: string
  readonly unit: string
  readonly better: 'higher' | 'lower'
}

export interface Contestant {
  readonly name: string
  /** Whom it is compared with; the first contestant when not given. */
  readonly against?: string
  start(): Session
}

/** A contestant that is there to be run. After `kill` nothing of it is left, whatever it was doing. */
export interface Session {
  /** Waits until it is set up and has been seen to give right results. */
  ready(): Promise<{ version: string }>
  run(kind: string, count: number): Promise<Sample>
  end(): Promise<void>
  kill(): void
}

/** What one run measured, by the name of the metric. */
export type Sample = Readonly<Record<string, number>>

/** A contestant that is not on this machine. */
export class AbsentError extends Error {
  override readonly name = 'AbsentError'
}
