import { InvalidStateError } from './errors.js'

/**
 * Memory that threads share.
 * @throws {InvalidStateError} where there is none.
 */
export function sharedMemory(bytes: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new InvalidStateError(
      'Threads share memory by SharedArrayBuffer, and this Node runs without it. Start it without --no-harmony-sharedarraybuffer, or use TaskPoolExecutor',
    )
  }
  return new SharedArrayBuffer(bytes)
}
