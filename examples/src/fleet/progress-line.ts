import type { Progress } from 'rungs'

const onTerminal = 100
const elsewhere = 1_000

/** One line that is rewritten on a terminal; a line a second in a log. */
export class ProgressLine {
  readonly #label: string
  readonly #stream: NodeJS.WriteStream
  #shownAt: number
  #open = false

  constructor(label: string, stream: NodeJS.WriteStream) {
    this.#label = label
    this.#stream = stream
    this.#shownAt = stream.isTTY ? 0 : performance.now() // The first line of a log comes after a second, if it takes that long.
  }

  update(progress: Progress): void {
    const now = performance.now()
    if (now - this.#shownAt < (this.#stream.isTTY ? onTerminal : elsewhere)) return
    this.#shownAt = now
    this.#show(progress)
  }

  /** Takes the line away from a terminal: the report says it better. */
  end(): void {
    if (this.#open) this.#stream.write('\r\x1b[K')
    this.#open = false
  }

  #show({ done, total, failed, running, ratePerSecond, etaMs }: Progress): void {
    const parts = [
      `${this.#label}: ${done} of ${total ?? '?'}`,
      `${failed} failed`,
      `${running} running`,
      `${ratePerSecond.toFixed(0)} a second`,
      ...(etaMs === undefined ? [] : [`${(etaMs / 1000).toFixed(0)} s left`]),
    ]
    const text = parts.join(', ')
    if (!this.#stream.isTTY) this.#stream.write(`${text}\n`)
    else {
      this.#stream.write(`\r\x1b[K${text.slice(0, (this.#stream.columns || 80) - 1)}`)
      this.#open = true
    }
  }
}
