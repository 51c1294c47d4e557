// What a worker asks about objects that stay here, and the answers.
import { isBlocked, type Packed } from '../calls/index.js'
import { InvalidStateError } from '../core/errors.js'
import type { HandleTable } from './handle-table.js'
import { InTurn } from './in-turn.js'
import type { Inbox } from './inbox.js'
import type { RpcReply, RpcRequest } from './messages.js'
import type { Outbox } from './outbox.js'
import type { AnyFunction } from './work-item.js'

/** The function that a question is about, if it is about one, and arguments. */
type Question = [fn: AnyFunction | undefined, ...args: unknown[]]

const importsNothing =
  'What was asked of the pool needs a module to be imported there, while its thread is blocked by resultSync(). Use await there'

export class Questions {
  readonly #handles: HandleTable
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  /** Of those that were not answered yet: how to cancel what was asked for. */
  readonly #open = new Map<number, (reason: unknown) => void>()
  /** What is asked of one object is asked in its order. */
  readonly #turns = new InTurn<number>()

  constructor(handles: HandleTable, inbox: Inbox, outbox: Outbox) {
    this.#handles = handles
    this.#inbox = inbox
    this.#outbox = outbox
  }

  /** Nobody waits for answers any more. */
  cancel(): void {
    for (const cancel of this.#open.values()) cancel(undefined)
  }

  answer(question: RpcRequest): void {
    const { id, handle, method } = question
    this.#inbox.define(question.definitions)
    const post = (status: RpcReply['status'], value: Packed): void => {
      if (status !== 'item') this.#open.delete(id)
      this.#outbox.post({ type: 'rpcReply', id, status, value, definitions: this.#outbox.definitionsFor(value.uses) }, value.transfer)
    }
    const reply = (status: RpcReply['status'], value: unknown): void => {
      if (status === 'rejected' || status === 'cancelled') {
        post(status, this.#outbox.packError(value))
        return
      }
      try {
        post(status, this.#outbox.packValue(value, status === 'item' ? 'yielded value' : 'result'))
      } catch (error) {
        // A value that cannot cross is a failure of the question. What follows is not wanted any more.
        this.#open.get(id)?.(error)
        post('rejected', this.#outbox.packError(error))
      }
    }
    const ask = (fn: AnyFunction | undefined, args: unknown[]): void => {
      if (method === 'cancelQuestion') {
        this.#open.get(id)?.(args[0])
        return
      }
      const cancel = this.#handles.ask(handle, method, fn, args, {
        item: (value) => reply('item', value),
        fulfilled: (value) => reply('fulfilled', value),
        rejected: (reason) => reply('rejected', reason),
        cancelled: (reason) => reply('cancelled', reason),
      })
      if (cancel !== undefined) this.#open.set(id, cancel)
    }
    const hear = (): void => {
      try {
        // An array: that is what was packed.
        const read = this.#inbox.unpack(question.args) as Question | Promise<Question>
        if (!(read instanceof Promise)) {
          const [fn, ...args] = read
          ask(fn, args)
        } else if (isBlocked()) reply('rejected', new InvalidStateError(importsNothing))
        else {
          const heard = this.#turns.begin(handle)
          read
            .then(
              ([fn, ...args]) => ask(fn, args),
              (error) => reply('rejected', error),
            )
            .finally(heard)
        }
      } catch (error) {
        reply('rejected', error)
      }
    }
    if (!this.#turns.defer(handle, hear)) hear()
  }
}
