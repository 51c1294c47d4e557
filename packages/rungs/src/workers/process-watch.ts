// A thread of a worker process that watches: the pool's orders reach it also while the main thread is in a loop that never yields, and it ends the
// process when the pool's process is gone.
import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'
import { LineWord, noNumber } from './line-words.js'
import { hasBegun, performAbort, watchFd } from './process-cells.js'
import { ReadyPage } from './ready-page.js'
import { answerOf, orderSize, readOrder } from './watch-words.js'

export interface WatchStart {
  /** The words of the calls; see Cells. */
  readonly cells: SharedArrayBuffer
  /** See LineWord and ReadyPage. */
  readonly line: SharedArrayBuffer
  readonly ready: SharedArrayBuffer
}

/** Milliseconds that the main thread has to end the process by itself. */
const untilKilled = 1_000

const start = workerData as WatchStart // Given by process-main.
const words = new Int32Array(start.cells)
const line = new LineWord(start.line)
const ready = new ReadyPage(start.ready)
let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0)

const socket = new Socket({ fd: watchFd })
socket.on('data', (bytes: Buffer) => {
  rest = rest.byteLength === 0 ? bytes : Buffer.concat([rest, bytes])
  while (rest.byteLength >= orderSize) {
    readOrder(rest, {
      abort: (cell, word) => performAbort(words, cell, word),
      takeBack: (last) => {
        const decided = line.takeBack(last)
        socket.write(answerOf(last, decided, ready.copy()))
      },
      ask: (cell) => {
        socket.write(answerOf(noNumber, hasBegun(words, cell) ? 1 : 0, new Uint8Array()))
      },
    })
    rest = rest.subarray(orderSize)
  }
})
socket.on('close', () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), untilKilled))
socket.on('error', () => {})
