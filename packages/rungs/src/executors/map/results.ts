// What has come and was not given yet: one array slot per item, and no object. Ordered results have their slot from the moment the item is
// read, unordered ones from the moment they come.

/** In a slot whose item has not ended, unless that is a hole. Also "there is none". */
export const NONE = Symbol('none')

/** In the slot of an item that failed. */
export class Failed {
  readonly #reason: unknown

  constructor(reason: unknown) {
    this.#reason = reason
  }

  get reason(): unknown {
    return this.#reason
  }

  /** Not `instanceof`, which a user's proxy could notice. */
  static is(slot: unknown): slot is Failed {
    return typeof slot === 'object' && slot !== null && #reason in slot
  }
}

/** Arrays with more holes than these are not arrays inside of V8. */
const mostHoles = 1 << 24

/** Slots before the head are dead; beyond this number they are cut off when they are the larger half. */
const compactFrom = 512

export class Results {
  readonly #ordered: boolean
  #slots: unknown[] = []
  /** The next to be given. */
  #head = 0
  /** The index of the item whose slot is the first; for ordered results. */
  #base = 0
  /** Where the slots that toArray() collects begin; -1: given slots are cleared. */
  #keptFrom = -1

  constructor(ordered: boolean) {
    this.#ordered = ordered
  }

  /** This many more items are on their way. */
  expect(count: number): void {
    if (!this.#ordered) return
    if (this.#slots.length === 0 && count > 1 && count <= mostHoles) this.#slots = new Array(count)
    else for (let i = 0; i < count; i++) this.#slots.push(NONE)
  }

  /** Items from this index on are not on their way after all. */
  forget(index: number): void {
    if (this.#ordered) this.#slots.length = Math.min(this.#slots.length, index - this.#base)
  }

  put(index: number, slot: unknown): void {
    if (this.#ordered) this.#slots[index - this.#base] = slot
    else this.#slots.push(slot)
  }

  /** As {@link put} for consecutive items. */
  putAll(index: number, slots: ArrayLike<unknown>): void {
    if (!this.#ordered) for (let at = 0; at < slots.length; at++) this.#slots.push(slots[at])
    else fill(this.#slots, index - this.#base, slots)
  }

  /** What is to be given next, or {@link NONE}. */
  peek(): unknown {
    const slot = this.#slots[this.#head]
    return slot === undefined && !(this.#head in this.#slots) ? NONE : slot
  }

  /** What {@link peek} gave has been given. */
  next(): void {
    if (this.#keptFrom < 0) this.#slots[this.#head] = undefined
    this.#head++
    if (this.#keptFrom < 0 && this.#head >= compactFrom && this.#head * 2 > this.#slots.length) this.#compact()
  }

  /** From now on what is given stays here, for {@link kept}. */
  keep(): void {
    if (this.#keptFrom < 0) this.#keptFrom = this.#head
  }

  /** As {@link keep} and giving all that is there. */
  keepAll(): void {
    this.keep()
    this.#head = this.#slots.length
  }

  /** What was given since {@link keep}. */
  kept(): unknown[] {
    if (this.#keptFrom < 0) return []
    const slots = this.#slots
    // No copy when toArray() takes everything, as it mostly does.
    const all = this.#keptFrom === 0 && this.#head === slots.length
    const kept = all ? slots : slots.slice(this.#keptFrom, this.#head)
    this.clear()
    return kept
  }

  /** Nothing is given any more, and nothing comes. */
  clear(): void {
    this.#slots = []
    this.#head = 0
  }

  #compact(): void {
    this.#slots.splice(0, this.#head)
    this.#base += this.#head
    this.#head = 0
  }
}

/** Apart from the class: this is the loop that runs once for each of a million items. */
function fill(to: unknown[], start: number, slots: ArrayLike<unknown>): void {
  for (let at = 0; at < slots.length; at++) to[start + at] = slots[at]
}
