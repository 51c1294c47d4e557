// What threads see in shared memory, for processes. Each side has cells of its own, and what one side writes is told to the other:
//
//   abort   by a second socket, which a thread of the child's own reads into memory that it shares with the child's main thread. So a loop that
//           never yields sees it.
//   begun   a call that is sent to a worker that has nothing else to do has begun: that is what the pool takes for true, without being told. A
//           child that runs several calls at once tells it of each. When such a call goes on for long, the pool asks the thread that watches. Of a chunk, it is told in advance how far the items will have come in the next
//           millisecond. When a child ends by its own doing, it tells how far it really was. Of calls that stand in line, see README.md.
//
// So a child that is killed without a word never had more of its calls begun than the pool believes.
import { atomics, performance } from '../core/platform.js'
import { Cells } from './cells.js'
import { abortOrder, askOrder } from './watch-words.js'

/** Where the sockets are in the child. */
export const channelFd = 3
export const watchFd = 4
/** Where the files for large buffers are in the child, if there are any: what is sent to it, and what it sends. */
export const thereFd = 5
export const backFd = 6

/** An attempt and a code in one word: the order may arrive before the call does, or after the cell has gone to another. */
function wordOf(id: number, code: number): number {
  return ((id & 0x3fffffff) << 2) | code
}

/** The pool's side. */
export class PoolCells extends Cells {
  readonly #order: (order: Buffer) => void
  #presumed: 0 | 1
  readonly #ids: number[]
  /** The attempt that was asked about, and whether it has begun, if that was answered. */
  #asked = 0
  #answer: boolean | undefined

  /** `order` sends bytes to the thread that watches. `presumed`: whether what is sent is taken to have begun. */
  constructor(count: number, presumed: 0 | 1, order: (order: Buffer) => void) {
    super(Cells.create(count).buffer)
    this.#presumed = presumed
    this.#order = order
    this.#ids = Array.from({ length: count }, () => 0)
  }

  override clear(cell: number): void {
    super.clear(cell)
    if (this.#presumed === 1) this.begin(cell, 1)
  }

  /** The cell has gone to this attempt. */
  sent(cell: number, id: number): void {
    if (cell >= 0) this.#ids[cell] = id
  }

  override abort(cell: number, code: number): void {
    super.abort(cell, code)
    this.#order(abortOrder(cell, wordOf(this.#ids[cell] ?? 0, code)))
  }

  /** Whether the call in this cell has really begun, as far as was heard when this was last asked; it is asked for anew. */
  confirms(cell: number): boolean {
    if (this.#presumed === 0) return this.begun(cell) > 0
    const id = this.#ids[cell] ?? 0
    const begun = this.#asked === id ? this.#answer : undefined
    this.#asked = id
    this.#answer = undefined
    this.#order(askOrder(cell))
    return begun ?? true
  }

  answered(begun: boolean): void {
    this.#answer = begun
  }

  /** The child has told. */
  told(cells: readonly (readonly [cell: number, count: number])[], atEnd: boolean): void {
    if (atEnd) {
      // It is ending: what is sent now does not begin any more.
      this.#presumed = 0
      for (let cell = 0; cell < this.count; cell++) this.begin(cell, 0)
    }
    for (const [cell, count] of cells) this.begin(cell, count)
  }
}

/** Milliseconds for which the items of a chunk are told in advance. */
const ahead = 1

/** The child's side. */
export class ChildCells extends Cells {
  readonly #tell: (cell: number, count: number) => void
  readonly #presumed: 0 | 1
  readonly #words: Int32Array
  /** Of the attempt that each cell belongs to. */
  readonly #ids: number[]
  readonly #cellOf = new Map<number, number>()
  /** Of the chunk in each cell: how many items were told in advance, since when, and how many at a time. */
  readonly #told: { count: number; since: number; lot: number }[]

  constructor(buffer: SharedArrayBuffer, presumed: 0 | 1, tell: (cell: number, count: number) => void) {
    super(buffer)
    this.#presumed = presumed
    this.#tell = tell
    this.#words = new Int32Array(buffer)
    this.#ids = Array.from({ length: this.count }, () => 0)
    this.#told = this.#ids.map(() => ({ count: 0, since: 0, lot: 1 }))
  }

  /** A call has come. `inLine`: that it begins is told otherwise. */
  received(cell: number, id: number, inLine: boolean): void {
    if (cell < 0) return
    this.#ids[cell] = id
    this.#cellOf.set(id, cell)
    super.begin(cell, 0)
    const told = this.#told[cell]
    if (told !== undefined) {
      told.count = inLine ? 1 : this.#presumed
      told.lot = 1
    }
  }

  /** Its outcome has been told, or there will be none. */
  replied(id: number): void {
    const cell = this.#cellOf.get(id)
    // The next call that it belongs to has not begun.
    if (cell !== undefined && this.#ids[cell] === id) super.begin(cell, 0)
    this.#cellOf.delete(id)
  }

  override begin(cell: number, count = 1): void {
    super.begin(cell, count)
    const told = this.#told[cell]
    if (told === undefined || count <= told.count) return
    const now = performance.now()
    if (count > 1) told.lot = now - told.since < ahead ? Math.min(told.lot * 2, 10_000) : Math.max(1, told.lot >> 1)
    told.since = now
    told.count = count + told.lot - 1
    this.#tell(cell, told.count)
  }

  // What can be taken back stands in line, see line-words.ts.
  override claim(cell: number): boolean {
    this.begin(cell)
    return true
  }

  // The word is written by the thread that watches: abort() of the other side, by way of the socket.
  override aborted(cell: number): number {
    const word = atomics.load(this.#words, cell * 2 + 1)
    const code = word & 3
    return code !== 0 && word === wordOf(this.#ids[cell] ?? 0, code) ? code : 0
  }

  /** How far all calls are whose outcome was not told. */
  begunCells(): [cell: number, count: number][] {
    return [...this.#cellOf.values()].map((cell) => [cell, this.begun(cell)])
  }
}

/** For the thread that watches, as what follows: whether the call in this cell has begun. */
export function hasBegun(words: Int32Array, cell: number): boolean {
  return cell < 0 || cell * 2 >= words.length || atomics.load(words, cell * 2) !== 0
}

export function performAbort(words: Int32Array, cell: number, word: number): void {
  if (cell >= 0 && cell * 2 + 1 < words.length) atomics.store(words, cell * 2 + 1, word)
}
