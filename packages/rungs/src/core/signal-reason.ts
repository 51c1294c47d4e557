// The reason of a signal, as the library itself reads it. Who reads `signal.reason` of a task of `sync` has been told of its cancellation (see
// sync/scope-signal.ts); what only passes a signal on is not whom that is meant for.

const native = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'reason')?.get

/** Why a signal was aborted. */
export function reasonOf(signal: AbortSignal | undefined): unknown {
  // One of another realm has a getter of its own.
  return signal instanceof AbortSignal && native !== undefined ? native.call(signal) : signal?.reason
}
