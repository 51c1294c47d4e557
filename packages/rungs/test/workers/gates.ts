// Calls that begin and end when a test says so, and what else tests of maps on tasks share.
import { setImmediate as turn } from 'node:timers/promises'

/** Calls that have begun, and wait to be told to end. */
export class Gates {
  readonly begun: unknown[] = []
  readonly #open = new Map<unknown, { resolve(): void; reject(reason: unknown): void }>()
  running = 0
  peak = 0

  readonly pass = async (name: unknown): Promise<unknown> => {
    this.begun.push(name)
    this.peak = Math.max(this.peak, ++this.running)
    try {
      await new Promise<void>((resolve, reject) => this.#open.set(name, { resolve, reject }))
      return name
    } finally {
      this.running--
    }
  }

  async open(...names: unknown[]): Promise<void> {
    for (const name of names) {
      await until(() => this.#open.has(name))
      this.#open.get(name)?.resolve()
    }
    await turn()
  }

  async fail(name: unknown, reason: unknown): Promise<void> {
    await until(() => this.#open.has(name))
    this.#open.get(name)?.reject(reason)
    await turn()
  }
}

/** Turn by turn, so that what follows comes as soon as it can. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

/** Keeps the event loop busy for a while. */
export function busy(n: number): number {
  const end = performance.now() + 0.5
  while (performance.now() < end);
  return n
}
