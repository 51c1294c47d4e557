import { AbsentError } from './claim.js'

/** Why a contestant has fewer samples than there were rounds. */
export interface Trouble {
  readonly status: 'absent' | 'hung' | 'failed'
  readonly reason: string
}

/** What took longer than its budget. Its session has been killed. */
export class HungError extends Error {
  override readonly name = 'HungError'
}

/** The first line of the error is the reason: this goes into a table. */
export function troubleOf(error: unknown, where: string): Trouble {
  const status = error instanceof AbsentError ? 'absent' : error instanceof HungError ? 'hung' : 'failed'
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
  return { status, reason: status === 'absent' ? line : `${line}, ${where}` }
}
