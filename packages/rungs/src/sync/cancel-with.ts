import { onAbort } from '../core/on-abort.js'
import { CancelScope, currentScope } from './scope.js'
import { abortError } from './wait-queue.js'

/** Runs `body` in a scope that is cancelled when `signal` is aborted; without a signal, just runs it. */
export async function cancelWith<R>(signal: AbortSignal | undefined, body: () => R): Promise<Awaited<R>> {
  if (signal === undefined) return await body()
  const scope = new CancelScope(currentScope())
  const cancel = (): void => scope.cancel(abortError(signal))
  const unlisten = onAbort(signal, cancel)
  if (signal.aborted) cancel()
  try {
    // Async within the scope, so that a future that the body returns is awaited there.
    return await scope.run(async () => await body())
  } finally {
    unlisten()
    scope.end()
  }
}
