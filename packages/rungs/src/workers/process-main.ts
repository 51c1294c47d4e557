// What a worker process of a pool runs: a server on the socket that it was given. The first message says what it is to be.

import { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { library } from '../core/places.js'
import { exit } from '../core/platform.js'
import { Cells } from './cells.js'
import { ChildLine } from './child-line.js'
import { crashOf } from './crash.js'
import { pageSize } from './frames.js'
import { LineWord } from './line-words.js'
import type { FromWorker, ToWorker } from './messages.js'
import { Patience } from './patience.js'
import { PipeChannel, type Urgency } from './pipe-channel.js'
import type { Aside, ProcessStart } from './pipe-messages.js'
import { backFd, ChildCells, channelFd, thereFd } from './process-cells.js'
import type { WatchStart } from './process-watch.js'
import { ReadyPage } from './ready-page.js'
import { Server } from './serve.js'

/** Milliseconds for which a result with large buffers keeps this thread until they are written; then they are copied. */
const patience = 1
/** Milliseconds for which the end of this process waits for the pool to take what was said last. */
const untilLost = 5_000
const readSize = 64 * 1024

// Ctrl-C goes to all processes of a terminal. What it means for the calls is decided by the pool's process.
process.on('SIGINT', () => {})

/** Whether several calls run at once. */
let hasSiblings = false
const news = new Patience()
const ready = ReadyPage.create(pageSize)
const received = Buffer.allocUnsafeSlow(readSize)
// The declarations of Node know `onread` of connections that are yet to be made only.
const socketOptions = {
  fd: channelFd,
  onread: {
    buffer: received,
    callback: (count: number) => {
      channel.push(received.subarray(0, count))
      return true
    },
  },
}
const socket = new Socket(socketOptions)
const channel = new PipeChannel<FromWorker, ToWorker>({
  fd: channelFd,
  socket,
  patience,
  urgent: urgencyOf,
  heard: () => news.ring(),
  ready,
})

// Whoever started this process is gone: nobody wants what it does. The thread that watches sees to it if this one never comes here.
socket.on('end', () => exit(1))
socket.on('error', () => exit(1))

// Not printed, as Node would do: the error goes to the calls that end with this process.
process.on('uncaughtException', (error: unknown) => {
  // One that the calls have installed decides for itself.
  if (process.listenerCount('uncaughtException') > 1) return
  channel.post(crashOf(error))
  exit(1)
})

channel.onMessage((message) => {
  if (message.type === 'start') serve(message.start) // The first one, from processSpawner.
})

function serve({ start, cells: count, presumed, files }: ProcessStart): void {
  hasSiblings = start.callsPerWorker > 1
  if (files) channel.shareFiles({ write: backFd, read: thereFd })
  const { buffer } = Cells.create(count)
  const cells = new ChildCells(buffer, presumed, (cell, count) =>
    channel.post({ type: 'begun cells', cells: [[cell, count]], atEnd: undefined }),
  )
  const word = new LineWord()
  const line = new ChildLine({
    word,
    announce: (upTo, callNs) => {
      channel.post({ type: 'lot', upTo, callNs })
      channel.flushSync(Number.POSITIVE_INFINITY)
    },
    tellTime: (upTo, callNs) => channel.post({ type: 'lot', upTo, callNs }),
    flush: () => channel.flush(),
  })
  watch({ cells: buffer, line: word.buffer, ready: ready.buffer })
  const server = new Server({
    channel: {
      post: (message) => {
        if (message.type === 'reply' || (message.type === 'outcomes' && message.end !== undefined)) cells.replied(message.id)
        else if (message.type === 'exit') {
          channel.post({ type: 'begun cells', cells: cells.begunCells(), atEnd: { line: line.begun } })
        }
        channel.post(message)
        if (message.type === 'exit') channel.flushSync(untilLost)
      },
      onMessage: (receive) =>
        channel.onMessage((message) => {
          if (message.type === 'call') cells.received(message.cell, message.id, message.number !== 0)
          receive(message as ToWorker) // Nothing else comes after the start.
        }),
      pump: () => {
        channel.pump()
        if (channel.ended) exit(1)
      },
      setRef: (ref) => channel.setRef(ref),
      close: () => channel.close(),
    },
    start,
    cells,
    line: { calls: line, forget: (id) => cells.replied(id) },
    memory: () => process.memoryUsage.rss(),
    exit,
    waitForMessage: (sequence, ms) => news.wait(sequence, ms),
    messageSequence: () => news.read(),
  })
  // Calls of users see the process as if it were theirs.
  void server.start()
}

function watch(workerData: WatchStart): void {
  const thread = new Worker(new URL('workers/process-watch.js', library), {
    workerData,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  })
  thread.unref()
  // Without it a loop that never yields is not told that it is aborted, and nothing else is missing: the socket above ends as well.
  thread.on('error', () => {})
}

/**
 * Replies are put together, where no other call may be in the middle of something; what a call says while it runs is not kept back until it ends.
 * Definitions are written at once: what comes after them may be seen before they are, see ready-page.ts. That a call begins is written before it
 * does, whatever else still has to be: it may never yield.
 */
function urgencyOf(message: ToWorker | FromWorker | Aside): Urgency {
  switch (message.type) {
    case 'reply':
      return message.definitions === undefined && !hasSiblings ? 'at the end' : 'now'
    case 'begun':
    case 'begun cells':
      return 'written'
    case 'lot':
      return 'at the end'
    case 'output':
    case 'outcomes':
    case 'progress':
      return 'and wait'
    default:
      return 'now'
  }
}
