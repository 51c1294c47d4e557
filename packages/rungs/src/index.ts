export { byReference, byValue, callback, explain, link, perWorker, register, share, transfer } from './calls/index.js'
export { type CurrentCall, currentCall, type WorkerInfo } from './core/current-call.js'
export {
  BrokenExecutorError,
  CancelledError,
  ExecutorShutdownError,
  InvalidStateError,
  NotShippableError,
  QueueFullError,
  RungsError,
  TimeoutError,
  type WorkerDeath,
  WorkerDiedError,
} from './core/errors.js'
export type {
  CallOptions,
  Executor,
  ExecutorStats,
  MapOptions,
  MapResults,
  Progress,
  SettledFailure,
  SettledRecord,
  SettledResult,
  SettledValue,
  ShutdownOptions,
  TerminateOptions,
  Transferable,
} from './core/executor.js'
export { Future, type FutureResolvers, type FutureState, type ResultOptions } from './core/future.js'
export type { BackoffOptions, RetryPolicy } from './core/retry.js'
export { sleepSync } from './core/sleep.js'
export {
  type AsCompletedOptions,
  asCompleted,
  type CompletedFutures,
  type ReturnWhen,
  type WaitOptions,
  type WaitResult,
  wait,
} from './core/wait.js'
export { ProcessPoolExecutor } from './executors/process-pool.js'
export { TaskPoolExecutor } from './executors/task-pool.js'
export { ThreadPoolExecutor } from './executors/thread-pool.js'
export {} from './executors/to-thread.js'
export type { ExecutorOptions, ProcessOptions, ThreadOptions } from './workers/pool-options.js'
