// The channel between threads.
import { type MessagePort, receiveMessageOnPort, type TransferListItem } from 'node:worker_threads'
import type { Bell } from './bell.js'
import type { Channel } from './channel.js'

/** A channel over a MessagePort. `bell` is rung after each message, for a reader that is blocked. */
export class PortChannel<Out, In> implements Channel<Out, In> {
  readonly #port: MessagePort
  readonly #bell: Bell
  #receive: ((message: In) => void) | undefined

  constructor(port: MessagePort, bell: Bell) {
    this.#port = port
    this.#bell = bell
  }

  post(message: Out, transfer?: readonly unknown[]): void {
    this.#port.postMessage(message, transfer as TransferListItem[] | undefined) // What can be moved is for the port to judge.
    this.#bell.ring()
  }

  onMessage(receive: (message: In) => void): void {
    this.#receive = receive
    this.#port.on('message', receive)
    // A message that cannot be read is a call or an outcome that nobody would ever hear of.
    this.#port.on('messageerror', (error) => {
      throw error
    })
  }

  pump(): void {
    for (let received = receiveMessageOnPort(this.#port); received !== undefined; received = receiveMessageOnPort(this.#port)) {
      this.#receive?.(received.message)
    }
  }

  setRef(ref: boolean): void {
    if (ref) this.#port.ref()
    else this.#port.unref()
  }

  close(): void {
    this.#port.close()
  }
}
