// Reads what one worker sends.
import { Incoming, type Outgoing } from '../calls/index.js'
import type { HandleTable } from './handle-table.js'
import type { Definitions, Parcel } from './messages.js'

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

  /** Reads a value; at once, unless a module has to be imported for it. */
  read(
    message: { readonly definitions?: Definitions | undefined },
    parcel: Parcel,
    use: (value: unknown) => void,
    failed: (error: unknown) => void = use,
  ): void {
    this.define(message.definitions)
    let value: unknown
    try {
      value = this.#incoming.unpack(parcel)
    } catch (error) {
      failed(error)
      return
    }
    if (value instanceof Promise) value.then(use, failed)
    else use(value)
  }
}
