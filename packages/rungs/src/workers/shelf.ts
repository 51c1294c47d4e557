// Where buffers lie that are to be moved with a call that waits. They are given away when the call is submitted: what is done with them here afterwards
// is not meant for it. Nor do they count as memory of this thread any more: with more than 64 MB of buffers V8 collects at every one that is made.
//
// A shelf is a port that nobody listens to, with a message in it.
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Packed } from '../calls/index.js'

interface Shelf {
  readonly into: MessagePort
  readonly outOf: MessagePort
}

/** Shelves that are kept for later. */
const mostSpare = 64
const spare: Shelf[] = []

/** What is moved: its data lie on a shelf until they are asked for. */
export class Shelved implements Packed {
  readonly plain: boolean
  readonly uses: Packed['uses']
  #shelf: Shelf | undefined
  #taken: readonly [data: unknown, transfer: Packed['transfer']] | undefined

  /** @throws if something in it cannot be cloned or moved */
  constructor({ plain, data, uses, transfer }: Packed) {
    this.plain = plain
    this.uses = uses
    const shelf = spare.pop() ?? newShelf()
    try {
      shelf.into.postMessage([data, transfer], transfer)
    } catch (error) {
      keep(shelf)
      throw error
    }
    this.#shelf = shelf
  }

  get data(): unknown {
    return this.#take()[0]
  }

  get transfer(): Packed['transfer'] {
    return this.#take()[1]
  }

  /** Nobody will ask for them any more. */
  drop(): void {
    this.#take()
    this.#taken = [undefined, []]
  }

  #take(): readonly [data: unknown, transfer: Packed['transfer']] {
    if (this.#shelf !== undefined) {
      this.#taken = receiveMessageOnPort(this.#shelf.outOf)?.message
      keep(this.#shelf)
      this.#shelf = undefined
    }
    return this.#taken ?? [undefined, []]
  }
}

function newShelf(): Shelf {
  const { port1, port2 } = new MessageChannel()
  return { into: port1, outOf: port2 }
}

function keep(shelf: Shelf): void {
  if (spare.length < mostSpare) spare.push(shelf)
  else shelf.into.close()
}
