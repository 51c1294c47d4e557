// Reads what one worker sends.
import { type Handles, Incoming, type Outgoing } from '../calls/index.js'
import { InvalidStateError } from '../core/errors.js'
import type { Future } from '../core/future.js'
import { InTurn } from './in-turn.js'
import type { Definitions, Parcel } from './messages.js'
import type { Attempt, WorkItem } from './work-item.js'

/** Of whose calls something is here that waits for a module, so that their outcomes have to wait as well. */
const unread = new WeakSet<Future<unknown>>()

/** For a thread that is about to block. @throws {InvalidStateError} if the outcome waits for a module, which comes by the event loop */
export function requireReadable(future: Future<unknown>): void {
  if (unread.has(future)) throw new InvalidStateError(waitsForModule)
}

export const waitsForModule =
  'resultSync() would never return: a module has to be imported to read what the call gave, and that needs this thread, which it would block. Use await'

export class Inbox {
  readonly #incoming: Incoming
  readonly turns = new InTurn<Attempt>()

  constructor(outgoing: Outgoing, handles: Handles) {
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

  /**
   * Reads a value: at once, unless a module has to be imported for it. `attempt`: whose value it is; what is said of it later is heard later, and has
   * to be asked for by `read` or in {@link turns}.
   */
  read(
    message: { readonly definitions?: Definitions | undefined },
    parcel: Parcel,
    use: (value: unknown) => void,
    failed: (error: unknown) => void = use,
    attempt?: Attempt,
  ): void {
    this.define(message.definitions)
    if (attempt === undefined || !this.turns.isReading || !this.turns.defer(attempt, () => this.#read(parcel, use, failed, attempt)))
      this.#read(parcel, use, failed, attempt)
  }

  #read(parcel: Parcel, use: (value: unknown) => void, failed: (error: unknown) => void, attempt: Attempt | undefined): void {
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
    if (attempt === undefined) {
      value.then(use, failed)
      return
    }
    const future = futureOf(attempt.item)
    if (future !== undefined) unread.add(future)
    const heard = this.turns.begin(attempt)
    const read = (use: (value: unknown) => void) => (value: unknown) => {
      if (future !== undefined) unread.delete(future)
      try {
        use(value)
      } finally {
        heard()
      }
    }
    value.then(read(use), read(failed))
  }
}

function futureOf(item: WorkItem): Future<unknown> | undefined {
  return item.part === undefined ? item.future : item.part.future
}
