// Looks for the replies of all workers of a pool: for as long as there are some, and a moment longer, each turn of the event loop, in lots that
// leave room for timers. Then it says that it sleeps, and the worker that has the next reply wakes it by a message.
import { isDone, putOff } from '../../core/callout.js'
import { atomics, performance, setImmediate } from '../../core/platform.js'
import { createPoolWords, MAIN, mainStates, REPLIES } from './layout.js'
import type { PoolEnd } from './pool-end.js'

/** Replies in one turn: so many settle in less than a millisecond, so that timers are on time in the middle of many. */
const perTurn = 256
/** Milliseconds for which it looks after the last reply or call, before it waits to be woken. */
const awakeFor = 0.05
/** Nanoseconds: calls that take longer are not looked for. It would take time from them, and wins little. */
const longCall = 200_000

export class RingHub {
  readonly buffer = createPoolWords()
  /** Runs what hands over several outcomes, so that what follows from them is decided once. */
  batch: (run: () => void) => void = (run) => run()
  /** How long calls take, in nanoseconds; 0 when that is not known. */
  callNs = 0
  /** Replies are being handed over. */
  #handsOver = false
  readonly #words = new Int32Array(this.buffer)
  readonly #ends: PoolEnd[] = []
  /** Whether a look is scheduled. */
  #looking = false
  #lastNews = 0

  constructor() {
    atomics.store(this.#words, MAIN, mainStates.ASLEEP)
  }

  add(end: PoolEnd): void {
    this.#ends.push(end)
  }

  remove(end: PoolEnd): void {
    const at = this.#ends.indexOf(end)
    if (at >= 0) this.#ends.splice(at, 1)
  }

  /** A call was written: its reply may come soon. */
  sent(): void {
    if (this.#looking || this.callNs > longCall) return
    this.#lastNews = performance.now()
    this.#schedule()
  }

  /** Whether a call that was written need not be announced now: that is done before code of the program runs, and when all replies are handed over. */
  putsOff(): boolean {
    if (!this.#handsOver) return false
    putOff(this.#announce)
    return true
  }

  /** A worker has woken us. */
  woken(): void {
    if (!this.#looking) this.#look()
  }

  /** Hands over all replies that are there, and says that we sleep: for a thread that is about to block. */
  drainAndSleep(): void {
    do {
      this.batch(() => {
        while (this.#drain(perTurn) > 0) {}
      })
      atomics.store(this.#words, MAIN, mainStates.ASLEEP)
      // The second look: see README.md.
    } while (!this.#empty)
  }

  readonly #look = (): void => {
    this.#looking = false
    let count = 0
    this.batch(() => {
      count = this.#drain(perTurn)
    })
    if (this.#looking) return
    const now = performance.now()
    if (count > 0) this.#lastNews = now
    if (this.callNs <= longCall && now - this.#lastNews < awakeFor) {
      this.#schedule()
      return
    }
    // Pairs with the exchange in WorkerEnd.announce(): it has published its reply before it looks here, we look for one after this.
    atomics.store(this.#words, MAIN, mainStates.ASLEEP)
    if (!this.#empty) this.#schedule()
  }

  #schedule(): void {
    this.#looking = true
    atomics.store(this.#words, MAIN, mainStates.AWAKE)
    setImmediate(this.#look)
  }

  /** In the order in which they were published, whichever worker it was. */
  #drain(most: number): number {
    const within = this.#handsOver
    this.#handsOver = true
    try {
      return this.#handOver(most)
    } finally {
      this.#handsOver = within
      this.#announce()
    }
  }

  readonly #announce = (): void => {
    isDone(this.#announce)
    for (let index = 0; index < this.#ends.length; index++) this.#ends[index]?.announce()
  }

  #handOver(most: number): number {
    let count = 0
    while (count < most) {
      let first: PoolEnd | undefined
      let order = 0
      // Those that are published from now on have no lower number, whoever publishes them. Pairs with the addition in WorkerEnd.#publish().
      let before = atomics.load(this.#words, REPLIES)
      for (let index = 0; index < this.#ends.length; index++) {
        const end = this.#ends[index] as PoolEnd // Within the list.
        const next = end.nextOrder
        if (next === undefined) continue
        if (first === undefined || ((next - order) | 0) < 0) {
          if (first !== undefined) before = order
          first = end
          order = next
        } else if (((next - before) | 0) < 0) before = next
      }
      const drained = first?.drain(most - count, before) ?? 0
      if (drained === 0) break
      count += drained
    }
    return count
  }

  get #empty(): boolean {
    return this.#ends.every((end) => end.empty)
  }
}
