// What goes to one worker, and what it knows: definitions and memories that it has been told of are not sent again.
import type { BytesCall, Outgoing, Packed } from '../calls/index.js'
import type { Channel } from './channel.js'
import type { Definitions, FromWorker, SentBytes, ToWorker } from './messages.js'
import type { PoolEnd } from './ring/pool-end.js'

export class Outbox {
  readonly #channel: Channel<ToWorker, FromWorker>
  readonly #outgoing: Outgoing
  /** Counts the messages. Set by the link. */
  ring: PoolEnd | undefined = undefined
  /** Nobody hears what is posted. Set by the link. */
  closed = false
  /** Definitions that the worker has. */
  readonly #definitions = new Set<number>()
  /** Memories that the worker knows. */
  readonly #memories = new Set<number>()

  constructor(channel: Channel<ToWorker, FromWorker>, outgoing: Outgoing) {
    this.#channel = channel
    this.#outgoing = outgoing
  }

  post(message: ToWorker, transfer: readonly unknown[] = []): void {
    if (!this.closed) this.send(message, transfer)
  }

  /** @throws if it cannot be copied, or what it moves has been moved before */
  send(message: ToWorker, transfer: readonly unknown[]): void {
    try {
      this.#channel.post(message, transfer)
    } catch (error) {
      // What went with it has not arrived either.
      if ('definitions' in message && message.definitions !== undefined)
        for (const [id] of message.definitions) this.#definitions.delete(id)
      throw error
    }
    this.ring?.posted()
  }

  /** Whether the worker has the definition. */
  has(definition: number): boolean {
    return this.#definitions.has(definition)
  }

  /** Of these, those that the worker does not have. It has them from now on. */
  definitionsFor(target: number | readonly number[] | undefined, ...uses: (readonly number[] | undefined)[]): Definitions | undefined {
    let definitions: [number, unknown][] | undefined
    const add = (id: number): void => {
      if (this.#definitions.has(id)) return
      this.#definitions.add(id)
      definitions ??= []
      definitions.push([id, this.#outgoing.definition(id)])
    }
    for (const ids of uses) if (ids !== undefined) for (const id of ids) add(id)
    if (typeof target === 'number') add(target)
    else if (target !== undefined) for (const id of target) add(id)
    return definitions
  }

  /** A value, or what stands for it when it cannot cross. */
  pack(value: unknown, instead: (error: unknown) => unknown): Packed {
    try {
      return this.#outgoing.pack(value)
    } catch (error) {
      return this.#outgoing.packError(instead(error))
    }
  }

  /** @throws {NotShippableError} if something in it cannot cross; `label` is the beginning of its path */
  packValue(value: unknown, label: string): Packed {
    return this.#outgoing.pack(value, { label })
  }

  packError(error: unknown): Packed {
    return this.#outgoing.packError(error)
  }

  /** The worker learns of the memory before the call that refers to it. */
  bytesOf({ kept: { kind, bytes, memory, isShared }, at }: BytesCall): SentBytes {
    const { byteOffset, byteLength } = bytes
    if (memory === 0) return { at, kind, memory, isShared, byteOffset, byteLength, bytes }
    if (!this.#memories.has(memory)) {
      this.#memories.add(memory)
      this.post({ type: 'memory', id: memory, buffer: bytes.buffer as unknown as SharedArrayBuffer }) // So the store has made it.
    }
    return { at, kind, memory, isShared, byteOffset, byteLength, bytes: undefined }
  }

  readonly forget = (memory: number): void => {
    if (this.#memories.delete(memory)) this.post({ type: 'forget', id: memory })
  }
}
