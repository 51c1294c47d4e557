import type { Sample } from '../claim.js'

/** A contestant as it is within its own process. */
export interface Subject {
  readonly version: string
  /** Fails when it gives wrong results: a wrong result has no speed. */
  verify(): Promise<void>
  run(kind: string, count: number): Promise<Sample>
  end(): Promise<void>
}

export type SetUp = (contestant: string) => Promise<Subject>
