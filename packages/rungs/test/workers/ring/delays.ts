/** Lets a random while pass at each access to shared memory of this thread. Without captures: it is also the initializer of workers. */
export function delayAtomics(seed: number): () => void {
  let state = (seed ^ (performance.now() * 1_000)) >>> 0
  const pause = (): void => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    // Mostly not at all, sometimes for as long as it takes to wake a thread.
    if (state % 64 !== 0) return
    const until = performance.now() + (state >>> 24) / 1_000
    while (performance.now() < until) {}
  }
  const names = ['load', 'store', 'exchange', 'compareExchange', 'add', 'notify', 'wait'] as const
  const before = names.map((name) => [name, Atomics[name]] as const)
  for (const [name, original] of before) {
    const slowed = (...args: unknown[]): unknown => {
      pause()
      const result: unknown = Reflect.apply(original, Atomics, args)
      pause()
      return result
    }
    Object.defineProperty(Atomics, name, { value: slowed, writable: true, configurable: true })
  }
  return () => {
    for (const [name, original] of before) Object.defineProperty(Atomics, name, { value: original, writable: true, configurable: true })
  }
}
