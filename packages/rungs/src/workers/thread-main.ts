// What a worker thread of a pool runs: a server on the port that it was given.

import { availableParallelism } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { workerData } from 'node:worker_threads'
import { exit } from '../core/platform.js'
import { Bell } from './bell.js'
import { Cells } from './cells.js'
import { type Crash, crashOf } from './crash.js'
import type { FromWorker, ToWorker } from './messages.js'
import { PortChannel } from './port-channel.js'
import { WorkerEnd } from './ring/worker-end.js'
import { Server } from './serve.js'
import type { ThreadStart } from './thread.js'

function runThread(): void {
  const { port, start, cells, news, mail, ring } = workerData as ThreadStart // Given by threadSpawner.
  const mailbox = new Bell(mail)

  const channel = new PortChannel<FromWorker | Crash, ToWorker>(port, new Bell(news))

  // The pool hears of it by its event loop, which resultSync() may be blocking.
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    // A listener that the calls have installed decides for itself.
    if (process.listenerCount('uncaughtException') === 0) channel.post(crashOf(error))
  })

  const server = new Server({
    channel,
    start,
    cells: new Cells(cells),
    memory: () => {
      const { used_heap_size, external_memory } = getHeapStatistics()
      return used_heap_size + external_memory
    },
    exit,
    waitForMessage: (sequence, ms) => mailbox.wait(sequence, ms),
    messageSequence: () => mailbox.read(),
    ring: ring && {
      end: new WorkerEnd(ring.memory, ring.pool, () => channel.post({ type: 'poke' }), availableParallelism() > 1),
      // The port on which the server listens. A worker has nothing else, as long as no function has started something.
      baseline: 1,
    },
  })
  void server.start()
}

// This becomes part of a file that others load as well. What that file holds is there for all of them only when it has run to its end.
if ((workerData as Partial<ThreadStart> | null)?.rungs === 'thread') queueMicrotask(runThread)
