// One listener per signal, however many calls it is given to.
export class SignalWatch {
  readonly #watched = new Map<AbortSignal, { readonly calls: Map<object, () => void>; readonly listener: () => void }>()

  /** Calls `aborted` when the signal is, unless `call` was removed before. */
  add(signal: AbortSignal, call: object, aborted: () => void): void {
    const known = this.#watched.get(signal)
    if (known !== undefined) {
      known.calls.set(call, aborted)
      return
    }
    const calls = new Map([[call, aborted]])
    const listener = (): void => {
      this.#watched.delete(signal)
      for (const aborted of [...calls.values()]) aborted()
    }
    this.#watched.set(signal, { calls, listener })
    signal.addEventListener('abort', listener, { once: true })
  }

  remove(signal: AbortSignal, call: object): void {
    const watched = this.#watched.get(signal)
    if (watched === undefined || !watched.calls.delete(call) || watched.calls.size > 0) return
    signal.removeEventListener('abort', watched.listener)
    this.#watched.delete(signal)
  }
}
