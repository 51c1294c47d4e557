// #region workers
import { Queue, run, sleep, TaskGroup } from 'rungs/sync'

async function worker(name: string, queue: Queue<number>): Promise<void> {
  // Ends when the queue is shut down and empty; in Python the workers have to be cancelled.
  for await (const ms of queue) {
    await sleep(ms)
    console.log(`${name} has slept for ${ms} ms`)
    queue.taskDone()
  }
}

await run(async () => {
  const queue = new Queue<number>()
  for (const ms of [10, 20, 30, 40, 50, 60]) await queue.put(ms)
  await TaskGroup.run(async (group) => {
    for (const name of ['worker-0', 'worker-1', 'worker-2']) group.spawn(worker, name, queue)
    await queue.join()
    queue.shutdown()
  })
  console.log('all done')
})
// #endregion
