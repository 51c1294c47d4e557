// A ticket is a call as the pool's decisions see it: where it is, and nothing of what it does. It is a link of at most one list at a time (the
// queue, or the calls of a worker), so that taking it out of wherever it is costs the same for the first and the millionth.
import type { WorkerRecord } from './worker-record.js'

/**
 *              ┌───── cancelled ──────┐
 *              │                      ▼
 *   new ──▶ queued ◀──▶ running ──▶ gone
 *    │                                ▲
 *    └─────▶ held ────────────────────┘
 *
 * From `running` back to `queued`: it was taken back, or its worker died before it began. `held`: for a call that is paused before its next attempt, or
 * that comes later.
 */
export type Place = 'new' | 'queued' | 'running' | 'held' | 'gone'

export class Ticket {
  place: Place = 'new'
  /** Which worker has it, while it is running. */
  worker: WorkerRecord | undefined = undefined
  /** Nobody wants its outcome any more; it still takes its place until it ends. */
  abandoned = false
  /** It was given up while it waited for a place at its worker, and does not count as one that waits. */
  discounted = false
  /** Whether a worker may have it before it has a place for it. */
  goesAhead = false
  /** A worker has it, or had it, before it had a place for it. */
  early = false
  /** Calls of one kind are of one function; 0: nobody knows which, or it may wait for another call in memory that they share. */
  kind = 0
  /** When it was first handed over, relative to others. */
  order = 0
  /** It waits for another call of its own pool and has lent its place. */
  lends: 'no' | 'place' | 'thread' = 'no'
  /** @internal for {@link TicketList} */
  list: TicketList | undefined = undefined
  /** @internal for {@link TicketList} */
  previous: Ticket | undefined = undefined
  /** @internal for {@link TicketList} */
  next: Ticket | undefined = undefined

  constructor(readonly priority: number) {}

  /** It is gone, and stands for another call from now on. */
  renew(): void {
    this.place = 'new'
    this.worker = undefined
    this.abandoned = false
    this.discounted = false
    this.early = false
    this.order = 0
    this.lends = 'no'
  }
}

/** Many calls that stand in the queue as one, and become tickets one by one as their turns come. */
export class Batch extends Ticket {
  /** How many are left. */
  count: number
  readonly #next: () => Ticket

  /** `next` makes a ticket of the next call. */
  constructor(priority: number, count: number, next: () => Ticket = noNext) {
    super(priority)
    this.count = count
    this.#next = next
  }

  /** Whether it is in the queue and nothing of its priority comes after it: what is submitted now may join it. */
  get isLast(): boolean {
    return this.list !== undefined && this.next === undefined
  }

  /** Whether all of them were taken: it may be used again. */
  get isDone(): boolean {
    return this.count === 0 && this.list === undefined && !this.abandoned
  }

  take(): Ticket {
    this.count--
    return this.#next()
  }
}

function noNext(): Ticket {
  throw new Error('A batch that is given no calls takes them itself')
}

/** A doubly linked list through the tickets themselves: first in, first out, and removal from the middle at no cost. */
export class TicketList {
  size = 0
  #first: Ticket | undefined
  #last: Ticket | undefined

  get first(): Ticket | undefined {
    return this.#first
  }

