// Reads what one worker sends.
import { Incoming, type Outgoing } from '../calls/index.js'
import { InvalidStateError } from '../core/errors.js'
import type { Future } from '../core/future.js'
import type { HandleTable } from './handle-table.js'
import type { Definitions, Parcel } from './messages.js'
import type { WorkItem } from './work-item.js'

/** Whose outcomes are here, and wait for a module. */
const unread = new WeakSet<Future<unknown>>()

/** For a thread that is about to block. @throws {InvalidStateError} if the outcome waits for a module, which comes by the event loop */
export function requireReadable(future: Future<unknown>): void {
  if (unread.has(future)) throw new InvalidStateError(waitsForModule)
}

export const waitsForModule =
  'resultSync() would never return: a module has to be imported to read what the call gave, and that needs this thread, which it would block. Use await'

export class Inbox {
  readonly #incoming: Incoming

  constructor(outgoing: Outgoing, handles: HandleTable) {
    this.#incoming = new Incoming({ outgoing, handles })
  }

  /** They are not sent again. */
  define(definitions: Definitions | undefined): void {
    if (definitions !== undefined) for (const [id, definition] of definitions) this.#incoming.define(id, definition)
  }

  /** A value; a promise of it if a module has to be imported for it. @throws if it cannot be read */
  unpack(parcel: Parcel): unknown {
    return this.#incoming.unpack(parcel)
  }

  /** Reads a value; at once, unless a module has to be imported for it. `item`: whose outcome it is. */
  read(
    message: { readonly definitions?: Definitions | undefined },
    parcel: Parcel,
    use: (value: unknown) => void,
    failed: (error: unknown) => void = use,
    item?: WorkItem,
  ): void {
    this.define(message.definitions)
    let value: unknown
    try {
      value = this.#incoming.unpack(parcel)
    } catch (error) {
      failed(error)
      return
    }
    if (!(value instanceof Promise)) {
      use(value)
      return
    }
    const future = item && futureOf(item)
    if (future !== undefined) unread.add(future)
    const read = (use: (value: unknown) => void) => (value: unknown) => {
      if (future !== undefined) unread.delete(future)
      use(value)
    }
    value.then(read(use), read(failed))
  }
}

function futureOf(item: WorkItem): Future<unknown> | undefined {
  return item.part === undefined ? item.future : item.part.future
}
