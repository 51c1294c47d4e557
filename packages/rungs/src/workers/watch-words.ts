// What a pool and the watching thread of a worker process say to each other, by the second socket.
//
//   order   cell i32 │ word i32                    an abort, see process-cells.ts; cell -1: take back the calls up to this number;
//                                                  cell -2: has the call in this cell begun?
//   answer  last i32 │ decided i32 │ length u32 │ frames      those after `decided`, up to `last`, will not begin; replies that are ready;
//                                                             last 0: whether it has begun

/** Bytes of an order. */
export const orderSize = 8
const answerHead = 12
/** In the place of a cell. */
const takeBack = -1
const ask = -2

export function abortOrder(cell: number, word: number): Buffer {
  const order = Buffer.allocUnsafe(orderSize)
  order.writeInt32LE(cell, 0)
  order.writeInt32LE(word, 4)
  return order
}

export function takeBackOrder(last: number): Buffer {
  return abortOrder(takeBack, last)
}

export function askOrder(cell: number): Buffer {
  return abortOrder(ask, cell)
}

export interface Orders {
  abort(cell: number, word: number): void
  takeBack(last: number): void
  ask(cell: number): void
}

/** Performs an order at the beginning of `order`. */
export function readOrder(order: Buffer, perform: Orders): void {
  const cell = order.readInt32LE(0)
  const word = order.readInt32LE(4)
  if (cell === takeBack) perform.takeBack(word)
  else if (cell === ask) perform.ask(word)
  else perform.abort(cell, word)
}

export function answerOf(last: number, decided: number, frames: Uint8Array): Buffer {
  const answer = Buffer.allocUnsafe(answerHead + frames.byteLength)
  answer.writeInt32LE(last, 0)
  answer.writeInt32LE(decided, 4)
  answer.writeUInt32LE(frames.byteLength, 8)
  answer.set(frames, answerHead)
  return answer
}

/** Puts answers together again out of what comes in. */
export class AnswerReader {
  readonly #receive: (last: number, decided: number, frames: Uint8Array) => void
  #rest: Buffer = Buffer.alloc(0)

  constructor(receive: (last: number, decided: number, frames: Uint8Array) => void) {
    this.#receive = receive
  }

  push(bytes: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    while (this.#rest.byteLength >= answerHead) {
      const end = answerHead + this.#rest.readUInt32LE(8)
      if (this.#rest.byteLength < end) return
      const answer = this.#rest
      // First: who receives it may read more.
      this.#rest = answer.subarray(end)
      this.#receive(answer.readInt32LE(0), answer.readInt32LE(4), answer.subarray(answerHead, end))
    }
  }
}
