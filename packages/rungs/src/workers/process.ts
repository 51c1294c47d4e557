// Starts worker processes: a child of our own making, with two sockets beside its usual three streams. Calls and outcomes go over the first; the
// second is read by a thread of the child that watches, so that an abort reaches a loop that never yields, and the end of this process ends it.

import type { Outgoing, ShippedCall } from '../calls/index.js'
import { ChildWorker, type ChildWorkerParts } from './child-worker.js'
import { FrameReader } from './frames.js'
import type { HandleTable } from './handle-table.js'
import type { SpawnHost } from './host.js'
import { noNumber } from './line-words.js'
import { Link } from './link.js'
import type { FromWorker } from './messages.js'
import { depthOfWorkers } from './nesting.js'
import { openPartFiles } from './part-file.js'
import { messageOf } from './pipe-messages.js'
import { PoolLine } from './pool-line.js'
import { PoolCells } from './process-cells.js'
import { mostAhead } from './ring/layout.js'
import { spawnChild } from './spawn-child.js'
import { startupOf } from './startup.js'
import { takeBackOrder } from './watch-words.js'

export interface ProcessConfig extends ChildWorkerParts {
  readonly outgoing: Outgoing
  readonly handles: HandleTable
  /** Identifies the pool. */
  readonly pool: number
  readonly callsPerWorker: number
  readonly measureMemory: boolean
  readonly initializer: ShippedCall | undefined
  readonly finalizer: ShippedCall | undefined
  readonly code: 'any' | 'references-only' | undefined
  readonly now: () => number
}

/** How many calls more than `callsPerWorker` a worker may have, by places that others lend. */
const lentPlaces = 64

export function processSpawner(config: ProcessConfig): SpawnHost {
  return (record, name, events) => {
    const depth = depthOfWorkers()
    const files = openPartFiles()
    const worker = new ChildWorker(spawnChild(config, files), config, files)
    const presumed = config.callsPerWorker === 1 ? 1 : 0
    const cells = new PoolCells(config.callsPerWorker + lentPlaces + mostAhead, presumed, (order) => worker.order(order))
    const line = new PoolLine(config.callsPerWorker, (last) => worker.order(takeBackOrder(last)))
    const link = new Link({
      channel: worker.channel(cells, line),
      cells,
      line,
      confirms: (cell) => cells.confirms(cell),
      outgoing: config.outgoing,
      handles: config.handles,
      events,
      kill: (force) => worker.kill(force),
      print: (to, text) => worker.print(to, text),
      now: config.now,
      setRef: (ref) => worker.setRef(ref),
    })
    worker.start({
      start: {
        info: { name, index: record.index, kind: 'process' },
        boundary: 'process',
        code: config.code,
        callsPerWorker: config.callsPerWorker,
        measureMemory: config.measureMemory,
        initializer: startupOf(config.initializer, config.outgoing),
        finalizer: startupOf(config.finalizer, config.outgoing),
        pool: config.pool,
        depth,
      },
      cells: cells.count,
      presumed,
      files: files !== undefined,
    })
    worker.onGone((death) => link.gone(death))
    // Frames that were not written: of these, nothing but replies is taken from here.
    const early = new FrameReader((kind, body, message) => link.repliedEarly(messageOf(kind, body, message) as FromWorker))
    worker.onAnswer((last, decided, frames) => {
      if (last === noNumber) {
        cells.answered(decided !== 0)
        return
      }
      // First: who is told of an early reply may block for what was taken out.
      link.takenOut(line.answered(last, decided))
      early.push(frames)
    })
    return link
  }
}
