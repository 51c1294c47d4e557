// The same promises where nothing lies in shared memory but the cells: every call and every reply is a message. RUNGS_CONTRACT=all runs all of
// them; otherwise the groups that touch the transport most.
import { ThreadPoolExecutor } from 'rungs'
import { executorContract } from 'rungs/testing'
import { runContract } from './fixtures/run-contract.js'

runContract(
  'ThreadPoolExecutor over messages alone',
  executorContract(
    (options) => {
      const before = process.env.RUNGS_TRANSPORT
      process.env.RUNGS_TRANSPORT = 'port' // Read when an executor is made.
      try {
        return new ThreadPoolExecutor(options)
      } finally {
        if (before === undefined) delete process.env.RUNGS_TRANSPORT
        else process.env.RUNGS_TRANSPORT = before
      }
    },
    { kind: 'thread' },
  ).filter(({ group }) => process.env.RUNGS_CONTRACT === 'all' || ['submit', 'values', 'queue and concurrency'].includes(group)),
)
