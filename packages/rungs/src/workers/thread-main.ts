// What a worker thread of a pool runs: a server on the port that it was given.
import { getHeapStatistics } from 'node:v8'
import { workerData } from 'node:worker_threads'
import { Bell } from './bell.js'
import { Cells } from './cells.js'
import type { FromWorker, ToWorker } from './messages.js'
import { Server } from './serve.js'
import { PortChannel, type ThreadStart } from './thread.js'

const { port, start, cells, news, mail } = workerData as ThreadStart // Given by threadSpawner.
const mailbox = new Bell(mail)

const server = new Server({
  channel: new PortChannel<FromWorker, ToWorker>(port, new Bell(news)),
  start,
  cells: new Cells(cells),
  memory: () => {
    const { used_heap_size, external_memory } = getHeapStatistics()
    return used_heap_size + external_memory
  },
  exit: (code) => process.exit(code),
  waitForMessage: (sequence, ms) => mailbox.wait(sequence, ms),
  messageSequence: () => mailbox.read(),
})
// Calls of users see the thread as if it were theirs.
void server.start()
