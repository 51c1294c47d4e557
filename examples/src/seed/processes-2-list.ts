// Ten calls on five processes, and their results in the order of the calls.
import { ProcessPoolExecutor } from 'rungs'
import { ioBoundFunction } from './io-bound-processes.js'

await using executor = new ProcessPoolExecutor(5)
const numbers = Array.from({ length: 10 }, (_, index) => index + 1)
const futures = numbers.map((number) => executor.submit(ioBoundFunction<number>, number))
const results = await Promise.all(futures)
console.log(results)
for (const result of results) console.log(result)
