// Shared memory for bytes that are on their way to workers, and memory that the program shares with them itself.
//
// For bytes on their way there is memory of the pool's own. The pool copies them in when a call is submitted, a worker copies them out when it
// takes the call, and the memory is used again when the call has ended. A worker learns of each memory by a message, once.
//
//   memory: [ room for a head | bytes … ]
//
// The bytes lie there as v8.serialize writes an ArrayBuffer, its head right before them. So the worker can have them copied by v8's deserializer, which
// tells the collector about the memory that it takes; `new Uint8Array(n)` does not, and then is three times slower, for page faults.
import { Deserializer, serialize } from 'node:v8'
import { type Keeper, KeptBytes, viewOf } from '../../calls/index.js'
import { sharedMemory } from '../../core/shared-memory.js'

/** Bytes that are kept for later though nothing is in them. */
const mostSpare = 64 * 2 ** 20

/** All that v8 writes before the length of an ArrayBuffer. Both sides run the same v8. */
let prefix: Uint8Array | undefined
/** Bytes of a memory before those that are kept. */
const room = 16
/** Of memory that was used in one call: it has no number yet. */
const SEEN = 0

interface Memory {
  readonly id: number
  readonly bytes: Uint8Array
}

/** Of a pool. */
export class BulkStore implements Keeper {
  readonly #memories = new Map<number, Memory>()
  /** By size. */
  readonly #spare = new Map<number, Memory[]>()
  #spareBytes = 0
  #lastId = 0
  /** The numbers of memory that the program shares. */
  readonly #shared = new WeakMap<SharedArrayBuffer, number>()
  readonly #collected = new FinalizationRegistry<number>((id) => this.#forget(id))
  /** Told of each memory that is used no more. */
  readonly #listeners = new Set<(id: number) => void>()

  /** Only what is used again gets one: a worker that knows it keeps it until it is collected here. */
  numberOf(memory: SharedArrayBuffer): number | undefined {
    const known = this.#shared.get(memory)
    if (known === undefined) {
      this.#shared.set(memory, SEEN)
      return undefined
    }
    if (known !== SEEN) return known
    const id = ++this.#lastId
    this.#shared.set(memory, id)
    this.#collected.register(memory, id)
    return id
  }

  /** @returns undefined when there is no memory for so much */
  keep(kind: number, bytes: Uint8Array): KeptBytes | undefined {
    const { byteLength } = bytes
    const memory = this.#take(sizeFor(room + byteLength))
    if (memory === undefined) return undefined
    writeHead(memory.bytes, byteLength)
    const copy = memory.bytes.subarray(room, room + byteLength)
    copy.set(bytes)
    return new KeptBytes(kind, copy, memory.id)
  }

  /** Nobody will read them any more. */
  release({ memory: id }: KeptBytes): void {
    const memory = this.#memories.get(id)
    if (memory === undefined) return
    const { byteLength } = memory.bytes
    if (this.#spareBytes + byteLength > mostSpare) {
      this.#memories.delete(id)
      this.#forget(id)
      return
    }
    this.#spareBytes += byteLength
    const spare = this.#spare.get(byteLength)
    if (spare === undefined) this.#spare.set(byteLength, [memory])
    else spare.push(memory)
  }

  onForget(listener: (id: number) => void): void {
    this.#listeners.add(listener)
  }

  offForget(listener: (id: number) => void): void {
    this.#listeners.delete(listener)
  }

  #forget(id: number): void {
    for (const forget of this.#listeners) forget(id)
  }

  #take(size: number): Memory | undefined {
    // The one that was last in use: it is warm.
    const spare = this.#spare.get(size)?.pop()
    if (spare !== undefined) {
      this.#spareBytes -= size
      return spare
    }
    try {
      const memory = { id: ++this.#lastId, bytes: new Uint8Array(sharedMemory(size)) }
      this.#memories.set(memory.id, memory)
      return memory
    } catch {
      return undefined
    }
  }
}

/** Reads what lies in other memory. */
export interface ElsewhereReader {
  read(memory: number, kind: number, byteLength: number): unknown
  view(memory: number, kind: number, byteOffset: number, byteLength: number): unknown
}

/** Of a worker: the memories that it was told of. */
export class BulkReader implements ElsewhereReader {
  readonly #memories = new Map<number, SharedArrayBuffer>()

  learn(id: number, buffer: SharedArrayBuffer): void {
    this.#memories.set(id, buffer)
  }

  forget(id: number): void {
    this.#memories.delete(id)
  }

  /**
   * A copy. Undefined when there is none: a call that was taken back is read before it turns out that it cannot be claimed, and its memory may be gone
   * by then, or be another's, whose bytes are fewer or more.
   */
  read(id: number, kind: number, byteLength: number): unknown {
    const memory = this.#memories.get(id)
    if (memory === undefined) return undefined
    const start = headStart(byteLength)
    try {
      const reader = new Deserializer(Buffer.from(memory, start, room - start + byteLength))
      reader.readHeader()
      return viewOf(kind, new Uint8Array(reader.readValue()))
    } catch {
      return undefined
    }
  }

  /** A part of the memory itself, which the program shares. Undefined when there is none, as in {@link read}. */
  view(id: number, kind: number, byteOffset: number, byteLength: number): unknown {
    const memory = this.#memories.get(id)
    return memory && viewOf(kind, new Uint8Array(memory, byteOffset, byteLength))
  }
}

/** The length as v8 writes it: seven bits in a byte, the lowest first. */
function writeHead(memory: Uint8Array, byteLength: number): void {
  let at = headStart(byteLength)
  const before = prefixOfBuffers()
  memory.set(before, at)
  at += before.length
  let rest = byteLength
  for (; rest > 127; rest >>>= 7) memory[at++] = (rest & 127) | 128
  memory[at] = rest
}

/** Not made before it is needed: workers load this module, and Node's v8 module takes long. */
function prefixOfBuffers(): Uint8Array {
  prefix ??= serialize(new ArrayBuffer(0)).subarray(0, -1)
  return prefix
}

function headStart(byteLength: number): number {
  return room - prefixOfBuffers().length - Math.ceil((32 - Math.clz32(byteLength)) / 7)
}

/** Four sizes for each power of two. Memory that is never written costs nothing. */
function sizeFor(byteLength: number): number {
  const step = 2 ** Math.max(10, 29 - Math.clz32(byteLength))
  return Math.ceil(byteLength / step) * step
}
