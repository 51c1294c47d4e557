// Memory that threads share. The name of the class that makes it may be missing, where a program has taken it away; the class is still there.
import { InvalidStateError } from './errors.js'

/** What the types of Node leave out. */
interface WebAssembly {
  readonly Memory: new (pages: { shared: true; initial: number; maximum: number }) => { readonly buffer: SharedArrayBuffer }
}

/** Node 20 can be told to do without; it then ends as soon as shared memory is sent to a thread, whoever has made it. */
const without = /--no[-_]?harmony[-_]sharedarraybuffer/

let withoutName: typeof SharedArrayBuffer | undefined

/**
 * Memory that threads share.
 * @throws {InvalidStateError} where there is none.
 */
export function sharedMemory(bytes: number): SharedArrayBuffer {
  const { SharedArrayBuffer: named } = globalThis as { SharedArrayBuffer?: typeof SharedArrayBuffer }
  if (named === undefined) withoutName ??= unnamed()
  const Shared = named ?? withoutName
  if (Shared === undefined) {
    throw new InvalidStateError(
      'Threads share memory by SharedArrayBuffer, and this Node runs without it. Start it without --no-harmony-sharedarraybuffer, or use TaskPoolExecutor',
    )
  }
  return new Shared(bytes)
}

/** The class, by an object of it that is not made by its name. */
function unnamed(): typeof SharedArrayBuffer | undefined {
  const { WebAssembly: assembly } = globalThis as { WebAssembly?: WebAssembly }
  if (assembly === undefined || without.test(`${process.execArgv} ${process.env.NODE_OPTIONS}`)) return undefined
  return new assembly.Memory({ shared: true, initial: 1, maximum: 1 }).buffer.constructor as typeof SharedArrayBuffer
}
