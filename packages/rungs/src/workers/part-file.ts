// Large buffers from one process to another lie in a file that lies in memory, and only the place is said on the socket. A socket takes some 200 KB at a
// time, so a buffer of 10 MB would go in fifty pieces, with both sides waking each other for each; a file takes it in one call of the system, and gives
// it in one. The bytes are copied twice, as they are by a socket, and the sender may change them as soon as they are written.
//
//        freed                    next
//   ───────┼────────────────────────┼───────────▶ position: grows for ever; the place in the file is position % capacity
//          └ has not been read yet  ┘
//
// The sender alone writes, and decides what lies where; the reader says up to which position it has read. What does not fit, or cannot be written, goes
// by the socket. The file has no name: it is gone with the processes, however they end.
import { closeSync, constants, ftruncateSync, openSync, readSync, statfsSync, unlinkSync, writeSync } from 'node:fs'

/** Buffers from this size on: below, a socket takes one at once. */
export const filedSize = 64 * 1024
/** Bytes of a file. */
const size = 64 * 1024 * 1024
/** Milliseconds without use after which the memory is given back. */
const idleFor = 1_000
const folder = '/dev/shm'
/** What Linux calls a file system in memory. */
const tmpfs = 0x01021994

/** A new file without a name; undefined where there is no memory for such files. */
export function openPartFile(): number | undefined {
  try {
    if (statfsSync(folder).type !== tmpfs) return undefined
    const path = `${folder}/rungs-${process.pid}-${Math.random().toString(36).slice(2)}`
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
    unlinkSync(path)
    return fd
  } catch {
    return undefined
  }
}

/** One for each way. */
export interface PartFiles {
  readonly there: number
  readonly back: number
}

export function openPartFiles(): PartFiles | undefined {
  const there = openPartFile()
  const back = there === undefined ? undefined : openPartFile()
  if (there !== undefined && back !== undefined) return { there, back }
  if (there !== undefined) closeSync(there)
  return undefined
}

export function closePartFiles(files: PartFiles | undefined): void {
  if (files === undefined) return
  closeSync(files.there)
  closeSync(files.back)
}

/** The sender's side. */
export class PartFile {
  readonly #fd: number
  readonly #capacity: number
  #freed = 0
  #next = 0
  /** It could not be written the last time. */
  #refused = false
  #used = false
  #idle: NodeJS.Timeout | undefined

  /** `capacity`: the same for both sides. */
  constructor(fd: number, capacity = size) {
    this.#fd = fd
    this.#capacity = capacity
  }

  /** @returns where it lies; undefined if it has no room there */
  put(bytes: Uint8Array): number | undefined {
    const { byteLength } = bytes
    const capacity = this.#capacity
    if (byteLength > capacity || this.#refused) return undefined
    const start = this.#startFor(byteLength)
    if (start + byteLength - this.#freed > capacity) return undefined
    this.#used = true
    if (this.#idle === undefined) this.#watch()
    try {
      for (let done = 0; done < byteLength; ) done += writeSync(this.#fd, bytes, done, byteLength - done, (start % capacity) + done)
    } catch {
      // There is no memory for it, or the file may not be so large.
      this.#refused = true
      return undefined
    }
    this.#next = start + byteLength
    return start
  }

  /** All up to there has been read. */
  freed(position: number): void {
    this.#freed = position
  }

  close(): void {
    clearTimeout(this.#idle)
    this.#refused = true
    closeSync(this.#fd)
  }

  /** Nothing lies on both sides of the end of the file. When all has been read it begins anew: memory that was just in use is the fastest. */
  #startFor(byteLength: number): number {
    const capacity = this.#capacity
    const from = this.#next % capacity
    if (this.#freed === this.#next) {
      if (from > 0) this.#next += capacity - from
      this.#freed = this.#next
    } else if (from + byteLength > capacity) return this.#next + capacity - from
    return this.#next
  }

  /** What lies there takes memory also when it has been read. */
  #watch(): void {
    this.#idle = setTimeout(() => {
      this.#idle = undefined
      if (this.#used || this.#freed !== this.#next) {
        this.#used = false
        this.#watch()
        return
      }
      ftruncateSync(this.#fd, 0)
      this.#refused = false
    }, idleFor)
    this.#idle.unref()
  }
}

/** The reader's side: what lies there, in memory that nobody has had. */
export function readPart(fd: number, position: number, length: number, capacity = size): ArrayBuffer {
  const bytes = Buffer.allocUnsafeSlow(length)
  const start = position % capacity
  for (let done = 0; done < length; ) {
    const count = readSync(fd, bytes, done, length - done, start + done)
    if (count === 0) throw new Error(`There are no ${length} bytes at ${start}`)
    done += count
  }
  return bytes.buffer
}
