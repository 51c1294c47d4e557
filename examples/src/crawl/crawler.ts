// A crawler: pages are found while others are read, so the work is a queue that its own workers fill.
import type { Progress } from 'rungs'
import { Queue, Semaphore, sleep, TaskGroup } from 'rungs/sync'
import { type Answer, type Bounds, readPage } from './read-page.js'

/** What became of an address. */
export type Found =
  | { readonly kind: 'page'; readonly links: readonly string[]; readonly attempts: number }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'problem'; readonly problem: string; readonly attempts: number }

export interface CrawlOptions extends Bounds {
  /** Pages in work at once, on all hosts. */
  readonly workers: number
  /** Requests at once on one host. */
  readonly perHost: number
  /** How often a page is asked for when it may pass. */
  readonly attempts: number
  /** Milliseconds before the second attempt; doubles. */
  readonly backoffMs: number
  readonly onProgress?: (progress: Progress) => void
}

export const defaults: CrawlOptions = {
  workers: 64,
  perHost: 8,
  attempts: 3,
  backoffMs: 20,
  timeoutMs: 1_000,
  maxBytes: 200_000,
}

const maxHops = 10

/** Reads `root` and all that it leads to, each address once. Cancelling the task ends it at once. */
export async function crawl(root: string, options: CrawlOptions): Promise<Map<string, Found>> {
  const crawler = new Crawler(options)
  await crawler.run(root)
  return crawler.found
}

class Crawler {
  readonly found = new Map<string, Found>()
  readonly #options: CrawlOptions
  /** Without a bound: those who put into it are those who take from it. */
  readonly #frontier = new Queue<string>()
  readonly #seen = new Set<string>()
  readonly #hosts = new Map<string, Semaphore>()
  readonly #started = performance.now()
  #failed = 0
  #running = 0

  constructor(options: CrawlOptions) {
    this.#options = options
  }

  // #region crawl
  async run(root: string): Promise<void> {
    this.#discover(root)
    await TaskGroup.run(async (group) => {
      for (let i = 0; i < this.#options.workers; i++) group.with({ name: `worker ${i}` }).spawn(() => this.#work())
      await this.#frontier.join() // Every address that was put has been dealt with,
      this.#frontier.shutdown() // so none will come: the loops of the workers end.
    })
  }

  async #work(): Promise<void> {
    for await (const url of this.#frontier) {
      this.#running++
      await this.#visit(url)
      this.#running--
      this.#tell()
      this.#frontier.taskDone()
    }
  }

  /** Asks again while it may pass. Nobody else waits meanwhile: the place at the host is free between two attempts. */
  async #ask(url: string): Promise<Answer & { attempts: number }> {
    for (let attempts = 1; ; attempts++) {
      const answer = await this.#askOnce(url)
      const again = answer.kind === 'problem' && answer.mayPass && attempts < this.#options.attempts
      if (!again) return { ...answer, attempts }
      await sleep(this.#options.backoffMs * 2 ** (attempts - 1))
    }
  }

  async #askOnce(url: string): Promise<Answer> {
    using _place = await this.#host(url).acquire()
    return await readPage(url, this.#options)
  }
  // #endregion

  /** Follows redirects to their end. Where they lead has its own entry, unless somebody else deals with it. */
  async #visit(start: string): Promise<void> {
    const hops = [start]
    for (let url = start; ; ) {
      const answer = await this.#ask(url)
      if (answer.kind !== 'redirect') {
        if (url !== start && !this.#claim(url)) return
        return this.#conclude(url, answer)
      }
      if (url === start) this.found.set(start, { kind: 'redirect', to: answer.to })
      if (hops.includes(answer.to)) return this.#fail(start, 'redirect loop')
      if (hops.length > maxHops) return this.#fail(start, 'too many redirects')
      url = answer.to
      hops.push(url)
    }
  }

  #conclude(url: string, answer: Exclude<Answer, { kind: 'redirect' }> & { attempts: number }): void {
    if (answer.kind === 'problem') this.#fail(url, answer.problem, answer.attempts)
    else {
      this.found.set(url, { kind: 'page', links: answer.links, attempts: answer.attempts })
      for (const link of answer.links) this.#discover(link)
    }
  }

  #fail(url: string, problem: string, attempts = 1): void {
    this.#failed++
    this.found.set(url, { kind: 'problem', problem, attempts })
  }

  #discover(url: string): void {
    if (this.#claim(url)) this.#frontier.tryPut(url)
  }

  /** Whether this is the first to come across it. */
  #claim(url: string): boolean {
    if (this.#seen.has(url)) return false
    this.#seen.add(url)
    return true
  }

  #host(url: string): Semaphore {
    const { host } = new URL(url)
    let semaphore = this.#hosts.get(host)
    if (semaphore === undefined) {
      semaphore = new Semaphore(this.#options.perHost)
      this.#hosts.set(host, semaphore)
    }
    return semaphore
  }

  #tell(): void {
    const done = this.found.size
    const ratePerSecond = (done * 1_000) / (performance.now() - this.#started)
    this.#options.onProgress?.({
      done,
      total: this.#seen.size,
      failed: this.#failed,
      running: this.#running,
      ratePerSecond,
      etaMs: undefined,
    })
  }
}
