import { requireDuration } from './options.js'
import { atomics } from './platform.js'
import { sharedMemory } from './shared-memory.js'

let nobodyWakesIt: Int32Array | undefined

/**
 * Blocks this thread for `ms` milliseconds, as Python's `time.sleep`. Nothing else runs on the thread meanwhile: meant for workers and
 * scripts. In an async function on the main thread use `setTimeout` of `node:timers/promises`. A cancelled call does not wake up; its
 * worker is replaced after `grace`.
 * @throws {RangeError} if `ms` is negative or NaN; {@link TypeError} if it is no number.
 * @example
 * const pool = new ThreadPoolExecutor(3)
 * await pool.submit(() => sleepSync(100))
 */
export function sleepSync(ms: number): void {
  requireDuration('ms', ms)
  block(ms)
}

/** Blocks this thread. */
export function block(ms: number): void {
  nobodyWakesIt ??= new Int32Array(sharedMemory(Int32Array.BYTES_PER_ELEMENT))
  atomics.wait(nobodyWakesIt, 0, 0, ms)
}
