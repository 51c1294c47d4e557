// A thread of a worker process that watches: the pool's orders reach it also while the main thread is in a loop that never yields, and it ends the
// process when the pool's process is gone.
import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'
import { orderSize, performOrder, watchFd } from './process-cells.js'

export interface WatchStart {
  /** The words of the calls; see Cells. */
  readonly cells: SharedArrayBuffer
}

/** Milliseconds that the main thread has to end the process by itself. */
const untilKilled = 1_000

const words = new Int32Array((workerData as WatchStart).cells) // Given by process-main.
let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0)

const socket = new Socket({ fd: watchFd })
socket.on('data', (bytes: Buffer) => {
  rest = rest.byteLength === 0 ? bytes : Buffer.concat([rest, bytes])
  while (rest.byteLength >= orderSize) {
    performOrder(words, rest)
    rest = rest.subarray(orderSize)
  }
})
socket.on('close', () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), untilKilled))
socket.on('error', () => {})
