// A map whose results nobody looks at must not hide a failure. The futures of its items are the map's own business and report nothing; in their
// place there is one future for all of them, which fails with the first failure and is held by the map. When nobody has looked at the map
// before it is collected, or the process ends, that future is reported as any other is: once, with the place where map() was called.
import { type CallSite, captureCallSite } from '../../core/call-site.js'
import { createFuture, type Future, failFuture, outcomeOf } from '../../core/future.js'
import type { Callee } from './submitter.js'

export class Witness {
  readonly #key: string | undefined
  #site: CallSite | undefined
  #future: Future<unknown> | undefined
  #looked = false

  /**
   * @param below the function whose caller called map
   */
  constructor(key: string | undefined, below: Callee) {
    this.#key = key
    this.#site = captureCallSite(below)
  }

  /** Something went wrong that the map will tell when it is asked. */
  saw(reason: unknown): void {
    if (this.#looked || this.#future !== undefined) return
    this.#future = createFuture({ key: this.#key, site: this.#site })
    failFuture(this.#future, reason)
  }

  /** Somebody has seen it, or did not want to. */
  look(): void {
    if (this.#looked) return
    this.#looked = true
    this.#site = undefined
    if (this.#future !== undefined) outcomeOf(this.#future)
    this.#future = undefined
  }
}
