import { inspect } from 'node:util'
import { InvalidStateError } from '../core/errors.js'
import { requireNone } from './arguments.js'
import { debugging } from './debugging.js'
import { isNoPromise, type Permit } from './permit.js'
import { currentScope, undelivered } from './scope.js'
import type { Task } from './task.js'
import { type Place, refusal, signalOf, type Waiter, type WaitOptions, WaitQueue } from './wait-queue.js'

/** What is known of a {@link Lock}. */
export interface LockStats {
  /** Whether somebody holds it. */
  readonly locked: boolean
  /** How many wait for it. */
  readonly waiting: number
}

const freeFrom = Symbol('freeFrom')

class LockPermit implements Permit {
  readonly #lock: Lock

  constructor(lock: Lock) {
    this.#lock = lock
  }

  release(): void {
    this.#lock[freeFrom](this)
  }

  [Symbol.dispose](): void {
    this.#lock[freeFrom](this)
  }
}

isNoPromise(LockPermit)

// For a condition on the lock, which gives it up and takes it again for the same permit.

/** Frees the lock. @returns The permit that held it, or undefined if nobody did. */
export let suspendHold: (lock: Lock) => Permit | undefined
/** Stands in line for the lock with a waiter of one's own, whose `take` calls {@link resumeHold}. */
export let standInLine: (lock: Lock, waiter: Waiter<true>) => void
export let resumeHold: (lock: Lock, permit: Permit) => void

/** Holds the lock while it is on its way to somebody who has been woken. */
const passing = { release() {}, [Symbol.dispose]() {} } satisfies Permit

/**
 * Lets one at a time through, in the order in which they asked. Not reentrant: who holds it and asks again waits for ever.
 *
 * A free lock is taken at once; else `acquire` waits, and cancelling the task or aborting `signal` leaves the queue. Nobody who comes later
 * overtakes; one who is woken and cancelled in the same turn passes the lock on.
 * @throws {TypeError} if it is given an argument.
 * @example
 * const lock = new Lock()
 * {
 *   using permit = await lock.acquire()
 *   await changeTheWorld()
 * }
 */
export class Lock {
  /** Who holds it; `passing` while it is on its way to somebody who has been woken. */
  #holder: Permit | undefined
  /** The task of the holder, for the search for deadlocks. Only kept while debugging. */
  #owner: Task<unknown> | undefined
  readonly #waiting: WaitQueue<Permit | true>

  constructor(...none: []) {
    requireNone('A Lock', none)
    this.#waiting = new WaitQueue<Permit | true>(this.#place())
  }

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.#holder !== undefined
  }

  /** How many wait, and whether they have to. */
  get stats(): LockStats {
    return { locked: this.locked, waiting: this.#waiting.size }
  }

  /**
   * Takes the lock, waiting in arrival order until it is free. Cancelling the task or aborting `signal` leaves the queue without it.
   * @throws {CancelledError} (as a rejection) if cancelled first; {@link TypeError} for a wrong option.
   * @example
   * using permit = await lock.acquire()
   */
  acquire(options?: WaitOptions): Promise<Permit> {
    if (undelivered === 0 && options === undefined && !debugging) {
      if (this.#holder !== undefined) return this.#waiting.join().promise as Promise<Permit> // Its place gives permits.
      this.#holder = new LockPermit(this)
      return Promise.resolve(this.#holder)
    }
    const signal = signalOf('acquire()', options)
    const error = refusal(signal)
    if (error !== undefined) return Promise.reject(error)
    if (this.#holder === undefined) return Promise.resolve(this.#hold())
    return this.#waiting.join(signal).promise as Promise<Permit> // Its place gives permits.
  }

  /**
   * Takes the lock if it is free; never waits.
   * @returns The permit, or `undefined` if somebody holds it.
   * @example
   * using permit = lock.tryAcquire()
   * if (permit === undefined) return 'busy'
   */
  tryAcquire(): Permit | undefined {
    return this.#holder === undefined ? this.#hold() : undefined
  }

  /**
   * Gives the lock to the one who has waited longest, or frees it. For those who do not keep the permit; anybody may.
   * @throws {InvalidStateError} if nobody holds it.
   * @example
   * await lock.acquire()
   * try {
   *   await changeTheWorld()
   * } finally {
   *   lock.release()
   * }
   */
  release(): void {
    if (this.#holder === undefined || this.#holder === passing)
      throw new InvalidStateError('The lock is not held, so it cannot be released')
    this.#free()
  }

  /** @internal Frees the lock if `permit` is the one that holds it. */
  [freeFrom](permit: Permit): void {
    if (this.#holder === permit) this.#free()
  }

  /** Whether it is held, and how many wait: what `console.log` shows. */
  [inspect.custom](): string {
    return `Lock { ${this.locked ? 'locked' : 'unlocked'}, waiting: ${this.#waiting.size} }`
  }

  #hold(permit: Permit = new LockPermit(this)): Permit {
    this.#holder = permit
    if (debugging) this.#owner = currentScope()?.task
    return permit
  }

  #free(): void {
    this.#holder = undefined
    if (debugging) this.#owner = undefined
    if (this.#waiting.size > 0) {
      this.#holder = passing
      this.#waiting.grantNext()
    }
  }

  #place(): Place<Permit | true> {
    return {
      take: () => this.#hold(),
      passOn: () => this.#free(),
      describe: () => 'Lock.acquire()',
      blockers: () => (this.#owner === undefined ? [] : [this.#owner]),
    }
  }

  static {
    suspendHold = (lock) => {
      const permit = lock.#holder
      if (permit === undefined || permit === passing) return undefined
      lock.#free()
      return permit
    }
    standInLine = (lock, waiter) => {
      lock.#waiting.add(waiter as unknown as Waiter<Permit | true>) // The queue hands on what the place of the waiter gives.
      if (lock.#holder !== undefined) return
      lock.#holder = passing
      lock.#waiting.grantNext()
    }
    resumeHold = (lock, permit) => void lock.#hold(permit)
  }
}
