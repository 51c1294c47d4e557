// Three calls in processes of their own; nobody asks for the results.
import { ProcessPoolExecutor } from 'rungs'
import { ioBoundFunction } from './io-bound-processes.js'

const executor = new ProcessPoolExecutor(3)
executor.submit(ioBoundFunction, 'a')
executor.submit(ioBoundFunction, 'b')
executor.submit(ioBoundFunction, 'c')
await executor.shutdown()
