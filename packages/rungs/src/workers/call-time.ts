// How long a call takes at a worker: an estimate that follows quickly when calls get slower, and slowly when they get faster.
export class CallTime {
  ns = 0

  /**
   * So many calls have taken so many milliseconds each. A single one that took very long counts as some tens of microseconds first: nearly always the worker
   * was not given a core for a while, and what is behind a call that really takes long is taken back.
   */
  note(ms: number, count = 1): void {
    const ns = Math.min(2 ** 30, ms * 1e6, this.ns * 8 + 50_000)
    this.ns = Math.max(1, ns > this.ns ? (ns + this.ns) >> 1 : Math.floor(ns + (this.ns - ns) * 0.75 ** count))
  }
}
