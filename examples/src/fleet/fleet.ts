// The other end of make-fleet: starts that process, knows what it made, and ends it.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Device } from './inventory.js'
import type { DevicePlan, FleetOptions } from './plan.js'

export type MadeDevice = Device & DevicePlan
export type FromFleet = { readonly type: 'up'; readonly made: MadeDevice[] } | ToFleet
export type ToFleet = { readonly type: 'new round' }

export class Fleet implements AsyncDisposable {
  /** The truth, to compare answers with. */
  readonly made: readonly MadeDevice[]
  readonly #process: ChildProcess

  /** Comes back when every device listens and the inventory is written. */
  static async start({ count, seed, latency }: FleetOptions, inventory: string): Promise<Fleet> {
    const args = [String(count), '--seed', String(seed), '--latency', `${latency.min}-${latency.max}`, '--inventory', inventory]
    const child = fork(fileURLToPath(new URL('make-fleet.js', import.meta.url)), args)
    const message = await next(child)
    if (message.type !== 'up') throw new Error(`the fleet said ${message.type} before it was up`)
    return new Fleet(child, message.made)
  }

  private constructor(child: ChildProcess, made: readonly MadeDevice[]) {
    this.#process = child
    this.made = made
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Devices that fail on the first connection do so again. */
  async newRound(): Promise<void> {
    const heard = next(this.#process)
    this.#process.send({ type: 'new round' } satisfies ToFleet)
    await heard
  }

  /** Ends the devices and their process. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL') // It holds nothing that could be lost.
    await ended
  }
}

async function next(child: ChildProcess): Promise<FromFleet> {
  const done = new AbortController()
  const ended = once(child, 'exit', { signal: done.signal }).then(([code, signal]) => {
    throw new Error(`the process of the fleet ended with ${signal ?? `code ${code}`}`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: done.signal }), ended])
    return message as FromFleet // It is our own program that speaks.
  } finally {
    done.abort()
    ended.catch(() => {}) // The loser of the race is told by an abort; nobody waits for it.
  }
}
