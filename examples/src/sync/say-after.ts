// #region say-after
import { run, sleep, TaskGroup } from 'rungs/sync'

async function sayAfter(ms: number, what: string): Promise<string> {
  await sleep(ms)
  console.log(what)
  return what
}

await run(async () => {
  const [one, two] = await TaskGroup.run((group) => [group.spawn(sayAfter, 10, 'hello'), group.spawn(sayAfter, 20, 'world')])
  console.log(`Both tasks have completed now: ${await one} ${await two}`)
})
// #endregion
