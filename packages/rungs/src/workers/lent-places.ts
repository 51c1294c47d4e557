// Places of a worker that calls have lent, because they wait for others of their pool. The pool hears of each, and may send more calls meanwhile.
import type { CurrentCall } from '../core/current-call.js'
import type { FromWorker } from './messages.js'
import { RunningCall } from './running-call.js'

export class LentPlaces {
  /** How many more calls than otherwise may run here. */
  count = 0
  readonly #post: (message: FromWorker) => void

  constructor(post: (message: FromWorker) => void) {
    this.#post = post
  }

  /** @returns whether the pool has been told of it */
  lend(call: CurrentCall | undefined, what: 'place' | 'thread'): boolean {
    const active = activeOf(call)
    if (active === undefined) return false
    active.waits++
    if (active.lent === what || active.lent === 'thread') return false
    const { id } = active.request
    if (active.lent === 'place') this.#post({ type: 'regained', id })
    if (what === 'place') this.count++
    else if (active.lent === 'place') this.count--
    active.lent = what
    this.#post({ type: 'lent', id, what })
    return true
  }

  regain(call: CurrentCall | undefined): void {
    const active = activeOf(call)
    if (active === undefined || --active.waits > 0) return
    if (active.lent === 'place') this.count--
    active.lent = 'no'
    this.#post({ type: 'regained', id: active.request.id })
  }
}

/** The call, if it is one of a worker. */
function activeOf(call: CurrentCall | undefined): RunningCall | undefined {
  return call instanceof RunningCall ? call : undefined
}
