/** The hold on a lock or a semaphore. Dispose of it to give it back: with `using`, or by hand. Doing so again does nothing. */
export interface Permit extends Disposable {
  /** Gives it back. */
  release(): void
}
