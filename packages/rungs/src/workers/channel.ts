/** Carries messages to the other side and back, in order. A thread has a MessagePort, a process a socket, a test a pair in memory. */
export interface Channel<Out, In> {
  /** @throws if the message cannot be copied, or something in `transfer` cannot be moved; nothing was sent then. */
  post(message: Out, transfer?: readonly unknown[]): void
  /** Who gets what comes in. */
  onMessage(receive: (message: In) => void): void
  /** Hands over at once what has come in already. */
  pump(): void
  /** Bytes that wait until the other side takes them; absent where they go at once. */
  readonly unsent?: number
  /** Whether it keeps the process alive. */
  setRef(ref: boolean): void
  close(): void
}
