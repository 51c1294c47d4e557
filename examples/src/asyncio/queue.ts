// #region queue
import { Queue, run, sleep, TaskGroup } from 'rungs/sync'

async function worker(name: string, queue: Queue<number>): Promise<void> {
  for (;;) {
    const sleepFor = await queue.get()
    await sleep(sleepFor)
    queue.taskDone()
    console.log(`${name} has slept for ${sleepFor} ms`)
  }
}

await run(async () => {
  const queue = new Queue<number>()
  let totalSleepTime = 0
  for (let i = 0; i < 20; i++) {
    const sleepFor = 1 + (i % 5)
    totalSleepTime += sleepFor
    queue.tryPut(sleepFor)
  }
  await TaskGroup.run(async (group) => {
    for (const i of [0, 1, 2]) group.spawn(worker, `worker-${i}`, queue)
    await queue.join()
    group.cancel()
  })
  console.log('====')
  console.log(`total expected sleep time: ${totalSleepTime} ms`)
})
// #endregion