  push(ticket: Ticket): void {
    ticket.list = this
    ticket.previous = this.#last
    ticket.next = undefined
    if (this.#last === undefined) this.#first = ticket
    else this.#last.next = ticket
    this.#last = ticket
    this.size++
  }

  unshift(ticket: Ticket): void {
    ticket.list = this
    ticket.next = this.#first
    ticket.previous = undefined
    if (this.#first === undefined) this.#last = ticket
    else this.#first.previous = ticket
    this.#first = ticket
    this.size++
  }

  /** Of one of the list: it comes after all others now. */
  moveToEnd(ticket: Ticket): void {
    const last = this.#last
    const { previous, next } = ticket
    if (last === undefined || next === undefined) return
    if (previous === undefined) this.#first = next
    else previous.next = next
    next.previous = previous
    last.next = ticket
    ticket.previous = last
    ticket.next = undefined
    this.#last = ticket
  }

  /** Before the first that has no lower order: those that were never taken have none. */
  putBack(ticket: Ticket): void {
    let after = this.#first
    while (after !== undefined && after.order !== 0 && after.order < ticket.order) after = after.next
    if (after === undefined) this.push(ticket)
    else if (after === this.#first) this.unshift(ticket)
    else {
      const before = after.previous as Ticket // It is not the first.
      ticket.list = this
      ticket.previous = before
      ticket.next = after
      before.next = ticket
      after.previous = ticket
      this.size++
    }
  }

  remove(ticket: Ticket): void {
    if (ticket.list !== this) return
    if (ticket.previous === undefined) this.#first = ticket.next
    else ticket.previous.next = ticket.next
    if (ticket.next === undefined) this.#last = ticket.previous
    else ticket.next.previous = ticket.previous
    ticket.list = undefined
    ticket.previous = undefined
    ticket.next = undefined
    this.size--
  }

  *[Symbol.iterator](): Generator<Ticket> {
    for (let ticket = this.#first; ticket !== undefined; ) {
      const { next } = ticket // The reader may take it out.
      yield ticket
      ticket = next
    }
  }
}

/** Tickets by priority, the higher first, and first in, first out within one. */
export class TicketQueue {
  /** How many calls: a batch counts for all that are left of it. */
  size = 0
  /** Highest first. Nearly always there is one. */
  #levels: { readonly priority: number; readonly list: TicketList }[] = []

  push(ticket: Ticket): void {
    this.#level(ticket.priority).push(ticket)
    this.size += ticket instanceof Batch ? ticket.count : 1
  }

  /** Before all others of its priority: for a call that was taken and did not begin. */
  unshift(ticket: Ticket): void {
    this.#level(ticket.priority).unshift(ticket)
    this.size++
  }

  /** What {@link shift} would take, or the batch that it would be taken from. */
  get first(): Ticket | undefined {
    return this.#levels[0]?.list.first
  }

  /** The next call; of a batch, its next one. */
  shift(): Ticket | undefined {
    const first = this.#levels[0]?.list.first
    if (first === undefined) return undefined
    if (first instanceof Batch && first.count > 1) {
      this.size--
      return first.take()
    }
    this.remove(first)
    return first instanceof Batch ? first.take() : first
  }

  /** Takes the next call of the batch, which is the first, without making it a ticket: it follows another of the batch that has ended. */
  shiftFollowing(batch: Batch): void {
    if (batch.count === 1) this.remove(batch)
    else this.size--
    batch.count--
  }

  /** Another call joins the batch at its end, which is that of its priority. */
  grow(batch: Batch): void {
    batch.count++
    this.size++
  }

  /** One of the batch is not wanted any more. */
  shrink(batch: Batch): void {
    batch.count--
    this.size--
    if (batch.count === 0) this.remove(batch)
  }

  /** To where it was: before those of its priority that were not taken before it. */
  putBack(ticket: Ticket): void {
    this.#level(ticket.priority).putBack(ticket)
    this.size++
  }

  remove(ticket: Ticket): void {
    const { list } = ticket
    if (list === undefined) return
    list.remove(ticket)
    this.size -= ticket instanceof Batch ? ticket.count : 1
    if (list.first === undefined && this.#levels.length > 1) this.#levels = this.#levels.filter((level) => level.list !== list)
  }

  *[Symbol.iterator](): Generator<Ticket> {
    for (const { list } of [...this.#levels]) yield* list
  }

  #level(priority: number): TicketList {
    const first = this.#levels[0]
    if (first?.priority === priority) return first.list
    const found = this.#levels.find((level) => level.priority === priority)
    if (found !== undefined) return found.list
    // The last level stays when it runs empty, as it will most often be used again.
    if (first?.list.first === undefined) this.#levels.shift()
    const list = new TicketList()
    const at = this.#levels.findIndex((level) => level.priority < priority)
    this.#levels.splice(at < 0 ? this.#levels.length : at, 0, { priority, list })
    return list
  }
}
