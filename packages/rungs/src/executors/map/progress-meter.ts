// How far a map is, told at most some times a second, and at the end.
import type { AsyncResource } from 'node:async_hooks'
import { callout } from '../../core/callout.js'
import { clock, type Timer } from '../../core/clock.js'
import type { Progress } from '../../core/executor.js'
import { report } from '../../core/report.js'

/** Milliseconds between two tellings. */
export const throttleMs = 100
/** The rate is that of about the last so many tellings. */
const rateSamples = 50

export class ProgressMeter {
  readonly #tell: (progress: Progress) => void
  readonly #running: () => number
  readonly #context: AsyncResource
  readonly #time = clock()
  #done = 0
  #failed = 0
  #total: number | undefined
  #told = Number.NEGATIVE_INFINITY
  /** Tells of what came too soon after the last telling. */
  #timer: Timer | undefined
  #over = false
  /** Until `start`: nothing is told in the middle of the call to map(), whose result the callback may want to use. */
  #held: 'no' | 'yes' | 'finished' = 'yes'
  readonly #samples: { readonly at: number; readonly done: number }[]

  readonly #afterLast: () => void

  constructor(tell: (progress: Progress) => void, running: () => number, context: AsyncResource, afterLast: () => void = () => {}) {
    this.#tell = tell
    this.#afterLast = afterLast
    this.#running = running
    this.#context = context
    this.#samples = [{ at: this.#time.now(), done: 0 }]
  }

  /** map() is about to return. */
  start(fromTheStart: boolean): void {
    queueMicrotask(() => {
      const finished = this.#held === 'finished'
      this.#held = 'no'
      if (finished) this.finish()
      else if (this.#done > 0 || fromTheStart) this.#changed()
    })
  }

  set total(total: number) {
    this.#total = total
  }

  ended(failed: boolean): void {
    this.#done++
    if (failed) this.#failed++
    this.#changed()
  }

  /** Tells the final figures. */
  finish(): void {
    if (this.#held !== 'no') {
      this.#held = 'finished'
      return
    }
    if (this.#over) return
    this.#over = true
    this.#emit(this.#time.now())
    this.#afterLast()
  }

  /** Tells nothing any more: map() has thrown. */
  drop(): void {
    this.#over = true
    this.#clear()
  }

  #changed(): void {
    if (this.#over || this.#held !== 'no' || this.#timer !== undefined) return
    const now = this.#time.now()
    const wait = this.#told + throttleMs - now
    if (wait <= 0) {
      this.#emit(now)
      return
    }
    this.#timer = this.#time.setTimeout(() => {
      this.#timer = undefined
      if (!this.#over) this.#emit(this.#time.now())
    }, wait)
    // The calls keep the process alive; this does not.
    if (typeof this.#timer === 'object') this.#timer.unref?.()
  }

  #emit(now: number): void {
    this.#clear()
    this.#told = now
    const done = this.#done
    const total = this.#total
    const oldest = this.#samples[0] ?? { at: now, done }
    this.#samples.push({ at: now, done })
    if (this.#samples.length > rateSamples) this.#samples.shift()
    const elapsed = now - oldest.at
    const ratePerSecond = elapsed > 0 ? ((done - oldest.done) * 1_000) / elapsed : 0
    const left = total === undefined ? undefined : total - done
    const etaMs = left === undefined ? undefined : left === 0 ? 0 : ratePerSecond > 0 ? (left * 1_000) / ratePerSecond : undefined
    const progress: Progress = { done, total, failed: this.#failed, running: this.#running(), ratePerSecond, etaMs }
    try {
      const returned: unknown = callout(() => this.#context.runInAsyncScope(this.#tell, undefined, progress))
      // An async callback fails later; that is not lost either.
      if (returned instanceof Promise) returned.then(undefined, failed)
    } catch (error) {
      failed(error)
    }
  }

  #clear(): void {
    if (this.#timer === undefined) return
    this.#time.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

function failed(error: unknown): void {
  report('RUNGS_CALLBACK', 'The progress callback of a map failed', error)
}
