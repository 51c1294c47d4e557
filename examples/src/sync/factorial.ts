// #region factorial
import { gather, run, sleep } from 'rungs/sync'

async function factorial(name: string, number: number): Promise<number> {
  let f = 1
  for (let i = 2; i <= number; i++) {
    console.log(`Task ${name}: Compute factorial(${number}), currently i=${i}...`)
    await sleep(10)
    f *= i
  }
  console.log(`Task ${name}: factorial(${number}) = ${f}`)
  return f
}

await run(async () => {
  console.log(await gather([() => factorial('A', 2), () => factorial('B', 3), () => factorial('C', 4)]))
})
// #endregion
