// One end of a socket between two processes, as bytes. Its own reads and writes, not those of libuv: a thread that is blocked, waiting for a
// result, must be able to do both, and no byte may be anywhere where only the event loop could move it. The loop tells when there is something to
// read; when there is room to write again is found out by trying: the other side usually empties its end in microseconds.

import { readSync, writevSync } from 'node:fs'
import { withFrames } from '../core/frames.js'
import { clearImmediate, clearTimeout, performance, setImmediate, setTimeout } from '../core/platform.js'
import { block } from '../core/sleep.js'

/** Milliseconds for which room is looked for on every turn of the loop, before it is looked for ever less often. */
const eager = 2
const longestPause = 10
/** Pieces that are written at once. */
const mostPieces = 64
/** Bytes that are read before other things have their turn. */
const mostAtOnce = 4 * 1024 * 1024

export class Pipe {
  readonly #fd: number
  #queue: Uint8Array[] = []
  #retry: { cancel(): void } | undefined
  #stuckSince = 0
  #pause = 1
  #state: 'open' | 'ended' | 'closed' = 'open'
  /** Nobody reads what is written. What the other side wrote before it ended is still to be read. */
  #unread = false

  constructor(fd: number) {
    this.#fd = fd
  }

  /** The other side is gone: nothing comes any more. */
  get ended(): boolean {
    return this.#state !== 'open'
  }

  /** Nothing waits to be written. */
  get empty(): boolean {
    return this.#queue.length === 0
  }

  /** Writes what the kernel takes now; the rest follows by itself. @returns whether all was written */
  write(pieces: readonly Uint8Array[]): boolean {
    for (const piece of pieces) this.#queue.push(piece)
    if (!this.#write()) {
      this.#writeLater()
      return false
    }
    this.#retry?.cancel()
    this.#retry = undefined
    return true
  }

  /**
   * Blocks until all is written, or until the kernel has taken nothing for `ms`. `meanwhile` is done whenever it takes nothing.
   * @returns whether all was written
   */
  writeSync(ms: number, meanwhile?: () => void): boolean {
    let since = performance.now()
    let pause = 0.02
    while (this.#queue.length > 0) {
      const before = this.waiting
      if (this.#write()) break
      if (this.waiting < before) {
        since = performance.now()
        pause = 0.02
      } else if (performance.now() - since > ms) break
      meanwhile?.()
      block(pause)
      pause = Math.min(1, pause * 1.5)
    }
    if (this.#queue.length > 0) {
      this.#writeLater()
      return false
    }
    this.#retry?.cancel()
    this.#retry = undefined
    return true
  }

  /** What waits becomes independent of the memory that it is in. */
  copyQueue(): void {
    this.#queue = this.#queue.map((piece) => piece.slice())
  }

  /** Reads into what `target` gives until nothing is there. @returns whether anything came */
  read(target: () => Uint8Array, filled: (count: number) => void): boolean {
    let total = 0
    while (this.#state === 'open' && total < mostAtOnce) {
      const bytes = target()
      const count = this.#attempt(() => readSync(this.#fd, bytes, 0, bytes.byteLength, null))
      if (count === undefined) break
      if (count === 0 || count === 'failed') {
        this.#state = 'ended'
        break
      }
      total += count
      filled(count)
    }
    return total > 0
  }

  close(): void {
    this.#state = 'closed'
    this.#queue = []
    this.#retry?.cancel()
    this.#retry = undefined
  }

  /** Bytes that wait to be written. */
  get waiting(): number {
    let bytes = 0
    for (const piece of this.#queue) bytes += piece.byteLength
    return bytes
  }

  /** @returns whether all was written */
  #write(): boolean {
    while (this.#queue.length > 0) {
      const pieces = this.#queue.length > mostPieces ? this.#queue.slice(0, mostPieces) : this.#queue
      const written = this.#unread || this.#state !== 'open' ? 'failed' : this.#attempt(() => writevSync(this.#fd, pieces))
      if (written === 'failed') {
        // That the other side is gone is told by whoever watches it.
        this.#unread = true
        this.#queue = []
        return true
      }
      if (written === undefined) return false
      this.#stuckSince = 0
      this.#drop(written)
    }
    return true
  }

  #drop(written: number): void {
    let rest = written
    let whole = 0
    for (const piece of this.#queue) {
      if (rest < piece.byteLength) break
      rest -= piece.byteLength
      whole++
    }
    if (whole === this.#queue.length) {
      this.#queue = []
      return
    }
    this.#queue.splice(0, whole)
    if (rest > 0) this.#queue[0] = (this.#queue[0] as Uint8Array).subarray(rest) // There is one: not all were written.
  }

  #writeLater(): void {
    if (this.#retry !== undefined) return
    const again = (): void => {
      this.#retry = undefined
      if (!this.#write()) this.#writeLater()
    }
    const now = performance.now()
    if (this.#stuckSince === 0) {
      this.#stuckSince = now
      this.#pause = 1
    }
    if (now - this.#stuckSince < eager) {
      const turn = setImmediate(again)
      this.#retry = { cancel: () => clearImmediate(turn) }
    } else {
      const timer = setTimeout(again, this.#pause)
      this.#pause = Math.min(longestPause, this.#pause * 2)
      this.#retry = { cancel: () => clearTimeout(timer) }
    }
  }

  /** @returns undefined when the kernel has nothing, or no room */
  #attempt(action: () => number): number | 'failed' | undefined {
    // It happens all the time, and nobody sees the error.
    return withFrames(0, () => {
      try {
        return action()
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException // Of fs.
        if (code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EINTR') return undefined
        return 'failed'
      }
    })
  }
}
