// The same promises where calls and replies go through shared memory, which has to be asked for. RUNGS_CONTRACT_RING=1 runs all of it; otherwise
// the groups that touch the transport most.
import { ThreadPoolExecutor } from 'rungs'
import { executorContract } from 'rungs/testing'
import { runContract } from './fixtures/run-contract.js'

runContract(
  'ThreadPoolExecutor over shared memory',
  executorContract(
    (options) => {
      const before = process.env.RUNGS_TRANSPORT
      process.env.RUNGS_TRANSPORT = 'ring' // Read when an executor is made.
      try {
        return new ThreadPoolExecutor(options)
      } finally {
        if (before === undefined) delete process.env.RUNGS_TRANSPORT
        else process.env.RUNGS_TRANSPORT = before
      }
    },
    { kind: 'thread' },
  ).filter(({ group }) => process.env.RUNGS_CONTRACT_RING !== undefined || ['submit', 'values', 'queue and concurrency'].includes(group)),
)
