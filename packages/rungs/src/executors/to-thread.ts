// `toThread()` of `rungs/sync`, which lies below and knows no threads: they are handed in when the package is loaded.
import { provideThreads } from '../sync/to-thread.js'
import { ThreadPoolExecutor } from './thread-pool.js'

let pool: ThreadPoolExecutor | undefined

provideThreads((fn, ...args) => {
  pool ??= new ThreadPoolExecutor({ name: 'toThread' })
  return pool.submit(fn, ...args)
})
