// Many deadlines, one timer. A binary heap of times; a deadline that is no longer needed is marked, and dropped when its turn comes. Also what
// lets a thread that is blocked in resultSync() keep time: it runs what is due by itself.
import { type Clock, clock, type Timer } from '../core/clock.js'

export interface Deadline {
  readonly at: number
  /** What happens then; undefined once it is no longer needed. */
  run: (() => void) | undefined
}

export class Deadlines {
  readonly #clock: Clock = clock()
  readonly #heap: Deadline[] = []
  #live = 0
  #timer: { readonly handle: Timer; readonly at: number } | undefined

  /** Milliseconds on the clock that the deadlines are measured with. */
  now(): number {
    return this.#clock.now()
  }

  add(at: number, run: () => void): Deadline {
    const deadline: Deadline = { at, run }
    this.#live++
    this.#push(deadline)
    this.#schedule()
    return deadline
  }

  remove(deadline: Deadline): void {
    if (deadline.run === undefined) return
    deadline.run = undefined
    // When most of what is kept is dead, keep the rest only.
    if (--this.#live * 2 + 64 < this.#heap.length) {
      const live = this.#heap.filter((one) => one.run !== undefined)
      this.#heap.length = 0
      for (const one of live) this.#push(one)
    }
    this.#schedule()
  }

  /** The next time that something is due, or undefined. */
  get next(): number | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.run === undefined; first = this.#heap[0]) this.#pop()
    return this.#heap[0]?.at
  }

  /** Runs what is due. */
  runDue(): void {
    for (let at = this.next; at !== undefined && at <= this.#clock.now(); at = this.next) {
      const deadline = this.#pop()
      const run = deadline?.run
      if (deadline === undefined || run === undefined) continue
      deadline.run = undefined
      this.#live--
      run()
    }
    this.#schedule()
  }

  #schedule(): void {
    const { next } = this
    if (this.#timer?.at === next) return
    // A timer that fires too early does no harm; one that is too late does.
    if (this.#timer !== undefined && next !== undefined && this.#timer.at < next) return
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer.handle)
    this.#timer = undefined
    if (next === undefined) return
    const handle = this.#clock.setTimeout(
      () => {
        this.#timer = undefined
        this.runDue()
      },
      // Timers of Node fire up to a millisecond early.
      Math.max(0, Math.ceil(next - this.#clock.now())),
    )
    this.#timer = { handle, at: next }
  }

  #push(deadline: Deadline): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(deadline)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as Deadline // Within the heap by its arithmetic; so are the ones below.
      if (above.at <= deadline.at) break
      heap[index] = above
      index = parent
    }
    heap[index] = deadline
  }

  #pop(): Deadline | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && (heap[child + 1] as Deadline).at < (heap[child] as Deadline).at) child++
      if ((heap[child] as Deadline).at >= last.at) break
      heap[index] = heap[child] as Deadline
      index = child
    }
    heap[index] = last
    return first
  }
}
