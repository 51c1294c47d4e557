/** Where a {@link Queue} keeps its items: decides the order in which they leave. */
export interface Store<T> {
  /** How many items there are. */
  readonly size: number
  /** Takes an item in. */
  push(item: T): void
  /** Gives out the next item; only called when there is one. */
  shift(): T
  /** Forgets all items. */
  clear(): void
  /** The items, for people. */
  values(): Iterable<T>
}
